import { setImmediate } from 'node:timers'

/** Waiting that ends at once when the run is stopped. */
export type Pace = {
  readonly pause: (ms: number) => Promise<void>
  readonly stopped: () => boolean
  readonly stop: () => void
}

export function createPace(signal?: AbortSignal): Pace {
  // One listener on the signal, however many computers wait: 50,000 listeners would cost as much as they do.
  const waiting = new Map<NodeJS.Timeout, () => void>()
  let stopped = signal?.aborted ?? false
  const stop = (): void => {
    stopped = true
    signal?.removeEventListener('abort', stop)
    for (const [timer, wake] of waiting) {
      clearTimeout(timer)
      wake()
    }
    waiting.clear()
  }
  signal?.addEventListener('abort', stop)
  return {
    stop,
    stopped: () => stopped,
    pause: (ms) =>
      new Promise((wake) => {
        if (stopped) return wake()
        // Without a pause the others still get their turn.
        if (ms <= 0) return void setImmediate(wake)
        const timer = setTimeout(() => {
          waiting.delete(timer)
          wake()
        }, ms)
        waiting.set(timer, wake)
      }),
  }
}

/** Lets at most so many through at once; the others wait in the order they came. */
export type Gate = <Value>(enter: () => Promise<Value>) => Promise<Value>

export function createGate(insideMax: number): Gate {
  const queue: (() => void)[] = []
  let inside = 0
  return async (enter) => {
    if (inside >= insideMax) await new Promise<void>((admit) => queue.push(admit))
    else inside += 1
    try {
      return await enter()
    } finally {
      const next = queue.shift()
      // Whoever is next takes over the place.
      if (next) next()
      else inside -= 1
    }
  }
}
