// A time for what is due or runs out. It goes on at its own pace whatever is done to the wall clock, so that
// nothing that was set while the clock was ahead waits for it to come there again, and nothing that ran out is
// open once more.
import type { World } from './world.ts'

export type SteadyClock = {
  /** Milliseconds since 1970, never less than before; the wall clock's unless that was put back. */
  now(): number
  /** Resolves once it has tried to follow the wall clock to where that is. */
  settled(): Promise<void>
  stop(): void
}

type SteadyOptions = Pick<World, 'now' | 'later'> & {
  /** Milliseconds of the machine's own pace, from anywhere. */
  readonly elapsed: () => number
  /** What a former process kept last: it never begins below. */
  readonly mark?: number | undefined
  /** Makes a mark durable; false where that failed. Never rejects. */
  readonly keep?: (mark: number) => Promise<boolean>
}

/** How often the mark is kept: the end of a process takes away little more than this, and only where the clock is behind. */
const keepEveryMs = 60_000

/** Farther beyond the mark the wall clock is followed only once that is kept: no end of the process undoes a leap. */
const leapMs = 2 * keepEveryMs

/** Rest when it could not be kept, such as with a full disk. */
const troubleMs = 5_000

/**
 * The wall clock is followed forwards, by whatever it jumps: a machine that slept looks the same. It is not followed
 * back: then this goes on by the machine's own pace until the wall clock is there again.
 */
export function createSteady(options: SteadyOptions): SteadyClock {
  const { elapsed } = options
  let from = { at: options.mark ?? options.now(), elapsed: elapsed() }
  let marked = from.at
  let leaping: Promise<void> | undefined
  let timer: { cancel(): void } | undefined
  let stopped = false

  const paced = (): number => from.at + elapsed() - from.elapsed
  const moveTo = (at: number): void => void (from = { at, elapsed: elapsed() })

  function now(): number {
    const [own, wall] = [paced(), options.now()]
    if (wall <= own) return own
    if (wall - marked > leapMs) {
      leaping ??= leap(wall)
      return own
    }
    moveTo(wall)
    return wall
  }

  async function keep(mark: number): Promise<boolean> {
    const isKept = (await options.keep?.(mark)) ?? true
    if (isKept) marked = mark
    return isKept
  }

  /** Goes on until it is kept: what was not acknowledged may be on the disk all the same. */
  async function leap(to: number): Promise<void> {
    while (!stopped && !(await keep(to)))
      await new Promise<void>((resolve) => void options.later(resolve, troubleMs))
    moveTo(Math.max(paced(), to))
    leaping = undefined
  }

  async function settled(): Promise<void> {
    now()
    await leaping
  }

  async function keepMark(): Promise<void> {
    // Whatever is kept last must be the highest.
    await settled()
    if (!stopped) await keep(now())
    timer = options.later(() => void keepMark(), keepEveryMs)
  }
  if (options.keep !== undefined) void keepMark()

  return {
    now,
    settled,
    stop() {
      stopped = true
      timer?.cancel()
    },
  }
}
