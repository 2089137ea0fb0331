// Single tokens die every day. Many in a row, and none taken between, means that the certificate is the wrong one.
export type Suspicion = {
  taken(topic: string): void
  /** Apple gave a token up. */
  refused(topic: string): void
}

/** A computer that was erased has up to a few channels; so many without one push taken are no coincidence. */
export const streakMax = 20

/** `tell` hears of each streak once. */
export function createSuspicion(tell: (topic: string, refusals: number) => void): Suspicion {
  const streaks = new Map<string, number>()
  return {
    taken: (topic) => void streaks.delete(topic),
    refused(topic) {
      const streak = (streaks.get(topic) ?? 0) + 1
      streaks.set(topic, streak)
      if (streak === streakMax) tell(topic, streak)
    },
  }
}
