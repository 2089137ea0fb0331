// The wall clock of one run: somebody sets it, stops it, and puts it right in the end.

export type Hands = {
  /** Milliseconds since 1970 as the machine believes. */
  wallClock(): number
  /** The latest by which anything may be due: as far as the clock ever was, and on from there. */
  latestAt(): number
  set(aheadMs: number): void
  /** It stands until it is set. */
  freeze(): void
}

export function createHands(now: () => number): Hands {
  let aheadMs = 0
  let frozenAt: number | undefined
  let latest = { at: now(), since: now() }

  const read = (): number => frozenAt ?? now() + aheadMs
  function latestAt(): number {
    const paced = latest.at + now() - latest.since
    latest = { at: Math.max(paced, read()), since: now() }
    return latest.at
  }

  return {
    wallClock: read,
    latestAt,
    set(ms) {
      latestAt()
      aheadMs = ms
      frozenAt = undefined
      latestAt()
    },
    freeze() {
      frozenAt = read()
    },
  }
}
