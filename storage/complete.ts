// Whether a data folder still has all that was acknowledged, as far as that can be seen before it is opened.
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Connection, openForReading } from './connection.ts'
import { markFile, readMark } from './journal-mark.ts'
import { walBreakIn } from './wal-break.ts'

/**
 * One sentence that says what is missing and what to do; undefined where nothing seems to be.
 *
 * Changes nothing: opened for writing, SQLite would go on from the last commit it finds and take the rest away.
 */
export function missingFrom(folder: string): string | undefined {
  const path = join(folder, 'muster.db')
  const mark = readMark(join(folder, markFile))
  if (sizeOf(path) === 0) return isBegun(folder, mark) ? noDatabase(folder, path) : undefined
  const found = walBreakIn(`${path}-wal`)
  if (found !== undefined)
    return `The write-ahead log ${path}-wal is damaged at its frame ${found.frame}, and ${found.behind} frames behind it hold what was acknowledged: ${goOn(folder)}`
  if (mark === undefined) return undefined
  const reached = journalEnd(path)
  return reached === undefined || reached >= mark
    ? undefined
    : `The database ${path} ends at journal number ${reached}, and ${mark} was acknowledged: its write-ahead log ${path}-wal was cut, emptied or removed, or the database is an older copy. ${upper(goOn(folder))}`
}

const goOn = (folder: string): string =>
  `put the right file back or restore a backup, or let "muster check --repair --data ${folder}" go on without what is lost.`

const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

const noDatabase = (folder: string, path: string): string =>
  `The data folder ${folder} was in use, but its database ${path} is missing or empty: restore a backup, or move the folder away to begin anew.`

/** The key alone may have been put there by an operator; what is kept beside the database may not. */
const isBegun = (folder: string, mark: number | undefined): boolean =>
  mark !== undefined ||
  ['blobs', 'logs'].some((name) => hasFiles(join(folder, name))) ||
  sizeOf(join(folder, 'muster.db-wal')) > 0

const hasFiles = (folder: string): boolean =>
  existsSync(folder) &&
  readdirSync(folder, { recursive: true, withFileTypes: true }).some((entry) => entry.isFile())

const sizeOf = (path: string): number => (existsSync(path) ? statSync(path).size : 0)

/** Undefined where it cannot be read: the start finds out, and says so. */
function journalEnd(path: string): number | undefined {
  let db: Connection | undefined
  try {
    db = openForReading(path)
    return endOf(db)
  } catch {
    return undefined
  } finally {
    db?.close()
  }
}

/** The last number the journal has given, also where its rows were pruned since. */
export function endOf(db: Connection): number {
  const read = db.prepare(
    `SELECT max((SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'journal'), (SELECT coalesce(max(seq), 0) FROM journal))`,
  )
  return Number(read.raw().get([])?.[0] ?? 0)
}
