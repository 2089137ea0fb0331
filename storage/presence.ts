import { type Combination, countOf } from './combinations.ts'
import type { Presence, PresenceChoice, Thresholds } from './queries.ts'
import { isOneOf, numberOf, or, type Select, type Sql, sql } from './select.ts'

const presences = ['online', 'offline', 'missing', 'never'] as const satisfies readonly Presence[]

/** Hosts a presence filter leaves: those heard of within `ranges`, and pending ones when nothing was asked for by name. */
export type PresenceFilter = { readonly ranges: readonly SeenRange[]; readonly pending: boolean }

/** When a host was last heard of: from `since` on, before `before`, each 0 and infinity at the least and most; or never. */
type SeenRange = { readonly since: number; readonly before: number } | 'never'

/** Undefined when the choice leaves everything. */
export function presenceFilter(choice: PresenceChoice | undefined): PresenceFilter | undefined {
  if (choice === undefined) return undefined
  const { include, exclude } = choice
  const named = include.length > 0
  if (!named && exclude.length === 0) return undefined
  const left = presences.filter(
    (presence) => !exclude.includes(presence) && (!named || include.includes(presence)),
  )
  return { ranges: left.flatMap((presence) => rangesOf(presence, choice)), pending: !named }
}

/** Assigned by Apple and never heard of since: in no presence. */
export const isPending = ({ lifecycle }: { readonly lifecycle: string }): boolean =>
  lifecycle === 'dep_assigned'

/** The filter as a condition on a row of `last_seen` named `l`. */
export function presenceCondition(
  filter: PresenceFilter,
  combinations: readonly Combination[],
): Sql {
  const heardOf = or(filter.ranges.map(isWithin))
  const pending = combinations.filter(isPending).map(({ id }) => id)
  if (pending.length === 0) return heardOf
  const isOfPending = isOneOf('l.combination', pending)
  return filter.pending
    ? or([isOfPending, heardOf])
    : sql(
        `NOT (${isOfPending.text}) AND (${heardOf.text})`,
        ...isOfPending.values,
        ...heardOf.values,
      )
}

/** How many hosts are in each presence. Pending ones are in none. */
export function countPresences(
  select: Select,
  all: readonly Combination[],
  thresholds: Thresholds,
): Readonly<Record<Presence, number>> {
  const expected = all.filter((combination) => !isPending(combination))
  const count = (presence: Presence): number =>
    countInRanges(select, rangesOf(presence, thresholds), expected)
  const [offline, missing, never] = [count('offline'), count('missing'), count('never')]
  return { online: countOf(expected) - offline - missing - never, offline, missing, never }
}

/** Hosts of these combinations last heard of within the ranges, which do not overlap. */
export function countInRanges(
  select: Select,
  ranges: readonly SeenRange[],
  combinations: readonly Combination[],
): number {
  const ids = combinations.map(({ id }) => id)
  const below = (at: number): number => countBefore(select, at, ids)
  return ranges.reduce((sum, range) => {
    if (range === 'never') return sum + countHours(select, { from: neverHour, to: 0 }, ids)
    return sum + below(range.before) - (range.since > 0 ? below(range.since) : 0)
  }, 0)
}

/** Whether a row of `last_seen` named `l` is within the range. */
export function isWithin(range: SeenRange): Sql {
  if (range === 'never') return sql('l.at IS NULL')
  const { since, before } = range
  if (before === Infinity) return sql('l.at >= ?', since)
  return since > 0 ? sql('l.at >= ? AND l.at < ?', since, before) : sql('l.at < ?', before)
}

const hourMs = 3_600_000
/** Where `seen_counts` keeps hosts that were never heard of. */
const neverHour = -1

/**
 * Hosts heard of before a moment: whole hours from counters, and what is left of the last one row by row. That
 * is who fell silent within an hour, and does not grow with how many speak.
 */
function countBefore(select: Select, at: number, ids: readonly number[]): number {
  if (at === Infinity) return countHours(select, { from: 0, to: Number.MAX_SAFE_INTEGER }, ids)
  const hour = Math.floor(at / hourMs)
  const isCounted = isOneOf('combination', ids)
  const rest = `SELECT count(*) FROM last_seen INDEXED BY last_seen_by_at WHERE at >= ? AND at < ? AND ${isCounted.text}`
  const within = select(rest, [hour * hourMs, at, ...isCounted.values])
  return countHours(select, { from: 0, to: hour }, ids) + numberOf(within)
}

type Hours = { readonly from: number; readonly to: number }

function countHours(select: Select, { from, to }: Hours, ids: readonly number[]): number {
  const isCounted = isOneOf('combination', ids)
  const text = `SELECT sum(count) FROM seen_counts WHERE hour >= ? AND hour < ? AND ${isCounted.text}`
  return numberOf(select(text, [from, to, ...isCounted.values]))
}

function rangesOf(
  presence: Presence,
  { onlineSinceMs, missingBeforeMs, aheadFromMs }: Thresholds,
): readonly SeenRange[] {
  switch (presence) {
    case 'online':
      return [{ since: onlineSinceMs, before: aheadFromMs }]
    case 'offline':
      return [
        { since: missingBeforeMs, before: onlineSinceMs },
        { since: aheadFromMs, before: Infinity },
      ]
    case 'missing':
      return [{ since: 0, before: Math.min(missingBeforeMs, onlineSinceMs) }]
    case 'never':
      return ['never']
    default:
      throw new Error(`no such presence: ${String(presence satisfies never)}`)
  }
}
