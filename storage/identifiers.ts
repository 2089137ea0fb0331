// Identifiers of hosts beside the surest ones, which stand in the row of the host itself.
import { type Sql, sql } from './select.ts'

type Place = {
  readonly table: 'claims' | 'enrollments' | 'dep_devices'
  readonly column: string
  readonly more: string
  /** Kept in upper case. What Apple and osquery call opaque is kept as it came, and its case counts. */
  readonly isUpper: boolean
}

const claimed = { table: 'claims', column: 'value' } as const
const current = "status <> 'superseded'"

/** What a host claims now, the keys it enrolled under, and its serial numbers in Apple's list. */
const places: readonly Place[] = [
  { ...claimed, more: `kind IN ('serial', 'uuid', 'udid') AND ${current} AND `, isUpper: true },
  {
    ...claimed,
    more: `kind IN ('enrollment_id', 'osquery_instance') AND ${current} AND `,
    isUpper: false,
  },
  { table: 'enrollments', column: 'key', more: '', isUpper: false },
  { table: 'dep_devices', column: 'serial', more: '', isUpper: true },
]

const spelled = (word: string, { isUpper }: Place): string => (isUpper ? word.toUpperCase() : word)

/** A select of the ids of hosts that have this identifier. */
export const idsNamed = (word: string): Sql =>
  union((place) => sql(`${place.column} = ?`, spelled(word, place)))

/** A select of the ids of hosts one of whose identifiers begins so. */
export const idsBeginning = (prefix: string): Sql =>
  union((place) => {
    const start = spelled(prefix, place)
    return sql(`${place.column} >= ? AND ${place.column} < ?`, start, `${start}\u{10FFFF}`)
  })

function union(matching: (place: Place) => Sql): Sql {
  const found = places.map((place) => ({ place, where: matching(place) }))
  const parts = found.map(
    ({ place: { table, more }, where }) =>
      `SELECT host_id FROM ${table} WHERE ${more}${where.text}`,
  )
  return sql(parts.join(' UNION '), ...found.flatMap(({ where }) => where.values))
}
