// The thread that lists and searches, so that a slow query delays other queries and nothing else.
import { parentPort, workerData } from 'node:worker_threads'
import { countAll, countTransitions, scan, scanBlobs } from './census.ts'
import { listCertificates } from './certificate-list.ts'
import { isDamage, isMalformed } from './checksum.ts'
import { listCommands } from './command-list.ts'
import { listConflicts } from './conflict-list.ts'
import { openForReading } from './connection.ts'
import { countWaiting, cutOf, listDeliveries } from './delivery-list.ts'
import { listHosts } from './host-list.ts'
import { findHosts, summariseHosts } from './hosts-summary.ts'
import { listJournal } from './journal-list.ts'
import { countPushTopics } from './push-topic-counts.ts'
import type { QueryFault, QueryName, QueryTypes } from './queries.ts'
import type { FromReader, ToReader } from './reader.ts'
import { cutJournal, endedCertificates, scanOldCommands } from './retention-queries.ts'
import { createSelect } from './select.ts'
import { damagedTrees } from './tree-check.ts'

// Only `createReader` starts this file, with the path of the database.
const path = String(workerData)
let db = openForReading(path)
let select = createSelect(db)
const say = (message: FromReader): void => parentPort?.postMessage(message)

const queries: { readonly [N in QueryName]: (ask: QueryTypes[N][0]) => QueryTypes[N][1] } = {
  listHosts: (ask) => listHosts(select, ask),
  hostsSummary: (ask) => summariseHosts(select, ask),
  hostsByRef: (ask) => findHosts(select, ask),
  listJournal: (ask) => listJournal(select, ask),
  listCommands: (ask) => listCommands(select, ask),
  listConflicts: (ask) => listConflicts(select, ask),
  listCertificates: (ask) => listCertificates(select, ask),
  listDeliveries: (ask) => listDeliveries(select, ask),
  waitingDeliveries: () => countWaiting(select),
  deliveryCut: (ask) => cutOf(select, ask),
  journalCut: (ask) => cutJournal(select, ask),
  oldCommands: (ask) => scanOldCommands(select, ask),
  endedCertificates: (ask) => endedCertificates(select, ask),
  transitionCounts: (ask) => countTransitions(select, ask),
  scanAgents: (ask) => scan(select, 'agents', ask),
  scanEnrollments: (ask) => scan(select, 'enrollments', ask),
  scanHostActors: (ask) => scan(select, 'host_actors', ask),
  scanBlobs: (ask) => scanBlobs(select, ask),
  pushTopicCounts: () => countPushTopics(select),
  countAll: () => countAll(select),
  damagedTrees: () => damagedTrees(db).map(({ tree, lines }) => ({ ...tree, lines })),
}

parentPort?.on('message', (message: ToReader) => {
  if (message === 'close') {
    db.close()
    say({ ok: true, value: undefined })
    parentPort?.close()
  } else say(answer(message))
})
say({ ok: true, value: undefined })

/**
 * One read transaction, so that a total and its page are of the same moment.
 *
 * Nothing that is thrown may leave this: it would end the thread, and with it the process.
 */
function answer({ name, ask }: Exclude<ToReader, 'close'>): FromReader {
  try {
    db.exec('BEGIN')
    // `ask` belongs to `name`: createReader's types see to that.
    const query = queries[name] as (asked: unknown) => unknown
    return { ok: true, value: query(ask) }
  } catch (error) {
    return { ok: false, error: faultOf(error) }
  } finally {
    endTransaction()
  }
}

/** A query that met a damaged page leaves a transaction that cannot be committed: then the file is opened again. */
function endTransaction(): void {
  try {
    if (db.inTransaction) db.exec('COMMIT')
  } catch {
    reopen()
  }
}

/** Where that fails, the next query finds the former connection, and tries it again. */
function reopen(): void {
  try {
    const next = openForReading(path)
    db.close()
    db = next
    select = createSelect(next)
  } catch {
    select = createSelect(db)
  }
}

function faultOf(error: unknown): QueryFault {
  if (isDamage(error)) return { kind: 'damaged', detail: error.damaged }
  const detail = error instanceof Error ? error.message : String(error)
  return { kind: isMalformed(error) ? 'damaged' : 'unavailable', detail }
}
