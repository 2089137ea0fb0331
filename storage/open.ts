import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type BlobStore, openBlobFolder } from './blobs.ts'
import { isMalformed, unusable } from './checksum.ts'
import { missingFrom } from './complete.ts'
import { openForReading } from './connection.ts'
import { type Copied, copyDatabase, type CopyTargets } from './copy.ts'
import type { Faults } from './faults.ts'
import { markFile } from './journal-mark.ts'
import { takeLock } from './lock.ts'
import { createLookups } from './lookups.ts'
import type { Queries } from './queries.ts'
import { createMending, type Mended, type Mending } from './mending.ts'
import { createReader, type Hears } from './reader.ts'
import type { Store } from './store.ts'
import { createWriter, type Writer, type WriterStats } from './writer.ts'

export type StoreOptions = {
  /** The data folder; created when missing. */
  readonly folder: string
  /** A thread died: nothing can be written or listed any more and the process should end. */
  readonly onFatal: (reason: Error) => void
  /** Told once of each row, by table and key, that is met and is not as it was written. */
  readonly onDamage?: (damaged: string) => void
  /** Told after damage was met and the whole file was looked at: what was made anew, and what stays damaged. */
  readonly onMended?: (mended: Mended) => void
  /** How long a predecessor on the folder may take to go; five seconds when left out. */
  readonly lockWaitMs?: number
  /** Only tests pass these. */
  readonly faults?: Faults
}

export type OpenedStore = {
  readonly store: Store
  readonly queries: Queries
  readonly blobs: BlobStore
  /** A consistent copy, made while the server goes on writing. Rejects when there is no room, or on damage. */
  readonly copy: (targets: CopyTargets) => Promise<Copied>
  /** Empty when the file is sound, else what SQLite found. Reads everything: minutes on a large file. */
  readonly integrityCheck: () => Promise<readonly string[]>
  readonly stats: () => WriterStats
  /** PRAGMAs of the writing connection, read back. */
  readonly pragmas: Readonly<Record<string, unknown>>
}

/**
 * Opens the data folder: lock, schema, writer, then readers.
 *
 * Rejects with one sentence when another process has the folder or the file is of a newer schema.
 */
export async function openStore(options: StoreOptions): Promise<OpenedStore> {
  const folder = resolve(options.folder)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const lock = await takeLock(join(folder, 'muster.lock'), options.lockWaitMs)
  if (lock === undefined) {
    throw new Error(`Another Muster is already running on the data folder ${folder}.`)
  }
  try {
    return await openLocked(folder, options, lock.release)
  } catch (error) {
    lock.release()
    throw error
  }
}

async function openLocked(
  folder: string,
  { onFatal, onDamage, onMended, faults }: StoreOptions,
  release: () => void,
): Promise<OpenedStore> {
  const path = join(folder, 'muster.db')
  const backupFolder = join(folder, 'backup')
  const missing = missingFrom(folder)
  if (missing !== undefined) throw new Error(missing)
  // Created here for its mode, which SQLite gives to the files beside it too.
  closeSync(openSync(path, 'a', 0o600))
  const fatal = firstOnly(onFatal)
  const blobs = await openBlobFolder(join(folder, 'blobs'))
  // What looks for damage needs the threads that meet it.
  let mending: Mending | undefined
  const suspect = (): void => mending?.suspect()
  const writer = await createWriter(
    { path, backupFolder, markPath: join(folder, markFile), faults },
    { onFatal: fatal, suspect },
  )
  const once = onceEach(onDamage)
  const note = (damaged: string): void => {
    once(damaged)
    suspect()
  }
  const hears = { onFatal: fatal, note, suspect }
  const { reader, reading, lookups } = await readersOf(path, hears, writer)
  mending = createMending({
    queries: reader.queries,
    rebuild: (names) => writer.run({ kind: 'rebuild', names }),
    onMended: (mended) => onMended?.(mended),
  })
  let closing: Promise<void> | undefined

  async function close(): Promise<void> {
    mending?.stop()
    await writer.drain()
    // Readers first: the last checkpoint must find nobody else on the file.
    await reader.close().catch(() => undefined)
    reading.close()
    try {
      await writer.run({ kind: 'close' })
    } finally {
      release()
    }
  }

  return {
    store: {
      commit: writer.commit,
      lookups,
      close: () => (closing ??= close()),
    },
    queries: reader.queries,
    blobs,
    copy: (targets) => copyDatabase(path, targets),
    integrityCheck: async () => {
      const lines = await writer.run({ kind: 'integrity' })
      return lines.filter((line) => line !== 'ok')
    },
    stats: writer.stats,
    pragmas: writer.pragmas,
  }
}

/** Without them nothing is served, and a thread left alone would keep the process. */
async function readersOf(path: string, hears: Hears, writer: Writer) {
  try {
    const reading = openForReading(path)
    const lookups = createLookups(reading, hears.note)
    return { reading, lookups, reader: createReader(path, hears) }
  } catch (error) {
    await writer.run({ kind: 'close' }).catch(() => undefined)
    throw error instanceof Error && isMalformed(error)
      ? new Error(unusable(path, error.message), { cause: error })
      : error
  }
}

/** Rows named so far: of a file that is damaged all over, a thousand say as much as all. */
const namedMax = 1_000

/** Every wake of a damaged host meets it again, and says nothing new. */
function onceEach(onDamage: StoreOptions['onDamage']): (damaged: string) => void {
  const named = new Set<string>()
  return (damaged) => {
    if (named.has(damaged) || named.size >= namedMax) return
    named.add(damaged)
    onDamage?.(damaged)
  }
}

/** Either thread may die, and the process ends once. */
function firstOnly(onFatal: (reason: Error) => void): (reason: Error) => void {
  let told = false
  return (reason) => {
    if (!told) onFatal(reason)
    told = true
  }
}
