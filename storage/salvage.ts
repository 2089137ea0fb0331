// Reads what can be read of a damaged table, whatever its indexes say, and names what cannot.
import { isMalformed, isSound } from './checksum.ts'
import { columns, type Table, type Value } from './columns.ts'
import type { Connection, Statement } from './connection.ts'
import { number, storedList, storedRow, text } from './stored.ts'
import { treesOf } from './trees.ts'

export type Salvaged =
  /** As it was written. `rowid` is null in tables that have none. */
  | { readonly kind: 'sound'; readonly rowid: number | null; readonly values: readonly Value[] }
  /** Read, and not as it was written. */
  | { readonly kind: 'unsound'; readonly rowid: number | null; readonly values: readonly Value[] }
  /** Rows that cannot be read at all, in words. */
  | { readonly kind: 'gap'; readonly where: string }

/** Tables that lie in the order of their key. All others lie in the order of a rowid. */
const keys: Partial<Readonly<Record<Table, readonly string[]>>> = {
  hosts: ['id'],
  last_seen: ['host_id'],
  alarms: ['host_id', 'name'],
  claims: ['kind', 'value', 'host_id'],
  enrollments: ['key'],
  agents: ['node_key_hash'],
}

const rowsAtOnce = 500

type Rows = readonly (readonly Value[])[]

/** Past this no rowid is looked for. */
const rowidMost = 2 ** 40

/** Rows that were taken away between two rows that are there. */
const leapMax = 2 ** 32

export function* salvage(db: Connection, table: Table): Generator<Salvaged> {
  const key = keys[table]
  if (key === undefined) yield* byRowid(db, table)
  else yield* byKey(db, table, key)
}

function salvagedRow(table: Table, rowid: number | null, found: readonly Value[]): Salvaged {
  const values = storedRow(table, found)
  return { kind: isSound(table, values) ? 'sound' : 'unsound', rowid, values }
}

/** A page that makes no sense takes a stretch of rowids with it: the first behind it is found by halving. */
function* byRowid(db: Connection, table: Table): Generator<Salvaged> {
  const read = db
    .prepare(
      `SELECT ${number('rowid')}, ${storedList(table)} FROM ${table} NOT INDEXED WHERE rowid >= ? ORDER BY rowid LIMIT ?`,
    )
    .raw()
  for (let from: number | undefined = 0; from !== undefined;) {
    const rows: Rows | undefined = tryAll(read, [from, rowsAtOnce]) ?? tryAll(read, [from, 1])
    if (rows !== undefined) {
      for (const [rowid, ...found] of rows) yield salvagedRow(table, Number(rowid), found)
      from =
        rows.length === 0
          ? undefined
          : behind(
              rows.map(([rowid]) => Number(rowid)),
              from,
            )
    } else {
      const next = behindGap((at) => tryAll(read, [at, 1]) !== undefined, from)
      const until = next === undefined ? 'on' : `to ${next - 1}`
      yield { kind: 'gap', where: `rows from ${from} ${until}` }
      from = next
    }
  }
}

/** A rowid may be damaged as well: one that is far ahead of the one before it is not believed. */
function behind(rowids: readonly number[], from: number): number {
  let last = from
  for (const rowid of rowids) if (rowid >= last && rowid - last < leapMax) last = rowid
  return last + 1
}

/** The least number above `from` from which something can be read again. */
function behindGap(isReadable: (at: number) => boolean, from: number): number | undefined {
  let step = 1
  while (!isReadable(from + step)) {
    step *= 2
    if (step > rowidMost) return undefined
  }
  let [bad, good] = [from + Math.floor(step / 2), from + step]
  while (good - bad > 1) {
    const middle = Math.floor((bad + good) / 2)
    if (isReadable(middle)) good = middle
    else bad = middle
  }
  return good
}

type Keyed = { readonly table: Table; readonly key: readonly string[]; readonly seen: Set<string> }

/** In order as far as that goes; what lies behind is looked up by the keys that its indexes name. */
function* byKey(db: Connection, table: Table, key: readonly string[]): Generator<Salvaged> {
  const keyed: Keyed = { table, key, seen: new Set() }
  const isWhole = yield* walked(db, keyed)
  if (!isWhole) yield* lookedUp(db, keyed)
}

/** True at the end of the table. Goes on by the keys of sound rows alone: another may say anything. */
function* walked(db: Connection, { table, key, seen }: Keyed): Generator<Salvaged, boolean> {
  const names = key.join(', ')
  const walk = db
    .prepare(
      `SELECT ${storedList(table)} FROM ${table} WHERE (${names}) > (${key.map(() => '?').join(', ')}) ORDER BY ${names} LIMIT ? OFFSET ?`,
    )
    .raw()
  const places = key.map((name) => (columns[table] as readonly string[]).indexOf(name))
  let after: readonly Value[] = key.map(() => '')
  let offset = 0
  for (;;) {
    const rows = tryAll(walk, [...after, rowsAtOnce, offset]) ?? tryAll(walk, [...after, 1, offset])
    if (rows === undefined) {
      yield { kind: 'gap', where: `rows behind ${after.join(' ') || 'the first'}` }
      return false
    }
    if (rows.length === 0) return true
    offset += rows.length
    for (const [nth, found] of rows.entries()) {
      const row = salvagedRow(table, null, found)
      yield row
      if (row.kind !== 'sound') continue
      after = places.map((place) => row.values[place] ?? '')
      offset = rows.length - 1 - nth
      seen.add(JSON.stringify(after))
    }
  }
}

function* lookedUp(db: Connection, { table, key, seen }: Keyed): Generator<Salvaged> {
  const one = db
    .prepare(
      `SELECT ${storedList(table)} FROM ${table} WHERE (${key.join(', ')}) = (${key.map(() => '?').join(', ')})`,
    )
    .raw()
  for (const wanted of keysInIndexes(db, table, key)) {
    const id = JSON.stringify(wanted)
    if (seen.has(id)) continue
    seen.add(id)
    const [found] = tryAll(one, wanted) ?? []
    yield found === undefined
      ? { kind: 'gap', where: `the row ${wanted.join(' ')}` }
      : salvagedRow(table, null, found)
  }
}

/** Each index of such a table holds the whole key. */
function keysInIndexes(
  db: Connection,
  table: Table,
  key: readonly string[],
): readonly (readonly Value[])[] {
  const indexes = treesOf(db).filter((tree) => tree.isIndex && tree.table === table)
  return indexes.flatMap(({ name }) => {
    // A partial index cannot be asked for all: SQLite refuses, and another one may do.
    const read = attempt(() =>
      db.prepare(`SELECT ${key.map(text).join(', ')} FROM ${table} INDEXED BY ${name}`).raw(),
    )
    return (read && tryAll(read, []))?.map((row) => row.map(String)) ?? []
  })
}

function attempt<Value>(make: () => Value): Value | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}

/** Undefined where a page on the way makes no sense. */
function tryAll(statement: Statement, values: readonly Value[]): Rows | undefined {
  try {
    return statement.all(values)
  } catch (error) {
    if (!isMalformed(error)) throw error
    return undefined
  }
}
