import { damageOf, isSound } from './checksum.ts'
import { rowOf, type Rows, type Table, type Value } from './columns.ts'
import type { Page } from './queries.ts'

type Found = readonly (readonly Value[])[]

/** Rows as they were found, one more than a page holds where there are more. */
type Asked<T extends Table, Item> = {
  readonly limit: number
  readonly itemOf: (row: Rows[T], values: readonly Value[]) => Item
}

/** A page of those that are as they were written; the others are named instead of shown. */
export function soundPage<T extends Table, Item>(
  table: T,
  found: Found,
  { limit, itemOf }: Asked<T, Item>,
): Omit<Page<Item>, 'total'> {
  const page = found.slice(0, limit)
  const damaged = page
    .filter((values) => !isSound(table, values))
    .map((values) => damageOf(table, values.slice(0, 1)).damaged)
  const sound = damaged.length === 0 ? page : page.filter((values) => isSound(table, values))
  return {
    items: sound.map((values) => itemOf(rowOf(table, values), values)),
    more: found.length > limit,
    ...(damaged.length > 0 && { damaged }),
  }
}

/** Rows that must all be sound for an answer to be one. Throws `Damage`. */
export function soundRows<T extends Table>(table: T, found: Found): readonly Rows[T][] {
  const bad = found.find((values) => !isSound(table, values))
  if (bad !== undefined) throw damageOf(table, bad.slice(0, 1))
  return found.map((values) => rowOf(table, values))
}
