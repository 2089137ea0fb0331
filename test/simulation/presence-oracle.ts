// Whether people are shown who is there: whoever spoke lately, and nobody who has long been silent.
import { onlineWithinMs, presenceOf, thresholdsAt } from '../../src/http/api/host-item.ts'
import type { Write } from '../../storage/store.ts'
import type { DurableRows } from './model-store.ts'

export type PresenceOracle = {
  applied(writes: readonly Write[]): void
  /** As if nobody had said a word for a while from now: none may be online. */
  ofSilence(wallClock: number): void
  /** Whoever spoke since the clock was right, and lately, is online. */
  ofSpeech(wallClock: number, rightSince: number): void
}

type PresenceOptions = {
  readonly rows: DurableRows
  readonly now: () => number
  readonly violate: (what: string) => void
  /** As the API has them, unless a mistake is planted there. */
  readonly thresholds?: typeof thresholdsAt | undefined
}

/** A row is written within this of the word it tells of, when the store is well. */
const writingMs = 30_000

export function createPresenceOracle(options: PresenceOptions): PresenceOracle {
  const { rows, now, violate, thresholds = thresholdsAt } = options
  const writtenAt = new Map<string, number>()

  const isOnline = (hostId: string, at: number | null, wallClock: number): boolean => {
    const host = rows.lookups.host(hostId)
    return host !== undefined && presenceOf(host, at, thresholds(wallClock)) === 'online'
  }

  return {
    applied(writes) {
      for (const write of writes)
        if ('put' in write && write.put === 'last_seen') writtenAt.set(write.row.host_id, now())
    },
    ofSilence(wallClock) {
      for (const { host_id, at } of rows.tables.last_seen.all())
        if (isOnline(host_id, at, wallClock + 2 * onlineWithinMs))
          violate(`${host_id} would be online for as long as the clock was ahead`)
    },
    ofSpeech(wallClock, rightSince) {
      for (const { host_id, at } of rows.tables.last_seen.all()) {
        const written = writtenAt.get(host_id) ?? 0
        const isLate = now() - written > onlineWithinMs - writingMs
        if (written < rightSince + writingMs || isLate) continue
        const isExpected = rows.lookups.host(host_id)?.lifecycle !== 'dep_assigned'
        if (isExpected && !isOnline(host_id, at, wallClock))
          violate(`${host_id} spoke lately and is not online`)
      }
    },
  }
}
