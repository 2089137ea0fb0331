import { type Sql, sql } from './select.ts'

type Sorted = { readonly value: string; readonly id: string; readonly descending: boolean }
type Position = { readonly value: string | number | null; readonly id: string }

/**
 * The rest of a sorted list as stretches of one index, in order: nulls and values lie apart, and a condition
 * over both would be no seek.
 *
 * Nulls come first ascending and last descending, as SQLite sorts them.
 */
export function segmentsOf(sorted: Sorted, after: Position | undefined): readonly Sql[] {
  if (after === undefined) return [sql('true')]
  const { value, id, descending } = sorted
  const beyond = descending ? '<' : '>'
  if (after.value === null) {
    const nulls = sql(`${value} IS NULL AND ${id} ${beyond} ?`, after.id)
    return descending ? [nulls] : [nulls, sql(`${value} IS NOT NULL`)]
  }
  const values = sql(`(${value}, ${id}) ${beyond} (?, ?)`, after.value, after.id)
  return descending ? [values, sql(`${value} IS NULL`)] : [values]
}
