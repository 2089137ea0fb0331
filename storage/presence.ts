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

/** How many hosts are in each presence: bare range counts on one index, the largest by subtraction. */
export function countPresences(
  select: Select,
  all: readonly Combination[],
  thresholds: Thresholds,
): Readonly<Record<Presence, number>> {
  const count = (presence: Presence): number =>
    countInRanges(select, [rangeOf(presence, thresholds)], 'all')
  const [offline, missing, never] = [count('offline'), count('missing'), count('never')]
  const heard = countOf(all.filter((combination) => !isPending(combination)))
  return { online: heard - offline - missing - never, offline, missing, never }
}

/** Hosts last heard of within the ranges, which do not overlap: of these combinations, or all but pending ones. */
export function countInRanges(
  select: Select,
  ranges: readonly Sql[],
  combinations: readonly Combination[] | 'all',
): number {
  const count = combinations === 'all' ? bareCount : countWithin(combinations)
  return ranges.reduce((sum, range) => {
    const { text, values } = count(range)
    return sum + numberOf(select(text, values))
  }, 0)
}

/** Without a condition per row SQLite counts a hundred thousand in a millisecond. */
function bareCount({ text, values }: Sql): Sql {
  const all = `SELECT count(*) FROM last_seen AS l INDEXED BY last_seen_by_at WHERE ${text}`
  const pending = `SELECT count(*) FROM last_seen AS l INDEXED BY last_seen_pending WHERE ${text} AND l.pending = 1`
  return sql(`SELECT (${all}) - (${pending})`, ...values, ...values)
}

function countWithin(combinations: readonly Combination[]): (range: Sql) => Sql {
  const ids = isOneOf(
    'l.combination',
    combinations.map(({ id }) => id),
  )
  return ({ text, values }) =>
    sql(
      `SELECT count(*) FROM last_seen AS l INDEXED BY last_seen_by_at WHERE ${text} AND ${ids.text}`,
      ...values,
      ...ids.values,
    )
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
