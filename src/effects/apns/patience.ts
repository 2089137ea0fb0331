// How long a line waits before it tries to connect again.
import type { World } from '../../runtime/world.ts'

export type Patience = {
  /** No connection came about. */
  fail(reason: string): void
  /** One came about and went before it brought an answer: the first time that happens to anybody. */
  stumble(reason: string): void
  clear(): void
  /** How long (ms) nothing is tried from now on; 0 when it may be. */
  wait(): number
  /** Why, last. */
  reason(): string
}

/** First wait after a connection that came to nothing; doubles up to the longest. */
const firstMs = 1_000
const longestMs = 60_000

export function createPatience(world: World): Patience {
  let failures = 0
  let stumbles = 0
  let retryAt = 0
  let lastReason = 'unreachable'

  function fail(reason: string): void {
    failures += 1
    lastReason = reason
    const wait = Math.min(firstMs * 2 ** (failures - 1), longestMs)
    // ±20 %, so that servers that lost Apple together do not come back together.
    retryAt = world.steady() + Math.round(wait * (0.8 + 0.4 * world.random()))
  }

  return {
    fail,
    stumble(reason) {
      stumbles += 1
      if (stumbles > 1) fail(reason)
    },
    clear() {
      failures = 0
      stumbles = 0
      retryAt = 0
    },
    wait: () => Math.max(0, retryAt - world.steady()),
    reason: () => lastReason,
  }
}
