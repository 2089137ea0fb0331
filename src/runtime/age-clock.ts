// A time for what is removed for its age. A clock that jumps ahead would make everything old at once.

type AgeClockOptions = {
  /** The wall clock, in milliseconds. */
  readonly now: () => number
  /** A clock of this process that never goes back, in milliseconds. */
  readonly elapsedMs: () => number
  /** The last time that is known from before the start; undefined when there is none. */
  readonly mark: number | undefined
}

/** A clock is set right by less than this every day. */
const stepMsMax = 3_600_000

/** Time for somebody to notice a clock that is wrong. After a long stop what is old waits so long, too. */
const waitMs = 86_400_000

/**
 * Follows the wall clock, but for a jump ahead: then it goes on at its own pace for a day of uptime before it believes
 * that so much time has passed. Never ahead of the wall clock.
 */
export function createAgeClock({ now, elapsedMs, mark }: AgeClockOptions): () => number {
  let believed = mark ?? now()
  let lookedAt = elapsedMs()
  let doubtedAt: number | undefined
  return () => {
    const [wall, elapsed] = [now(), elapsedMs()]
    believed += elapsed - lookedAt
    lookedAt = elapsed
    if (wall - believed > stepMsMax) {
      doubtedAt ??= elapsed
      if (elapsed - doubtedAt < waitMs) return believed
    }
    doubtedAt = undefined
    believed = wall
    return wall
  }
}
