// Hosts that are found by the beginning of a name.
import { idsBeginning } from './identifiers.ts'
import { or, type Sql, sql } from './select.ts'

const namedColumns = ['hostname', 'serial', 'uuid', 'udid'] as const

/** Hosts one of whose names begins so, as a condition on a row of `hosts` named `h`. Case does not matter. */
export function beginsWith(prefix: string): Sql {
  return or([...namedColumns.map((column) => rangeOf(column, prefix)), claimed(prefix)])
}

/**
 * The same as disjoint stretches of the names' indexes: each leaves out what an earlier one has found, so that
 * they are counted and joined without gathering ids first. The last one is of identifiers in other tables: its ids are
 * gathered, and lead to the hosts by their key.
 */
export function stretchesOf(
  prefix: string,
): readonly { readonly from: string; readonly where: Sql }[] {
  const ranges = namedColumns.map((column) => rangeOf(column, prefix))
  const froms = namedColumns.map((column) => `hosts AS h INDEXED BY hosts_by_${column}`)
  return [...ranges, claimed(prefix)].map((found, index) => {
    const earlier = ranges.slice(0, index)
    const text = [found.text, ...earlier.map((range) => `(${range.text}) IS NOT TRUE`)]
    const values = [found, ...earlier].flatMap((part) => part.values)
    return { from: froms[index] ?? 'hosts AS h', where: sql(text.join(' AND '), ...values) }
  })
}

/** A range, so that an index serves it; nothing sorts after U+10FFFF. */
function rangeOf(column: string, prefix: string): Sql {
  return sql(`h.${column} >= ? AND h.${column} < ?`, prefix, `${prefix}\u{10FFFF}`)
}

function claimed(prefix: string): Sql {
  const ids = idsBeginning(prefix)
  return sql(`h.id IN (${ids.text})`, ...ids.values)
}
