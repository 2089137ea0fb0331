import { storedColumns } from './checksum.ts'
import { columns, type Value } from './columns.ts'
import type { Connection, Statement } from './connection.ts'

/**
 * Sets only the columns that differ. SQLite rewrites every index over a column that an UPDATE names, changed
 * or not, and the listed tables carry many indexes.
 */
export function createChangedUpdates(
  db: Connection,
  table: 'commands' | 'hosts',
  extra: readonly string[] = [],
): (old: readonly Value[], next: readonly Value[]) => void {
  const names: readonly string[] = [...storedColumns(table), ...extra]
  const [key] = columns[table]
  const statements = new Map<string, Statement>()
  const statementFor = (changed: readonly number[]): Statement => {
    const id = changed.join()
    const known = statements.get(id)
    if (known !== undefined) return known
    const set = changed.map((index) => `${names[index]} = ?`).join(', ')
    const statement = db.prepare(`UPDATE ${table} SET ${set} WHERE ${key} = ?`)
    statements.set(id, statement)
    return statement
  }
  const allColumns = [...names.keys()]
  return (old, next) => {
    const differing = allColumns.filter((index) => old[index] !== next[index])
    if (differing.length === 0) return
    const known = statements.size < changedSetsMax || statements.has(differing.join())
    const changed = known ? differing : allColumns
    statementFor(changed).run([...changed.map((index) => next[index] ?? null), next[0] ?? null])
  }
}

/** Distinct sets of changed columns kept as statements; a real host has a few dozen, past that all columns are set. */
const changedSetsMax = 256
