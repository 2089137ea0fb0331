// What does not work as it should while the server goes on: for the log, once each, and for `/readyz`.
import { closingReason } from '../storage/closing.ts'
import type { Logger } from 'pino'
import { whatToDo } from '../storage/checksum.ts'
import type { Logs } from '../storage/logs.ts'
import type { Mended } from '../storage/mending.ts'
import type { Store } from '../storage/store.ts'

export type Degraded = {
  /** In a few words each. */
  reasons(): readonly string[]
  /** A row was met that is not as it was written. */
  damaged(row: string): void
  mended(mended: Mended): void
  /** The store, with refused commits noticed. */
  store(store: Store): Store
  /** The logs of agents, with refused batches noticed. */
  logs(logs: Logs): Logs
}

type DegradedOptions = {
  readonly log: Pick<Logger, 'error' | 'warn' | 'info'>
  /** Milliseconds from anywhere. */
  readonly elapsedMs: () => number
}

/** Tables named in one answer: more say no more. */
const namedMax = 20

/** A disk that is full now and then says so once in this time. */
const againMs = 60_000

export function createDegraded({ log, elapsedMs }: DegradedOptions): Degraded {
  const tables = new Map<string, string>()
  const database = createWritable('the database', { log, elapsedMs })
  const agentLogs = createWritable("the files of agents' logs", { log, elapsedMs })
  return {
    reasons: () => [
      ...database.reasons(),
      ...agentLogs.reasons(),
      ...[...tables].slice(0, namedMax).map(([name, reason]) => `${name} is damaged: ${reason}`),
    ],
    damaged(row) {
      const [table = row] = row.split(' ')
      if (!tables.has(table)) tables.set(table, 'some of its rows are not served')
      log.error({ row }, `a row of the database is damaged and not served: ${whatToDo}`)
    },
    mended({ rebuilt, damaged }) {
      for (const name of rebuilt) {
        tables.delete(name)
        log.warn({ name }, 'an index or a counter of the database was damaged and was made anew')
      }
      for (const { name, reason } of damaged) {
        if (tables.get(name) !== reason)
          log.error({ name, reason }, `a part of the database is damaged: ${whatToDo}`)
        tables.set(name, reason)
      }
    },
    store: (store) => ({
      ...store,
      commit: async (writes) => database.noted(await store.commit(writes)),
    }),
    logs: (logs) => ({
      ...logs,
      appendLogs: async (kind, entries) => agentLogs.noted(await logs.appendLogs(kind, entries)),
      appendLines: async (kind, lines) => agentLogs.noted(await logs.appendLines(kind, lines)),
    }),
  }
}

type Written =
  | { readonly ok: true }
  | { readonly ok: false; readonly error: { readonly kind: string; readonly detail?: string } }

/** Whether something takes what is written. Only trouble of the disk counts: a line that is full passes. */
function createWritable(what: string, { log, elapsedMs }: DegradedOptions) {
  let reason: string | undefined
  let saidAt = Number.NEGATIVE_INFINITY

  function refused(detail: string): void {
    if (reason === undefined && elapsedMs() - saidAt >= againMs) {
      saidAt = elapsedMs()
      log.error({ reason: detail }, `${what} cannot be written: what needs it is refused`)
    }
    reason = detail
  }

  return {
    noted<Outcome extends Written>(outcome: Outcome): Outcome {
      if (outcome.ok) reason = undefined
      else if (outcome.error.kind === 'unavailable' && outcome.error.detail !== closingReason)
        refused(outcome.error.detail ?? outcome.error.kind)
      return outcome
    },
    reasons: (): readonly string[] =>
      reason === undefined ? [] : [`${what} cannot be written: ${reason}`],
  }
}
