// Makes a damaged database whole again: what can be read goes into a new file with new indexes and counters, what
// cannot is set apart, and the damaged file stays as a copy.
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { endOf, missingFrom } from './complete.ts'
import { isMalformed } from './checksum.ts'
import { type Connection, openForReading, openForWriting } from './connection.ts'
import { markFile, openMark, readMark } from './journal-mark.ts'
import { takeLock } from './lock.ts'
import { migrate, migrations, schemaVersion } from './migrations.ts'
import { copyRows, type RebuildHost } from './repair-rows.ts'
import { createSetApartFile } from './set-apart-file.ts'
import { syncPathBlocking } from './sync.ts'
import { damagedTrees } from './tree-check.ts'

export type Repaired = {
  /** The folder with the damaged files and what was set apart. */
  readonly copy: string
  /** What was found and done, a line each. */
  readonly lines: readonly string[]
  /** Rows that are in no table any more. */
  readonly setApart: number
}

export type RepairOptions = {
  readonly folder: string
  readonly at: number
  /** What is listed of a host, anew from what it is. */
  readonly rebuildHost: RebuildHost
}

/** Rejects with one sentence where a server holds the folder, or the file cannot be opened at all. */
export async function repairFolder(options: RepairOptions): Promise<Repaired> {
  const folder = resolve(options.folder)
  const path = join(folder, 'muster.db')
  if (!existsSync(path)) throw new Error(`There is no Muster database in ${folder}.`)
  const lock = await takeLock(join(folder, 'muster.lock'))
  if (lock === undefined)
    throw new Error(`A Muster is running on the data folder ${folder}: stop it first.`)
  try {
    return repairLocked(folder, options)
  } finally {
    lock.release()
  }
}

function repairLocked(folder: string, { at, rebuildHost }: RepairOptions): Repaired {
  const path = join(folder, 'muster.db')
  const copy = copyOf(folder, at)
  const lines: string[] = []
  const missing = missingFrom(folder)
  if (missing !== undefined) lines.push(`lost: ${missing}`)
  const next = `${path}.repairing`
  remove(next)
  const apart = createSetApartFile(join(copy, 'set-apart.ndjson'))
  const from = openDamaged(path)
  try {
    for (const { tree, lines: said } of damagedTrees(from))
      lines.push(`damaged: ${tree.isIndex ? 'index' : 'table'} ${tree.name}: ${said[0]}`)
    const to = openForWriting(next)
    try {
      migrate(to, join(folder, 'backup'))
      const end = Math.max(readMark(join(folder, markFile)) ?? 0, endIn(from))
      to.exec('BEGIN')
      lines.push(...copyRows(from, to, { apart, rebuildHost, at, journalEnd: end }))
      to.exec('COMMIT')
      to.prepare('PRAGMA wal_checkpoint(TRUNCATE)').raw().all([])
      openMark(join(folder, markFile), endOf(to)).close()
    } finally {
      to.close()
    }
  } finally {
    from.close()
    apart.close()
  }
  syncPathBlocking(next)
  // Its own log first: it must not be taken for that of the new file.
  for (const end of ['-wal', '-shm']) rmSync(`${path}${end}`, { force: true })
  renameSync(next, path)
  remove(next)
  syncPathBlocking(folder)
  lines.push('rebuilt: all indexes and counters')
  return { copy, lines, setApart: apart.count() }
}

function openDamaged(path: string): Connection {
  let found: number
  const db = openForReading(path)
  try {
    found = schemaVersion(db)
    damagedTrees(db)
  } catch (error) {
    db.close()
    throw isMalformed(error)
      ? new Error(`The schema of ${path} cannot be read: only a backup helps.`, { cause: error })
      : error
  }
  const known = migrations.at(-1)?.version ?? 0
  if (found === known) return db
  db.close()
  throw new Error(
    `The database has schema ${found} and this version repairs schema ${known}: use the version that wrote it.`,
  )
}

/** Of a journal that may be damaged itself. */
function endIn(db: Connection): number {
  try {
    return endOf(db)
  } catch {
    return 0
  }
}

/** Database, log and mark as they are, on the disk before anything is changed. */
function copyOf(folder: string, at: number): string {
  const stamp = new Date(at).toISOString().replaceAll(/[:.]/g, '-')
  const copy = join(folder, 'backup', `before-repair-${stamp}`)
  mkdirSync(copy, { recursive: true, mode: 0o700 })
  for (const name of ['muster.db', 'muster.db-wal', markFile]) {
    const source = join(folder, name)
    if (!existsSync(source)) continue
    copyFileSync(source, join(copy, name))
    syncPathBlocking(join(copy, name))
  }
  syncPathBlocking(copy)
  return copy
}

function remove(path: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true })
}
