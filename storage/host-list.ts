import type { Value } from './columns.ts'
import {
  type Combination,
  countOf,
  countedColumns,
  fits,
  readCombinations,
} from './combinations.ts'
import { beginsWith, stretchesOf } from './prefix.ts'
import {
  countInRanges,
  isPending,
  isWithin,
  type PresenceFilter,
  presenceCondition,
  presenceFilter,
} from './presence.ts'
import { type HostListQuery, type ListedHost, type Page, pageRowsMax } from './queries.ts'
import { and, isOneOf, numberOf, type Select, type Sql, sql } from './select.ts'
import { segmentsOf } from './segments.ts'
import type { HostRow } from './rows.ts'
import { soundPage } from './sound-page.ts'
import { number, storedList } from './stored.ts'

/**
 * A page of hosts with the exact number of all that match.
 *
 * The number is known first, from counters or one index, and decides how the page is found: few matches are
 * gathered and sorted, many are met soon enough by walking the sorted column's index.
 */
export function listHosts(select: Select, query: HostListQuery): Page<ListedHost> {
  const all = readCombinations(select)
  const narrowed = narrow(query, all)
  const total = count(select, narrowed)
  const limit = Math.min(query.limit, pageRowsMax)
  if (total === 0) return { items: [], total, more: false }
  // Hosts of one time are gathered in any case: no other index tells when they were first seen.
  const few = narrowed.firstSeen !== undefined || total * total <= (limit + 1) * countOf(all)
  const source = few ? gathered(narrowed) : walked(narrowed, query)
  function read(rows: number): readonly (readonly Value[])[] {
    const found: (readonly Value[])[] = []
    for (const segment of segmentsOf(sortedBy(query), query.after)) {
      const wanted = rows - found.length
      if (wanted > 0) found.push(...readPage(select, source, { query, segment, wanted }))
    }
    return found
  }
  return { ...soundPage('hosts', read, { limit, itemOf: listedHost }), total }
}

/** What is asked for, made ready: combinations that fit, presence, prefix. */
type Narrowed = {
  readonly combinations: readonly Combination[]
  readonly everyCombination: boolean
  readonly presence: PresenceFilter | undefined
  readonly prefix: string | undefined
  /** A condition on a row of `hosts` named `h`. */
  readonly firstSeen: Sql | undefined
}

function narrow(query: HostListQuery, all: readonly Combination[]): Narrowed {
  const presence = presenceFilter(query.presence)
  const combinations = all.filter(
    (combination) =>
      countedColumns.every((column) => fits(query.filters[column], combination[column])) &&
      (presence === undefined || presence.pending || !isPending(combination)),
  )
  const prefix = query.q === '' ? undefined : query.q
  return {
    combinations,
    everyCombination: combinations.length === all.length,
    presence,
    prefix,
    firstSeen: query.firstSeen && firstSeenWithin(query.firstSeen),
  }
}

const firstSeenWithin = ({
  sinceMs = 0,
  beforeMs = Number.MAX_SAFE_INTEGER,
}: NonNullable<HostListQuery['firstSeen']>): Sql =>
  sql('h.first_seen_at >= ? AND h.first_seen_at < ?', sinceMs, beforeMs)

function count(select: Select, narrowed: Narrowed): number {
  const { combinations, presence, prefix, firstSeen } = narrowed
  const join = presence === undefined ? '' : 'CROSS JOIN last_seen AS l ON l.host_id = h.id'
  if (prefix !== undefined) {
    return stretchesOf(prefix).reduce((sum, { from, where: stretch }) => {
      const where = and([
        stretch,
        firstSeen,
        withinCombinations(narrowed, 'h'),
        withinPresence(narrowed),
      ])
      const text = `SELECT count(*) FROM ${from} ${join} WHERE ${where.text}`
      return sum + numberOf(select(text, where.values))
    }, 0)
  }
  if (firstSeen !== undefined) {
    const where = and([firstSeen, withinCombinations(narrowed, 'h'), withinPresence(narrowed)])
    const text = `SELECT count(*) FROM hosts AS h INDEXED BY hosts_by_first_seen_at ${join} WHERE ${where.text}`
    return numberOf(select(text, where.values))
  }
  if (presence === undefined) return countOf(combinations)
  const heard = combinations.filter((combination) => !isPending(combination))
  const pending = presence.pending ? countOf(combinations) - countOf(heard) : 0
  return pending + countInRanges(select, presence.ranges, heard)
}

/** Where ids come from; `h` and `l` name the host and its row in `last_seen`. */
type Source = { readonly from: Sql; readonly where: Sql }

/** Every match, by the narrowest index there is. */
function gathered(narrowed: Narrowed): Source {
  const candidates = candidatesOf(narrowed)
  const join =
    'AS c CROSS JOIN hosts AS h ON h.id = c.id CROSS JOIN last_seen AS l ON l.host_id = h.id'
  return {
    from: sql(`(${candidates.text}) ${join}`, ...candidates.values),
    where: and([withinCombinations(narrowed, 'l'), withinPresence(narrowed), narrowed.firstSeen]),
  }
}

function candidatesOf({ combinations, presence, prefix, firstSeen }: Narrowed): Sql {
  if (prefix !== undefined) {
    const stretches = stretchesOf(prefix)
    const parts = stretches.map(
      ({ from, where }) => `SELECT h.id AS id FROM ${from} WHERE ${where.text}`,
    )
    return sql(parts.join(' UNION ALL '), ...stretches.flatMap(({ where }) => where.values))
  }
  if (firstSeen !== undefined)
    return sql(
      `SELECT h.id AS id FROM hosts AS h INDEXED BY hosts_by_first_seen_at WHERE ${firstSeen.text}`,
      ...firstSeen.values,
    )
  if (presence !== undefined && !presence.pending) {
    const ranges = presence.ranges.map(isWithin)
    const parts = ranges.map(
      ({ text }) =>
        `SELECT host_id AS id FROM last_seen AS l INDEXED BY last_seen_by_at WHERE ${text}`,
    )
    return sql(parts.join(' UNION ALL '), ...ranges.flatMap(({ values }) => values))
  }
  const ids = isOneOf(
    'combination',
    combinations.map(({ id }) => id),
  )
  return sql(
    `SELECT id FROM hosts INDEXED BY hosts_by_combination WHERE ${ids.text}`,
    ...ids.values,
  )
}

/** The sorted column's index, left as soon as the page is full. States are decided inside the index. */
function walked(narrowed: Narrowed, { sort }: HostListQuery): Source {
  const { presence, prefix } = narrowed
  const seenJoin = presence === undefined ? '' : 'CROSS JOIN last_seen AS l ON l.host_id = h.id'
  const hostJoin = prefix === undefined ? '' : 'CROSS JOIN hosts AS h ON h.id = l.host_id'
  const bySeen = sort.column === 'last_seen_at'
  const index = sort.column === 'id' ? '' : `INDEXED BY hosts_by_${sort.column}`
  const matching = prefix === undefined ? undefined : beginsWith(prefix)
  return {
    from: bySeen
      ? sql(`last_seen AS l INDEXED BY last_seen_by_at ${hostJoin}`)
      : sql(`hosts AS h ${index} ${seenJoin}`),
    where: and([
      withinCombinations(narrowed, bySeen ? 'l' : 'h'),
      withinPresence(narrowed),
      matching,
    ]),
  }
}

/** The `+` keeps SQLite from gathering by combination, and sorting all it gathered, where a walk is meant. */
function withinCombinations(
  { combinations, everyCombination }: Narrowed,
  row: 'h' | 'l',
): Sql | undefined {
  if (everyCombination) return sql(`+${row}.combination IS NOT NULL`)
  return isOneOf(
    `+${row}.combination`,
    combinations.map(({ id }) => id),
  )
}

function withinPresence({ presence, combinations }: Narrowed): Sql | undefined {
  return presence === undefined ? undefined : presenceCondition(presence, combinations)
}

type Sorted = ReturnType<typeof sortedBy>
function sortedBy({ sort }: HostListQuery) {
  const bySeen = sort.column === 'last_seen_at'
  return {
    value: bySeen ? 'l.at' : `h.${sort.column}`,
    id: bySeen ? 'l.host_id' : 'h.id',
    descending: sort.descending,
  }
}

const hostColumns = [storedList('hosts', 'h.'), ...['l.at', 'l.mdm_at', 'l.osquery_at'].map(number)]

/** Finds the ids first, inside indexes, and reads the rows of those alone. */
function readPage(
  select: Select,
  source: Source,
  page: { readonly query: HostListQuery; readonly segment: Sql; readonly wanted: number },
): readonly (readonly Value[])[] {
  const sorted: Sorted = sortedBy(page.query)
  const where = and([source.where, page.segment])
  const direction = sorted.descending ? 'DESC' : 'ASC'
  const order = `ORDER BY ${sorted.value} ${direction}, ${sorted.id} ${direction}`
  const outer = order.replaceAll('l.host_id', 'h.id')
  const text = `SELECT ${hostColumns.join(', ')}
    FROM (SELECT ${sorted.id} AS id FROM ${source.from.text} WHERE ${where.text} ${order} LIMIT ?) AS p
    CROSS JOIN hosts AS h ON h.id = p.id CROSS JOIN last_seen AS l ON l.host_id = h.id ${outer}`
  return select(text, [...source.from.values, ...where.values, page.wanted])
}

function listedHost(row: HostRow, [at, mdmAt, osqueryAt]: readonly Value[]): ListedHost {
  const time = (value: Value | undefined): number | null =>
    typeof value === 'number' ? value : null
  return {
    ...row,
    last_seen_at: time(at),
    mdm_at: time(mdmAt),
    osquery_at: time(osqueryAt),
  }
}
