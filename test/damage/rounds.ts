// Damages copies of a database, opens each as a start does, and reads everything there is.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Chance, createChance } from '../../src/simulator/chance.ts'
import { openForWriting } from '../../storage/connection.ts'
import { migrate } from '../../storage/migrations.ts'
import { fillDatabase, readAll, readingsOf } from './filled.ts'

export type DamageFigures = {
  readonly images: number
  /** No start: the schema, the header or the first page. */
  readonly refused: number
  /** Images in which something that is read was damaged, and how many such reads said so. */
  readonly felt: number
  readonly detected: number
  /** Reads that found nothing, or less, where something was: an index leads nowhere. */
  readonly missing: number
  readonly missingImages: number
  /** Of those images, in how many `integrity_check` finds it. */
  readonly missingFound: number
  /** Reads that gave something else and did not say so: there must be none. */
  readonly wrong: readonly string[]
}

export type DamageOptions = {
  readonly folder: string
  readonly images: number
  readonly hosts: number
  readonly seed: string
}

const pageBytes = 4_096
const sectorBytes = 512

type Kind = { readonly name: string; readonly apply: (file: Buffer, chance: Chance) => void }

/** What befalls files: a bit or a byte, a sector that was never written, a page of another place. */
const kinds: readonly Kind[] = [
  { name: 'byte', apply: (file, chance) => flip(file, chance, () => chance.integer(1, 255)) },
  { name: 'bit', apply: (file, chance) => flip(file, chance, () => 1 << chance.integer(0, 7)) },
  {
    name: 'sector of zeroes',
    apply: (file, chance) => void file.fill(0, ...stretch(file, chance, sectorBytes)),
  },
  { name: 'page of noise', apply: noise },
  { name: 'page of another place', apply: misplace },
]

function flip(file: Buffer, chance: Chance, bits: () => number): void {
  const at = chance.integer(0, file.length - 1)
  file[at] = (file[at] ?? 0) ^ bits()
}

function stretch(file: Buffer, chance: Chance, bytes: number): [number, number] {
  const from = chance.integer(0, file.length / bytes - 1) * bytes
  return [from, from + bytes]
}

function noise(file: Buffer, chance: Chance): void {
  const [from, to] = stretch(file, chance, pageBytes)
  for (let at = from; at < to; at += 1) file[at] = chance.integer(0, 255)
}

function misplace(file: Buffer, chance: Chance): void {
  const [from, to] = stretch(file, chance, pageBytes)
  const [target] = stretch(file, chance, pageBytes)
  file.copy(file, target, from, to)
}

export function damageAgainAndAgain({ folder, images, hosts, seed }: DamageOptions): DamageFigures {
  mkdirSync(folder, { recursive: true })
  const sound = readFileSync(fillDatabase(folder, hosts))
  const readings = readingsOf(hosts)
  const right = readAll(join(folder, 'muster.db'), readings)
  const chance = createChance(seed)
  const figures = {
    refused: 0,
    felt: 0,
    detected: 0,
    missing: 0,
    missingImages: 0,
    missingFound: 0,
  }
  const wrong: string[] = []
  for (let nth = 0; nth < images; nth += 1) {
    const kind = kinds[nth % kinds.length]
    if (kind === undefined) continue
    const image = Buffer.from(sound)
    kind.apply(image, chance.fork(`image ${nth}`))
    const read = opened(folder, image, (path) => readAll(path, readings))
    if (read === undefined) {
      figures.refused += 1
      continue
    }
    const { detected, missing, other } = compared(read.values, right)
    for (const at of other)
      wrong.push(`image ${nth}, ${kind.name}: ${readings[at]?.what} ${read.values[at]}`)
    figures.detected += detected
    figures.missing += missing
    figures.felt += detected + missing > 0 ? 1 : 0
    if (missing > 0) {
      figures.missingImages += 1
      figures.missingFound += read.sound ? 0 : 1
    }
  }
  return { images, ...figures, wrong }
}

type Compared = {
  readonly detected: number
  readonly missing: number
  /** Readings that found something else than there was. */
  readonly other: readonly number[]
}

function compared(
  found: readonly (string | undefined)[],
  right: readonly (string | undefined)[],
): Compared {
  let [detected, missing] = [0, 0]
  const other: number[] = []
  for (const [at, value] of found.entries()) {
    if (value === right[at]) continue
    if (value === undefined) detected += 1
    else if (isLess(value, right[at] ?? '')) missing += 1
    else other.push(at)
  }
  return { detected, missing, other }
}

/** Nothing, or some of the rows there were, each as it was. */
function isLess(found: string, was: string): boolean {
  if (found === 'nothing' || found === '[]') return true
  if (!found.startsWith('[') || !was.startsWith('[')) return false
  const before = new Set(rowsOf(was))
  return rowsOf(found).every((row) => before.has(row))
}

const rowsOf = (text: string): readonly string[] =>
  (JSON.parse(text) as readonly unknown[]).map((row) => JSON.stringify(row))

type Opened = { readonly values: readonly (string | undefined)[]; readonly sound: boolean }

/** As a start opens it; undefined where it refuses. */
function opened(
  folder: string,
  image: Buffer,
  read: (path: string) => readonly (string | undefined)[],
): Opened | undefined {
  const path = join(folder, 'damaged.db')
  for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true })
  writeFileSync(path, image)
  try {
    const db = openForWriting(path)
    try {
      if (!migrate(db, join(folder, 'backup')).ok) return undefined
      const values = read(path)
      const [line] = db.prepare('PRAGMA integrity_check').raw().all([])
      return { values, sound: line?.[0] === 'ok' }
    } finally {
      db.close()
    }
  } catch {
    return undefined
  }
}
