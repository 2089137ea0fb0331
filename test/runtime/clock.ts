// Time and chance as a test wants them: the hours pass when it says so, and a seed gives the dice.
import { createSteady } from '../../src/runtime/steady.ts'
import type { World } from '../../src/runtime/world.ts'

export type Clock = World & {
  /** Runs the task that is due first, at its time, unless that is after `until`. */
  runNext(until: number): boolean
  /** Lets time pass up to there, or puts the hands back, without running anything. */
  set(at: number): void
  /** Moves the hands, forwards or back, while no time passes. */
  jump(byMs: number): void
  /** Tasks that wait for their time. */
  readonly waiting: number
}

type Task = { readonly at: number; readonly run: () => void }

/** When nothing else is said: some morning in 2026. */
export const morning = 1_767_254_400_000

export function createClock(at: number = morning, seed = 1): Clock {
  const random = createDice(seed)
  const tasks = new Set<Task>()
  let now = at
  /** Tasks go by the time that passes and not by the hands. */
  let elapsed = 0
  const steady = createSteady({ now: () => now, elapsed: () => elapsed, later })
  const hex = (digits: number): string =>
    Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('')

  function later(run: () => void, delayMs: number): { cancel(): void } {
    const task = { at: elapsed + delayMs, run }
    tasks.add(task)
    return { cancel: () => void tasks.delete(task) }
  }
  function pass(ms: number): void {
    now += ms
    elapsed += ms
  }

  return {
    now: () => now,
    steady: steady.now,
    later,
    random,
    uuid: () => {
      const time = now.toString(16).padStart(12, '0')
      return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(3)}-8${hex(3)}-${hex(12)}`
    },
    runNext(until) {
      const [first] = [...tasks].toSorted((a, b) => a.at - b.at)
      if (first === undefined || first.at - elapsed > until - now) return false
      tasks.delete(first)
      pass(Math.max(0, first.at - elapsed))
      first.run()
      return true
    },
    set(to) {
      if (to > now) pass(to - now)
      else now = to
    },
    jump(byMs) {
      now += byMs
    },
    get waiting() {
      return tasks.size
    },
  }
}

/** Mulberry32: good enough to shuffle with, and the same everywhere. */
function createDice(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
