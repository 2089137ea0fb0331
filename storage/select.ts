import type { Value } from './columns.ts'
import type { Connection, Statement } from './connection.ts'

/** Runs a query; rows come as arrays in the order of its columns. */
export type Select = (sql: string, values?: readonly Value[]) => readonly (readonly Value[])[]

/** Distinct statements kept prepared; filters give a few dozen shapes, past that all are let go. */
const statementsMax = 128

export function createSelect(db: Connection): Select {
  const statements = new Map<string, Statement>()
  return (sql, values = []) => {
    let statement = statements.get(sql)
    if (statement === undefined) {
      if (statements.size >= statementsMax) statements.clear()
      statement = db.prepare(sql).raw()
      statements.set(sql, statement)
    }
    return statement.all(values)
  }
}

/** A piece of SQL with the values it binds, so that both always travel together. */
export type Sql = { readonly text: string; readonly values: readonly Value[] }

export const sql = (text: string, ...values: readonly Value[]): Sql => ({ text, values })

/** All of the conditions; true when there are none. */
export function and(conditions: readonly (Sql | undefined)[]): Sql {
  return joined(conditions, ' AND ', 'true')
}

/** Any of the conditions; false when there are none. */
export function or(conditions: readonly (Sql | undefined)[]): Sql {
  return joined(conditions, ' OR ', 'false')
}

function joined(conditions: readonly (Sql | undefined)[], by: string, none: string): Sql {
  const given = conditions.filter((condition) => condition !== undefined)
  if (given.length === 0) return sql(none)
  const text = given.map((condition) => `(${condition.text})`).join(by)
  return sql(text, ...given.flatMap((condition) => condition.values))
}

/** The column is one of the values, however many: they travel as one JSON text, so the statement stays the same. */
export function isOneOf(column: string, values: readonly (string | number)[]): Sql {
  return sql(`${column} IN (SELECT value FROM json_each(?))`, JSON.stringify(values))
}

/** The number a query of one row and one column gives. */
export function numberOf(rows: readonly (readonly Value[])[]): number {
  return Number(rows[0]?.[0] ?? 0)
}
