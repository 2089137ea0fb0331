// The one thread that writes. It answers each message with exactly one, in order.
import { parentPort, workerData } from 'node:worker_threads'
import { openForWriting, pragmasOf } from './connection.ts'
import { createGroups } from './group.ts'
import { migrate } from './migrations.ts'
import type { FromWriter, Job, ToWriter, WriterStart } from './writer-messages.ts'

// Only `createWriter` starts this file, and it passes a WriterStart.
const { path, backupFolder, faults } = workerData as WriterStart
const say = (message: FromWriter): void => parentPort?.postMessage(message)

const db = openForWriting(path)
const migrated = migrate(db, backupFolder)
if (migrated.ok) serve()
else {
  db.close()
  say({ kind: 'refused', reason: migrated.reason })
}

function serve(): void {
  const commit = createGroups(db, faults)
  parentPort?.on('message', (message: ToWriter) => {
    if (message.kind === 'group') say({ kind: 'committed', results: commit(message.turns) })
    else say(done(message))
    if (message.kind === 'close') parentPort?.close()
  })
  say({ kind: 'ready', pragmas: pragmasOf(db) })
}

function done(job: Job): FromWriter {
  try {
    return { kind: 'done', lines: run(job) }
  } catch (error) {
    return { kind: 'failed', detail: error instanceof Error ? error.message : String(error) }
  }
}

function run(job: Job): readonly string[] {
  switch (job.kind) {
    case 'backup':
      db.prepare('VACUUM INTO ?').run([job.path])
      return []
    case 'integrity':
      return db
        .prepare('PRAGMA integrity_check')
        .raw()
        .all([])
        .map(([line]) => String(line))
    case 'close':
      db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').raw().all([])
      db.close()
      return []
    default:
      throw new Error(`no such job: ${JSON.stringify(job satisfies never)}`)
  }
}
