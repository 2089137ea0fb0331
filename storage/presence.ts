import { type Combination, countOf } from './combinations.ts'
import type { Presence, PresenceChoice, Thresholds } from './queries.ts'
import { isOneOf, numberOf, or, type Select, type Sql, sql } from './select.ts'

const presences = ['online', 'offline', 'missing', 'never'] as const satisfies readonly Presence[]

/** Hosts a presence filter leaves: those heard of within `ranges`, and pending ones when nothing was asked for by name. */
export type PresenceFilter = { readonly ranges: readonly Sql[]; readonly pending: boolean }

/** Undefined when the choice leaves everything. */
export function presenceFilter(choice: PresenceChoice | undefined): PresenceFilter | undefined {
  if (choice === undefined) return undefined
  const { include, exclude } = choice
  const named = include.length > 0
  if (!named && exclude.length === 0) return undefined
  const left = presences.filter(
    (presence) => !exclude.includes(presence) && (!named || include.includes(presence)),
  )
  return { ranges: left.map((presence) => rangeOf(presence, choice)), pending: !named }
}

/** Assigned by Apple and never heard of since: in no presence. */
export const isPending = ({ lifecycle }: { readonly lifecycle: string }): boolean =>
  lifecycle === 'dep_assigned'

/** The filter as a condition on a row of `last_seen` named `l`. */
export function presenceCondition(
  filter: PresenceFilter,
  combinations: readonly Combination[],
): Sql {
  const heardOf = or(filter.ranges)
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

/** Hosts of these combinations in each presence: range counts on one index, the largest by subtraction. */
export function countPresences(
  select: Select,
  combinations: readonly Combination[],
  thresholds: Thresholds,
): Readonly<Record<Presence, number>> {
  const heard = combinations.filter((combination) => !isPending(combination))
  const count = (presence: Presence): number =>
    countInRanges(select, [rangeOf(presence, thresholds)], heard)
  const [offline, missing, never] = [count('offline'), count('missing'), count('never')]
  return { online: countOf(heard) - offline - missing - never, offline, missing, never }
}

/** Hosts of these combinations last heard of within the ranges, which do not overlap. */
export function countInRanges(
  select: Select,
  ranges: readonly Sql[],
  combinations: readonly Combination[],
): number {
  const ids = isOneOf(
    'l.combination',
    combinations.map(({ id }) => id),
  )
  return ranges.reduce((sum, range) => {
    const text = `SELECT count(*) FROM last_seen AS l INDEXED BY last_seen_by_at WHERE ${range.text} AND ${ids.text}`
    return sum + numberOf(select(text, [...range.values, ...ids.values]))
  }, 0)
}

function rangeOf(presence: Presence, { onlineSinceMs, missingBeforeMs }: Thresholds): Sql {
  switch (presence) {
    case 'online':
      return sql('l.at >= ?', onlineSinceMs)
    case 'offline':
      return sql('l.at >= ? AND l.at < ?', missingBeforeMs, onlineSinceMs)
    case 'missing':
      return sql('l.at < ?', Math.min(missingBeforeMs, onlineSinceMs))
    case 'never':
      return sql('l.at IS NULL')
    default:
      throw new Error(`no such presence: ${String(presence satisfies never)}`)
  }
}
