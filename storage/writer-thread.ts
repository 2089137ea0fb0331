// The one thread that writes. It answers each message with exactly one, in order.
import { parentPort, workerData } from 'node:worker_threads'
import { isMalformed, unusable } from './checksum.ts'
import { endOf } from './complete.ts'
import { type Connection, openForWriting, pragmasOf } from './connection.ts'
import { createGroups, type TurnResult } from './group.ts'
import { openMark } from './journal-mark.ts'
import { migrate } from './migrations.ts'
import { rebuild } from './rebuild.ts'
import type { FromWriter, Job, ToWriter, WriterStart } from './writer-messages.ts'

// Only `createWriter` starts this file, and it passes a WriterStart.
const { path, backupFolder, markPath, faults } = workerData as WriterStart
const say = (message: FromWriter): void => parentPort?.postMessage(message)

const opened = open()
if (typeof opened === 'string') say({ kind: 'refused', reason: opened })
else serve(opened)

/** The connection, or why there is none. In words: errors of libsql lose theirs between threads. */
function open(): Connection | string {
  try {
    const db = openForWriting(path)
    const migrated = migrate(db, backupFolder)
    if (migrated.ok) return db
    db.close()
    return migrated.reason
  } catch (error) {
    const words = wordsOf(error)
    return isMalformed(error)
      ? unusable(path, words)
      : `The database ${path} cannot be opened: ${words}.`
  }
}

function serve(db: Connection): void {
  const commit = createGroups(db, faults)
  const mark = openMark(markPath, endIfReadable(db))
  parentPort?.on('message', (message: ToWriter) => {
    if (message.kind === 'group') {
      const committed = commit(message.turns)
      const end = lastSeq(committed.results)
      if (end > 0) mark.reached(end)
      say({ kind: 'committed', ...committed })
    } else say(done(db, message))
    if (message.kind === 'close') {
      mark.close()
      parentPort?.close()
    }
  })
  say({ kind: 'ready', pragmas: pragmasOf(db) })
}

/** A journal that cannot be read leaves the mark where it is. */
function endIfReadable(db: Connection): number | undefined {
  try {
    return endOf(db)
  } catch {
    return undefined
  }
}

/** Of the journal's rows that these turns wrote; 0 when there are none. */
function lastSeq(results: readonly TurnResult[]): number {
  let last = 0
  for (const result of results) if (!('kind' in result)) last = Math.max(last, result.at(-1) ?? 0)
  return last
}

function done(db: Connection, job: Job): FromWriter {
  try {
    return { kind: 'done', lines: run(db, job) }
  } catch (error) {
    return { kind: 'failed', detail: wordsOf(error) }
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function run(db: Connection, job: Job): readonly string[] {
  switch (job.kind) {
    case 'integrity':
      return db
        .prepare('PRAGMA integrity_check')
        .raw()
        .all([])
        .map(([line]) => String(line))
    case 'rebuild':
      return rebuild(db, job.names).map((rebuilt) => JSON.stringify(rebuilt))
    case 'close':
      db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').raw().all([])
      db.close()
      return []
    default:
      throw new Error(`no such job: ${JSON.stringify(job satisfies never)}`)
  }
}
