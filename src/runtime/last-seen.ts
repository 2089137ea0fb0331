// When each host last spoke. Kept in memory, since every poll changes it, and written in batches.
import type { LastSeenRow } from '../../storage/rows.ts'
import type { Lookups, Store } from '../../storage/store.ts'
import type { World } from './world.ts'

/** How stale the table may be; a crash forgets no more than this much of it. */
export const flushEveryMs = 5_000

/** Rows in one commit: they take some 12 ms, and every commit behind them waits that long. */
export const flushMax = 1_000

export type Protocol = 'mdm' | 'osquery'

export type LastSeen = {
  touch(hostId: string, protocol: Protocol): void
  /** The row to write now, with the host's own commit. Null where nothing was heard since the last write. */
  row(hostId: string, protocol: Protocol): LastSeenRow
  /** Fresher than the table by up to `flushEveryMs`. */
  of(hostId: string): LastSeenRow | undefined
  forget(hostId: string): void
  /** Writes what is due; for lists by presence and at the end. */
  flush(): Promise<void>
}

export function createLastSeen(store: Store, lookups: Lookups, world: World): LastSeen {
  const dirty = new Map<string, LastSeenRow>()
  let scheduled = false

  function touched(hostId: string, protocol: Protocol): LastSeenRow {
    const at = world.now()
    const before = dirty.get(hostId)
    return {
      host_id: hostId,
      at,
      mdm_at: protocol === 'mdm' ? at : (before?.mdm_at ?? null),
      osquery_at: protocol === 'osquery' ? at : (before?.osquery_at ?? null),
    }
  }

  const isLatest = (row: LastSeenRow): boolean => dirty.get(row.host_id) === row

  /** What is dirty now; what becomes so meanwhile waits for its own time, or a busy fleet would flush without end. */
  async function flush(): Promise<void> {
    const due = [...dirty.values()]
    for (let start = 0; start < due.length; start += flushMax) {
      const rows = due.slice(start, start + flushMax).filter(isLatest)
      for (const row of rows) dirty.delete(row.host_id)
      const committed = await store.commit(rows.map((row) => ({ put: 'last_seen', row })))
      if (committed.ok) continue
      // The store is in trouble: keep what is not newer by now and let the next round try.
      for (const row of rows) if (!dirty.has(row.host_id)) dirty.set(row.host_id, row)
      return
    }
  }

  function schedule(): void {
    if (scheduled) return
    scheduled = true
    world.later(() => {
      scheduled = false
      void flush().then(() => {
        if (dirty.size > 0) schedule()
      })
    }, flushEveryMs)
  }

  return {
    touch(hostId, protocol) {
      dirty.set(hostId, touched(hostId, protocol))
      schedule()
    },
    row(hostId, protocol) {
      const row = touched(hostId, protocol)
      dirty.delete(hostId)
      return row
    },
    of(hostId) {
      const fresh = dirty.get(hostId)
      return fresh === undefined ? lookups.lastSeen(hostId) : completed(fresh, lookups)
    },
    forget: (hostId) => void dirty.delete(hostId),
    flush,
  }
}

/** What memory does not know of the other protocol, the table may. */
function completed(row: LastSeenRow, lookups: Lookups): LastSeenRow {
  if (row.mdm_at !== null && row.osquery_at !== null) return row
  const saved = lookups.lastSeen(row.host_id)
  return {
    ...row,
    mdm_at: row.mdm_at ?? saved?.mdm_at ?? null,
    osquery_at: row.osquery_at ?? saved?.osquery_at ?? null,
  }
}
