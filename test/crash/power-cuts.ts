// Records a store at work, cuts the power at many points of the recording, and looks at what each cut left.
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Chance, createChance } from '../../src/simulator/chance.ts'
import { type Connection, openForWriting } from '../../storage/connection.ts'
import { createLookups } from '../../storage/lookups.ts'
import { migrate } from '../../storage/migrations.ts'
import { createDisk } from './disk.ts'
import { operations, record } from './trace.ts'

export type PowerOptions = {
  /** `normal` is the control: a store that does not wait for the disk must be seen to lose. */
  readonly mode: 'full' | 'normal'
  readonly images: number
  /** Times the store is opened and closed, and turns in each. */
  readonly lives: number
  readonly turns: number
  readonly snapshotBytes: number
  readonly seed: string
  readonly talk?: (line: string) => void
}

export type PowerFigures = {
  readonly images: number
  /** Of them with something unsynced at stake. */
  readonly atRisk: number
  readonly operations: number
  readonly acknowledged: number
  readonly recordedBytes: number
  /** Images in which an acknowledged turn was missing, and those turns. */
  readonly lossyImages: number
  readonly lostTurns: number
  /** Images that would not open, were not sound, or held half a turn. */
  readonly broken: readonly string[]
}

const program = fileURLToPath(new URL('./committing-process.ts', import.meta.url))

export async function cutPower(options: PowerOptions): Promise<PowerFigures> {
  const room = mkdtempSync(join(tmpdir(), 'muster-power-'))
  const folder = join(room, 'data')
  const trace = join(room, 'trace')
  mkdirSync(folder)
  const { mode, lives, turns, snapshotBytes } = options
  try {
    await record(trace, [program, folder, mode, ...[lives, turns, snapshotBytes].map(String)])
    return await replay({ ...options, room, folder, trace })
  } finally {
    rmSync(room, { recursive: true, force: true, maxRetries: 3 })
  }
}

type Replay = PowerOptions & {
  readonly room: string
  readonly folder: string
  readonly trace: string
}

async function replay(options: Replay): Promise<PowerFigures> {
  const { images, seed, folder, trace, talk = () => undefined } = options
  const chance = createChance(seed)
  const database = join(folder, 'muster.db')
  const counted = await count(trace, database)
  const cuts = cutsIn(counted.operations, images, chance)
  const disk = createDisk(folder)
  const acknowledged: number[] = []
  const broken: string[] = []
  let [at, made, atRisk, lossyImages, lostTurns] = [0, 0, 0, 0, 0]
  for await (const operation of operations(trace, database)) {
    for (let here = cuts.get(at) ?? 0; here > 0; here -= 1) {
      made += 1
      if (disk.atRisk() > 0) atRisk += 1
      const image = join(options.room, 'image')
      place(image, disk.afterPowerCut(chance))
      const found = judge(image, acknowledged)
      rmSync(image, { recursive: true, force: true, maxRetries: 3 })
      if (found.lost > 0) lossyImages += 1
      lostTurns += found.lost
      for (const fault of found.faults) broken.push(`before operation ${at}: ${fault}`)
      if (made % 250 === 0)
        talk(`${made} images · ${lossyImages} with losses · ${broken.length} broken`)
    }
    at += 1
    if (operation.kind === 'acknowledged') acknowledged.push(operation.turn)
    else disk.take(operation)
  }
  const recordedBytes = statSync(trace).size
  return { ...counted, images: made, atRisk, recordedBytes, lossyImages, lostTurns, broken }
}

type Counted = { readonly operations: number; readonly acknowledged: number }

async function count(trace: string, database: string): Promise<Counted> {
  let [all, acknowledged] = [0, 0]
  for await (const { kind } of operations(trace, database)) {
    all += 1
    if (kind === 'acknowledged') acknowledged += 1
  }
  return { operations: all, acknowledged }
}

/** Before which operations the power fails, and how often. */
function cutsIn(count: number, images: number, chance: Chance): ReadonlyMap<number, number> {
  const cuts = new Map<number, number>()
  for (let made = 0; made < images; made += 1) {
    const at = chance.integer(0, count - 1)
    cuts.set(at, (cuts.get(at) ?? 0) + 1)
  }
  return cuts
}

function place(folder: string, files: ReadonlyMap<string, Buffer>): void {
  mkdirSync(folder)
  for (const [path, bytes] of files) writeFileSync(join(folder, basename(path)), bytes)
}

type Found = { readonly lost: number; readonly faults: readonly string[] }

/**
 * Opens what is left as the writer thread does at the next start, and holds it against what was acknowledged
 * before the cut. Without the threads: starting them takes longer than all the rest.
 */
function judge(folder: string, acknowledged: readonly number[]): Found {
  let db: Connection | undefined
  try {
    db = openForWriting(join(folder, 'muster.db'))
    const migrated = migrate(db, join(folder, 'backup'))
    if (!migrated.ok) return { lost: 0, faults: [migrated.reason] }
    const { hostActor } = createLookups(db)
    const lost = acknowledged.filter((turn) => hostActor(`h${turn}`) === undefined)
    return { lost: lost.length, faults: faultsOf(db) }
  } catch (error) {
    return { lost: 0, faults: [`cannot be read: ${String(error)}`] }
  } finally {
    db?.close()
  }
}

function faultsOf(db: Connection): readonly string[] {
  const column = (sql: string): readonly string[] =>
    db
      .prepare(sql)
      .raw()
      .all([])
      .map(([value]) => String(value))
  const counts = [
    'SELECT count(*) FROM host_actors',
    'SELECT count(*) FROM hosts',
    'SELECT count(*) FROM journal',
    'SELECT coalesce(sum(count), 0) FROM host_counts',
  ].flatMap(column)
  return [
    ...column('PRAGMA integrity_check').filter((line) => line !== 'ok'),
    ...(new Set(counts).size === 1 ? [] : [`half a turn: ${counts.join(', ')}`]),
  ]
}
