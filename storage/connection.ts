import Database from 'libsql'
import type { Value } from './columns.ts'

/** The part of libsql's synchronous API used here, typed by what it really gives. */
export type Statement = {
  run(values: readonly Value[]): { readonly changes: number; readonly lastInsertRowid: number }
  get(values: readonly Value[]): readonly Value[] | undefined
  all(values: readonly Value[]): readonly (readonly Value[])[]
  /** One row after the other, for tables that do not fit in memory. */
  iterate(values: readonly Value[]): IterableIterator<readonly Value[]>
  /** Rows as arrays: without it `get` adds a `_metadata` key. */
  raw(): Statement
}
export type Connection = {
  readonly inTransaction: boolean
  prepare(sql: string): Statement
  exec(sql: string): void
  close(): void
}

/** Pages of WAL before the writer checkpoints, 4 kB each: 16 MB keeps reads short and amortises the sync of the file. */
const walPages = 4096
const cacheKiB = 65_536

// What each PRAGMA is set to, and what it reads back as. SQLite ignores an unknown or misspelt PRAGMA
// without a word, so a setting counts only once it was read back.
const writing = [
  ['journal_mode', 'WAL', 'wal'],
  // Every COMMIT is on disk before it returns. Anything less loses acknowledged events with the power.
  ['synchronous', 'FULL', 2],
  ['wal_autocheckpoint', walPages, walPages],
  ['cache_size', -cacheKiB, -cacheKiB],
  ['temp_store', 'MEMORY', 2],
  ['trusted_schema', 'OFF', 0],
  ['cell_size_check', 'ON', 1],
  // Deleted secrets are overwritten where that costs no further write.
  ['secure_delete', 'FAST', 2],
] as const
const reading = [
  ['query_only', 'ON', 1],
  ['cache_size', -cacheKiB, -cacheKiB],
  ['temp_store', 'MEMORY', 2],
  ['trusted_schema', 'OFF', 0],
  ['cell_size_check', 'ON', 1],
] as const

/** The one connection that writes and checkpoints. Creates the file. */
export function openForWriting(path: string): Connection {
  return withPragmas(open(path, 'rwc'), writing)
}

/**
 * A connection that can neither write nor checkpoint, whatever it is asked.
 *
 * libsql ignores its `readonly` option; `mode=ro` in the file's URI is what SQLite obeys. This matters beyond
 * manners: SQLite 3.45 can corrupt a WAL when one connection checkpoints while another writes.
 */
export function openForReading(path: string): Connection {
  return withPragmas(open(path, 'ro'), reading)
}

/**
 * As `openForReading`, for `VACUUM INTO`: that writes another file, which `query_only` would refuse.
 *
 * `mode=ro` still refuses every write to the database itself.
 */
export function openForCopying(path: string): Connection {
  return withPragmas(
    open(path, 'ro'),
    reading.filter(([name]) => name !== 'query_only'),
  )
}

/** What a connection is set to, by name; for the start's log and tests. */
export function pragmasOf(db: Connection): Readonly<Record<string, Value>> {
  const names = [...new Set([...writing, ...reading].map(([name]) => name))]
  return Object.fromEntries(names.map((name) => [name, pragma(db, name)]))
}

function open(path: string, mode: 'ro' | 'rwc'): Connection {
  const encoded = path.split('/').map(encodeURIComponent).join('/')
  // libsql's own types say `unknown` for rows; `Connection` states what the tests see it return.
  return new Database(`file:${encoded}?mode=${mode}`) as unknown as Connection
}

function withPragmas(
  db: Connection,
  settings: readonly (readonly [name: string, value: string | number, readBack: string | number])[],
): Connection {
  for (const [name, value, readBack] of settings) {
    db.exec(`PRAGMA ${name} = ${value}`)
    const found = pragma(db, name)
    if (found !== readBack)
      throw new Error(`PRAGMA ${name} is ${String(found)} and not ${readBack}`)
  }
  return db
}

function pragma(db: Connection, name: string): Value {
  return db.prepare(`PRAGMA ${name}`).raw().get([])?.[0] ?? null
}
