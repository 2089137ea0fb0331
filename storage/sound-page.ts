import { damageOf, isSound } from './checksum.ts'
import { rowOf, type Rows, type Table, type Value } from './columns.ts'
import type { Page } from './queries.ts'
import { listedColumns, storedRow } from './stored.ts'

type Found = readonly (readonly Value[])[]

/** Rows as they were found, one more than a page holds where there are more. */
type Asked<T extends Table, Item> = {
  readonly limit: number
  /** `beside` is what was selected after the row's own columns. */
  readonly itemOf: (row: Rows[T], beside: readonly Value[]) => Item
}

/** A page of those that are as they were written; the others are named instead of shown. */
export function soundPage<T extends Table, Item>(
  table: T,
  found: Found,
  { limit, itemOf }: Asked<T, Item>,
): Omit<Page<Item>, 'total'> {
  const items: Item[] = []
  const damaged: string[] = []
  for (const one of found.slice(0, limit)) {
    const values = storedRow(table, one)
    if (isSound(table, values))
      items.push(itemOf(rowOf(table, values), one.slice(listedColumns(table))))
    else damaged.push(damageOf(table, values.slice(0, 1)).damaged)
  }
  return {
    items,
    more: found.length > limit,
    ...(damaged.length > 0 && { damaged }),
  }
}

/** Rows that must all be sound for an answer to be one. Throws `Damage`. */
export function soundRows<T extends Table>(table: T, found: Found): readonly Rows[T][] {
  return found.map((one) => {
    const values = storedRow(table, one)
    if (!isSound(table, values)) throw damageOf(table, values.slice(0, 1))
    return rowOf(table, values)
  })
}
