import { checksumOf, isSummed } from './checksum.ts'
import { columns, type Table, type Value } from './columns.ts'
import type { Connection } from './connection.ts'
import { storedList, storedRow } from './stored.ts'

/** Rows read before any of them is written: some megabytes at most. */
const atOnceMax = 1_000

/**
 * Vouches for every row as it is now. For a database from before there were checksums; on any other it would hide
 * what is damaged. The caller owns the transaction.
 */
export function fillChecksums(db: Connection): void {
  for (const table of Object.keys(columns) as Table[]) if (isSummed(table)) fill(db, table)
}

function fill(db: Connection, table: Table): void {
  const key = keyOf(db, table)
  const keys = key.join(', ')
  const places = key.map(() => '?').join(', ')
  const read = (where: string) =>
    db
      .prepare(
        `SELECT ${storedList(table)}, ${key[0] === 'rowid' ? 'rowid' : 'NULL'}
         FROM ${table} ${where} ORDER BY ${keys} LIMIT ?`,
      )
      .raw()
  const [first, after] = [read(''), read(`WHERE (${keys}) > (${places})`)]
  const update = db.prepare(`UPDATE ${table} SET checksum = ? WHERE (${keys}) = (${places})`)
  const at = key.map((name) => columns[table].indexOf(name as never))
  let found = first.all([atOnceMax])
  while (found.length > 0) {
    let last: readonly Value[] = []
    for (const one of found) {
      const values = storedRow(table, one).slice(0, columns[table].length)
      last = at.map((index) => (index === -1 ? one.at(-1) : values[index]) ?? null)
      update.run([checksumOf(table, values), ...last])
    }
    found = found.length < atOnceMax ? [] : after.all([...last, atOnceMax])
  }
}

/** The columns a table's rows are in order of. */
function keyOf(db: Connection, table: Table): readonly string[] {
  const keyed = db
    .prepare(`SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk`)
    .raw()
    .all([table])
    .map(([name]) => String(name))
  const [listed] = db.prepare('SELECT wr FROM pragma_table_list WHERE name = ?').raw().all([table])
  return listed?.[0] === 1 ? keyed : ['rowid']
}
