// What the log says of refusals: thousands a second must not become as many lines.

const everyMs = 10_000

export type NoticeOptions = {
  /** A clock that never goes back, in milliseconds. */
  readonly elapsedMs: () => number
  readonly warn: (sentence: string) => void
}

/** To be told of each refusal; warns of the first, and then of as many as there were every ten seconds. */
export function createNotice({ elapsedMs, warn }: NoticeOptions): () => void {
  let untold = 0
  let toldAtMs = Number.NEGATIVE_INFINITY
  return () => {
    untold += 1
    if (elapsedMs() - toldAtMs < everyMs) return
    toldAtMs = elapsedMs()
    warn(
      `more requests came than can be answered in time: ${untold} refused since the last warning`,
    )
    untold = 0
  }
}
