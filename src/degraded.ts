// What does not work as it should while the server goes on: for the log, once each, and for `/readyz`.
import type { Logger } from 'pino'
import { whatToDo } from '../storage/checksum.ts'
import type { Mended } from '../storage/mending.ts'
import type { CommitFault, Store } from '../storage/store.ts'

export type Degraded = {
  /** In a few words each. */
  reasons(): readonly string[]
  /** A row was met that is not as it was written. */
  damaged(row: string): void
  mended(mended: Mended): void
  /** The store, with refused commits noticed. */
  watched(store: Store): Store
}

/** Tables named in one answer: more say no more. */
const namedMax = 20

export function createDegraded(log: Pick<Logger, 'error' | 'warn' | 'info'>): Degraded {
  const tables = new Map<string, string>()
  let unwritable: string | undefined

  function refused(detail: string): void {
    if (unwritable === undefined)
      log.error({ reason: detail }, 'nothing can be written to the database: requests are refused')
    unwritable = detail
  }

  function written(): void {
    if (unwritable === undefined) return
    unwritable = undefined
    log.info('the database can be written again')
  }

  function heed(fault: CommitFault): void {
    if (fault.kind === 'unavailable' && fault.detail !== closing) refused(fault.detail)
  }

  return {
    reasons: () => [
      ...(unwritable === undefined ? [] : [`the database cannot be written: ${unwritable}`]),
      ...[...tables].slice(0, namedMax).map(([name, reason]) => `${name} is damaged: ${reason}`),
    ],
    damaged(row) {
      const [table = row] = row.split(' ')
      if (!tables.has(table)) tables.set(table, 'some of its rows are not served')
      log.error({ row }, `a row of the database is damaged and not served: ${whatToDo}`)
    },
    mended({ rebuilt, damaged }) {
      for (const name of rebuilt)
        log.warn({ name }, 'an index or a counter of the database was damaged and was made anew')
      for (const { name, reason } of damaged) {
        if (tables.get(name) !== reason)
          log.error({ name, reason }, `a part of the database is damaged: ${whatToDo}`)
        tables.set(name, reason)
      }
    },
    watched: (store) => ({
      ...store,
      async commit(writes) {
        const committed = await store.commit(writes)
        if (committed.ok) written()
        else heed(committed.error)
        return committed
      },
    }),
  }
}

/** What the store says once it is being closed. */
const closing = 'the store is closing'
