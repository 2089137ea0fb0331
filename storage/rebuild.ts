// Makes damaged indexes and counters anew from sound tables, in the running server's own connection.
import { storedColumns } from './checksum.ts'
import type { Table, Value } from './columns.ts'
import { type Connection, openForReading } from './connection.ts'
import { fill } from './counters.ts'
import { salvage, type Salvaged } from './salvage.ts'
import { isRemade, isSavable, type Remade, type Tree, treesOf } from './trees.ts'

/** A line for each of what was made anew or could not be. */
export type Rebuilt = { readonly name: string; readonly failure?: string }

/** Tables that others are counted from come first. */
const order: readonly string[] = ['last_seen', 'host_counts']
const rankOf = (name: string): number =>
  (order.indexOf(name) + order.length + 1) % (order.length + 1)

/**
 * Each in a transaction of its own. A table of the names given is emptied first.
 *
 * SQLite cannot drop or clear a tree whose pages make no sense. So the tree gets a new root, and its old pages stay
 * behind in the file as space that nothing uses.
 */
export function rebuild(db: Connection, names: readonly string[]): readonly Rebuilt[] {
  const known = treesOf(db).filter(({ name }) => names.includes(name))
  const remade = known.filter(
    ({ name, isIndex }) => !isIndex && (isRemade(name) || isSavable(name)),
  )
  const tables = new Set(remade.map(({ name }) => name))
  // Indexes of a table that is filled again are filled with it.
  const indexes = known.filter(({ isIndex, table }) => isIndex && !tables.has(table))
  return [
    ...indexes.map((tree) => attempt(db, tree.name, () => reindex(db, tree))),
    ...remade
      .toSorted((one, other) => rankOf(one.name) - rankOf(other.name))
      .map(({ name }) =>
        attempt(db, name, () => (isSavable(name) ? save(db) : refill(db, name as Remade))),
      ),
  ]
}

function attempt(db: Connection, name: string, change: () => void): Rebuilt {
  try {
    db.exec('BEGIN IMMEDIATE')
    change()
    db.exec('COMMIT')
    return { name }
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK')
    return { name, failure: error instanceof Error ? error.message : String(error) }
  } finally {
    // Reads the schema again as it is on the disk now.
    db.exec('PRAGMA writable_schema = RESET')
  }
}

function reindex(db: Connection, tree: Tree): void {
  giveRoot(db, tree.name, 'index')
  db.exec(`REINDEX "${tree.name}"`)
}

/** In a connection of its own: one that met a page that makes no sense cannot commit what it was about to write. */
function salvaged(db: Connection, table: Table): readonly Salvaged[] {
  const path = db.prepare('PRAGMA database_list').raw().get([])?.[2]
  const reading = openForReading(String(path))
  try {
    return [...salvage(reading, table)]
  } finally {
    reading.close()
  }
}

/** Every sound row that can be read, in the order of the rowids: that is the order in which they are sent. */
function save(db: Connection): void {
  const table = 'webhook_deliveries'
  const rows = salvaged(db, table).flatMap((row) => (row.kind === 'sound' ? [row] : []))
  for (const { name, table: of, isIndex } of treesOf(db))
    if (of === table) giveRoot(db, name, isIndex ? 'index' : 'table')
  const names = ['rowid', ...storedColumns(table)]
  const insert = db.prepare(
    `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
  )
  for (const { rowid, values } of rows) insert.run([rowid, ...values])
}

/** When hosts were last heard of, as far as it can be read and can be true. */
function seenTimes(db: Connection): readonly (readonly Value[])[] {
  const isTime = (value: Value | undefined): boolean =>
    value === null || (typeof value === 'number' && value > 0 && value < timeMost)
  return salvaged(db, 'last_seen').flatMap((row) => {
    if (row.kind === 'gap') return []
    const [id = null, ...times] = row.values
    const kept = times.slice(0, 3)
    return typeof id === 'string' && kept[0] !== null && kept.every(isTime) ? [[...kept, id]] : []
  })
}

/** The year 2100: a presence beyond is damage. */
const timeMost = 4_102_444_800_000

/** The table and its indexes; and what its triggers count would be counted twice otherwise. */
function refill(db: Connection, table: Remade): void {
  const trees = treesOf(db)
  const times = table === 'last_seen' ? seenTimes(db) : []
  const counted = table === 'last_seen' ? ['last_seen', 'seen_counts'] : [table]
  const kinds = new Map<string, 'index' | 'table'>([
    ['host_counts', 'table'],
    ['sqlite_sequence', 'table'],
    ['clock', 'table'],
  ])
  for (const { name, table: of, isIndex } of trees)
    if (counted.includes(of)) giveRoot(db, name, isIndex ? 'index' : (kinds.get(name) ?? 'index'))
  fill(db, table)
  const seen = db.prepare(
    'UPDATE last_seen SET at = ?, mdm_at = ?, osquery_at = ? WHERE host_id = ?',
  )
  for (const values of times) seen.run(values)
}

const scratch = 'muster_scratch'

/** An empty tree under an existing name. Tables WITHOUT ROWID are indexes to SQLite. */
function giveRoot(db: Connection, name: string, kind: 'index' | 'table'): void {
  db.exec(
    kind === 'index'
      ? `CREATE TABLE ${scratch} (key TEXT PRIMARY KEY) STRICT, WITHOUT ROWID`
      : `CREATE TABLE ${scratch} (key INTEGER PRIMARY KEY) STRICT`,
  )
  db.exec('PRAGMA writable_schema = ON')
  db.prepare(
    `UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master WHERE name = '${scratch}') WHERE name = ?`,
  ).run([name])
  db.exec(`DELETE FROM sqlite_master WHERE name = '${scratch}'`)
  db.exec('PRAGMA writable_schema = RESET')
}
