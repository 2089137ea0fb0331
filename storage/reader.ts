import { closingReason } from './closing.ts'
import { createExchange } from './exchange.ts'
import type { Page, Queried, Queries, QueryFault, QueryName, QueryTypes } from './queries.ts'

/** Queries waiting for the thread. At some milliseconds each, who stands further back has timed out. */
const waitingQueriesMax = 1_000

export type ToReader = { readonly name: QueryName; readonly ask: unknown } | 'close'
export type FromReader =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: QueryFault }

export type Reader = { readonly queries: Queries; readonly close: () => Promise<void> }

export type Hears = {
  /** Told once if the thread dies. */
  readonly onFatal: (reason: Error) => void
  /** Told of each row that is not as it was written. */
  readonly note: (damaged: string) => void
  /** Told that a query met damage, which may be of an index or a counter. */
  readonly suspect: () => void
}

/** Starts the reader thread on an existing database. */
export function createReader(path: string, { onFatal, note, suspect }: Hears): Reader {
  let serving = true
  const url = new URL('./reader-thread.ts', import.meta.url)
  const thread = createExchange<ToReader, FromReader>(url, path, (reason) => {
    if (serving) onFatal(reason)
  })
  // Queries wait in line while it starts; if it cannot, `onFatal` has heard of it.
  void thread.first.catch(() => undefined)

  const query =
    <Name extends QueryName>(name: Name) =>
    async (ask: QueryTypes[Name][0]): Promise<Queried<QueryTypes[Name][1]>> => {
      if (!serving) return unavailable(closingReason)
      if (thread.waiting() >= waitingQueriesMax) return { ok: false, error: { kind: 'overloaded' } }
      try {
        const answer = await thread.ask({ name, ask })
        for (const damaged of damagedIn(answer)) note(damaged)
        if (!answer.ok) {
          if (answer.error.kind === 'damaged') suspect()
          return answer
        }
        // The thread runs the query of that name, whose type this is.
        return { ok: true, value: answer.value as QueryTypes[Name][1] }
      } catch (error) {
        return unavailable(error instanceof Error ? error.message : String(error))
      }
    }

  return {
    queries: {
      listHosts: query('listHosts'),
      hostsSummary: query('hostsSummary'),
      hostsByRef: query('hostsByRef'),
      listJournal: query('listJournal'),
      listCommands: query('listCommands'),
      listConflicts: query('listConflicts'),
      listCertificates: query('listCertificates'),
      listDeliveries: query('listDeliveries'),
      waitingDeliveries: query('waitingDeliveries'),
      deliveryCut: query('deliveryCut'),
      journalCut: query('journalCut'),
      oldCommands: query('oldCommands'),
      endedCertificates: query('endedCertificates'),
      transitionCounts: query('transitionCounts'),
      scanAgents: query('scanAgents'),
      scanBlobs: query('scanBlobs'),
      scanEnrollments: query('scanEnrollments'),
      scanHostActors: query('scanHostActors'),
      pushTopicCounts: query('pushTopicCounts'),
      countAll: query('countAll'),
      damagedTrees: query('damagedTrees'),
    },
    async close() {
      if (!serving) return
      serving = false
      await thread.ask('close')
    },
  }
}

const unavailable = (detail: string): Queried<never> => ({
  ok: false,
  error: { kind: 'unavailable', detail },
})

function damagedIn(answer: FromReader): readonly string[] {
  if (!answer.ok) return answer.error.kind === 'damaged' ? [answer.error.detail] : []
  // Of all that queries answer, only pages have a member of that name.
  return (answer.value as Partial<Page<unknown>> | undefined)?.damaged ?? []
}
