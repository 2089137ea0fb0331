import { damageOf, isSound } from './checksum.ts'
import { rowOf, type Rows, type Table, type Value } from './columns.ts'
import type { Page } from './queries.ts'
import { listedColumns, storedRow } from './stored.ts'

type Found = readonly (readonly Value[])[]

type Asked<T extends Table, Item> = {
  readonly limit: number
  /** `beside` is what was selected after the row's own columns. */
  readonly itemOf: (row: Rows[T], beside: readonly Value[]) => Item
}

/** Rows looked at for one page: as many damaged ones in a row, and the list fails instead of ending. */
const lookedAtMax = 65_536

/**
 * A page of those that are as they were written; the others are named instead of shown.
 *
 * `read` gives the first rows behind the cursor, as many as it is asked for. A page of which every row is damaged would
 * end the list, since its last item is where the next one begins: then it reads on.
 */
export function soundPage<T extends Table, Item>(
  table: T,
  read: (rows: number) => Found,
  { limit, itemOf }: Asked<T, Item>,
): Omit<Page<Item>, 'total'> {
  for (let wanted = limit; ; wanted *= 4) {
    const found = read(wanted + 1)
    const page = pageOf(table, found.slice(0, wanted), { limit, itemOf })
    const isAll = found.length <= wanted
    if (page.items.length > 0 || isAll) return { ...page, more: page.more || !isAll }
    const [first] = page.damaged ?? []
    if (wanted >= lookedAtMax) throw damageOf(table, first?.split(' ').slice(1) ?? [])
  }
}

function pageOf<T extends Table, Item>(
  table: T,
  found: Found,
  { limit, itemOf }: Asked<T, Item>,
): Omit<Page<Item>, 'total'> {
  const items: Item[] = []
  const damaged: string[] = []
  let looked = 0
  for (const one of found) {
    // The page begins with the first sound row, however many damaged ones come before it.
    if (items.length + damaged.length >= limit && items.length > 0) break
    looked += 1
    const values = storedRow(table, one)
    if (isSound(table, values))
      items.push(itemOf(rowOf(table, values), one.slice(listedColumns(table))))
    else damaged.push(damageOf(table, values.slice(0, 1)).damaged)
  }
  return { items, more: looked < found.length, ...(damaged.length > 0 && { damaged }) }
}

/** Rows that must all be sound for an answer to be one. Throws `Damage`. */
export function soundRows<T extends Table>(table: T, found: Found): readonly Rows[T][] {
  return found.map((one) => {
    const values = storedRow(table, one)
    if (!isSound(table, values)) throw damageOf(table, values.slice(0, 1))
    return rowOf(table, values)
  })
}
