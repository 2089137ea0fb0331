import { or, type Sql, sql } from './select.ts'

const namedColumns = ['hostname', 'serial', 'uuid'] as const

/** Hosts one of whose names begins so, as a condition on a row of `hosts` named `h`. Case does not matter. */
export function beginsWith(prefix: string): Sql {
  return or(namedColumns.map((column) => rangeOf(column, prefix)))
}

/**
 * The same as disjoint stretches of the names' indexes: each leaves out what an earlier one has found, so that
 * they are counted and joined without gathering ids first.
 */
export function stretchesOf(
  prefix: string,
): readonly { readonly index: string; readonly where: Sql }[] {
  return namedColumns.map((column, index) => {
    const range = rangeOf(column, prefix)
    const earlier = namedColumns.slice(0, index).map((name) => rangeOf(name, prefix))
    const text = [range.text, ...earlier.map((found) => `(${found.text}) IS NOT TRUE`)]
    const values = [range, ...earlier].flatMap((part) => part.values)
    return { index: `hosts_by_${column}`, where: sql(text.join(' AND '), ...values) }
  })
}

/** A range, so that an index serves it; nothing sorts after U+10FFFF. */
function rangeOf(column: string, prefix: string): Sql {
  return sql(`h.${column} >= ? AND h.${column} < ?`, prefix, `${prefix}\u{10FFFF}`)
}
