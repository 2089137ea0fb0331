import { columns, rowOf, type Rows, type Table, type Value } from './columns.ts'
import type { Connection } from './connection.ts'

/** Prepares reads of whole rows: the first that fits, or all in the order the condition ends with. */
export type Reads = {
  one<T extends Table>(
    table: T,
    where: string,
    index?: string,
  ): (...values: readonly Value[]) => Rows[T] | undefined
  many<T extends Table>(
    table: T,
    where: string,
    index?: string,
  ): (...values: readonly Value[]) => readonly Rows[T][]
}

export const createReads = (db: Connection): Reads => ({
  one(table, where, index) {
    const statement = db.prepare(select(table, where, index)).raw()
    return (...values) => {
      const found = statement.get(values)
      return found === undefined ? undefined : rowOf(table, found)
    }
  },
  many(table, where, index) {
    const statement = db.prepare(select(table, where, index)).raw()
    return (...values) => statement.all(values).map((found) => rowOf(table, found))
  },
})

const select = (table: Table, where: string, index: string = ''): string =>
  `SELECT ${columns[table].join(', ')} FROM ${table} ${index} WHERE ${where}`
