/** How often something may happen for one key: a burst, and from then on once in a while. */
export type Allowance = {
  takes(key: string): boolean
  /** What was taken did not happen. */
  giveBack(key: string): void
}

type AllowanceOptions = {
  readonly burst: number
  /** One more each. */
  readonly refillMs: number
  readonly now: () => number
}

/** Keys remembered; beyond them the one used longest ago is forgotten. */
const keysMax = 10_000

export function createAllowance({ burst, refillMs, now }: AllowanceOptions): Allowance {
  /** When a key has its whole burst again. */
  const wholeAt = new Map<string, number>()
  return {
    takes(key) {
      const at = Math.max(wholeAt.get(key) ?? 0, now()) + refillMs
      if (at - now() > burst * refillMs) return false
      wholeAt.delete(key)
      wholeAt.set(key, at)
      const [oldest] = wholeAt.keys()
      if (wholeAt.size > keysMax && oldest !== undefined) wholeAt.delete(oldest)
      return true
    },
    giveBack(key) {
      const at = wholeAt.get(key)
      if (at !== undefined) wholeAt.set(key, at - refillMs)
    },
  }
}
