// When a channel that keeps silent is woken again. Arithmetic on what waits on it.
import type { CommandSnapshot } from './command.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/**
 * When a channel that was pushed for, or took a command, and then kept silent is pushed for again. Daily after that.
 *
 * A lost push is the rarer cause, a closed lid the commoner: soon at first, then no more than the battery notices.
 */
const silentOffsets = [15 * minuteMs, hourMs, 6 * hourMs, dayMs] as const

/** How long a device that was pushed for has before it counts as silent. */
export const patienceMs = silentOffsets[0]

/** First wait after a NotNow. The device comes back by itself if that was its last word, so this is the net below. */
const deferredFirstMs = hourMs

export type Nudge = { readonly isDue: boolean; readonly nextInMs: number }

/** What is to be done at `at` for what waits on a silent channel, and when to look again. `waking` is not empty. */
export function nudgeFor(waking: readonly CommandSnapshot[], at: number): Nudge {
  const { since, offsets } = scheduleOf(waking)
  // The clock was put back, and nobody knows how long this has waited: not for years more.
  if (since - at >= patienceMs) return { isDue: true, nextInMs: dayMs }
  const elapsed = Math.max(0, at - since)
  const { passed, next } = stepsAround(elapsed, offsets)
  const pushes = waking.flatMap(({ context: { push } }) => (push === null ? [] : [push.at]))
  const wasPushed =
    passed !== undefined && pushes.some((pushed) => pushed >= at - elapsed + passed && pushed <= at)
  return { isDue: passed !== undefined && !wasPushed, nextInMs: next - elapsed }
}

/** When a channel whose device just said NotNow is looked at again. */
export const deferredWaitMs = (deferrals: number): number =>
  Math.min(deferredFirstMs * 2 ** (Math.max(1, deferrals) - 1), dayMs)

type Schedule = { readonly since: number; readonly offsets: readonly number[] }

function scheduleOf(waking: readonly CommandSnapshot[]): Schedule {
  const pending = waking.filter(({ value }) => value !== 'not_now')
  if (pending.length === 0) {
    const deferrals = Math.min(...waking.map(({ context }) => context.deferrals))
    return { since: latest(waking), offsets: deferredOffsets(deferredWaitMs(deferrals)) }
  }
  const sent = pending.filter(({ value }) => value === 'sent')
  const since = sent.length > 0 ? latest(sent) : Math.min(...sinces(pending))
  return { since, offsets: silentOffsets }
}

/** Gaps that double until they are a day. */
function deferredOffsets(first: number): readonly number[] {
  const offsets = [first]
  for (let gap = first * 2; gap <= dayMs; gap *= 2) offsets.push((offsets.at(-1) ?? 0) + gap)
  return offsets
}

type Steps = { readonly passed: number | undefined; readonly next: number }

/** The last offset passed and the next to come; after the last of them one a day. */
function stepsAround(elapsed: number, offsets: readonly number[]): Steps {
  const passed = offsets.findLast((offset) => offset <= elapsed)
  const next = offsets.find((offset) => offset > elapsed)
  if (passed === undefined || next !== undefined) return { passed, next: next ?? dayMs }
  const daily = passed + Math.floor((elapsed - passed) / dayMs) * dayMs
  return { passed: daily, next: daily + dayMs }
}

const sinces = (commands: readonly CommandSnapshot[]): readonly number[] =>
  commands.map(({ context }) => context.since)

const latest = (commands: readonly CommandSnapshot[]): number => Math.max(...sinces(commands))
