import { join } from 'node:path'
import { type Connection, openForReading } from '../../storage/connection.ts'

/** What a server has on disk, read beside it. Close it before the server ends. */
export type Database = {
  /** Rows of every table: equal before and after exactly if nothing was written in between. */
  rows(): Readonly<Record<string, number>>
  one(sql: string): unknown
  close(): void
}

/** When somebody was last heard of is remembered in batches, whatever they said. */
const outside = new Set(['last_seen', 'tokens'])

export function openDatabase(folder: string): Database {
  const db: Connection = openForReading(join(folder, 'muster.db'))
  const tables = db
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    .raw()
    .all([])
    .map(([name]) => String(name))
    .filter((name) => !outside.has(name))
  const one = (sql: string): unknown => db.prepare(sql).raw().get([])?.[0]
  return {
    one,
    rows: () =>
      Object.fromEntries([
        ...tables.map((name) => [name, Number(one(`SELECT count(*) FROM "${name}"`))]),
        ['host turns', Number(one('SELECT coalesce(sum(version), 0) FROM host_actors'))],
      ]),
    close: () => db.close(),
  }
}
