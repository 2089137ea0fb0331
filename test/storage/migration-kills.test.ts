// A process that is killed while it migrates leaves the file as it was, or as it is to be.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { type Connection, openForReading, openForWriting } from '../../storage/connection.ts'
import { migrate, migrations, schemaVersion } from '../../storage/migrations.ts'
import { temporaryFolder } from './folder.ts'

const script = fileURLToPath(new URL('./migrating-process.ts', import.meta.url))
const newest = migrations.at(-1)?.version ?? 0

/** Each kill starts a process: all of them for a release, a spread of them otherwise. */
const killsMax = process.env['MIGRATION_KILLS'] === 'all' ? Number.POSITIVE_INFINITY : 8

test('a migration killed before any of its statements starts over and gives the same schema and rows', () => {
  const folder = temporaryFolder()
  const former = join(folder, 'schema-1.db')
  const filling = openForWriting(former)
  filling.exec(readFileSync(join(import.meta.dirname, '../fixtures/storage/schema-1.sql'), 'utf8'))
  filling.prepare('PRAGMA wal_checkpoint(TRUNCATE)').raw().all([])
  filling.close()
  const whole = copyOf(former, join(folder, 'whole'))
  const statements = Number(migrateIn(whole, 0).stdout)
  const right = contentsOf(whole)
  expect(statements).toBeGreaterThan(40)

  const kills = Math.min(statements, killsMax)
  for (let kill = 0; kill < kills; kill += 1) {
    const nth = 1 + Math.round((kill * (statements - 1)) / Math.max(1, kills - 1))
    const path = copyOf(former, join(folder, `killed-${nth}`))
    expect(migrateIn(path, nth).signal, `before statement ${nth}`).toBe('SIGKILL')
    expectWholeBackups(join(path, '..', 'backup'))
    const db = openForWriting(path)
    expect([1, newest]).toContain(schemaVersion(db))
    expect(migrate(db, join(path, '..', 'backup')).ok).toBe(true)
    db.close()
    expect(contentsOf(path), `before statement ${nth}`).toEqual(right)
    expectWholeBackups(join(path, '..', 'backup'), 1)
  }
}, 120_000)

function copyOf(from: string, folder: string): string {
  mkdirSync(folder)
  const path = join(folder, 'muster.db')
  copyFileSync(from, path)
  return path
}

function migrateIn(path: string, nth: number) {
  const backups = join(path, '..', 'backup')
  return spawnSync(process.execPath, [script, path, backups, String(nth)], { encoding: 'utf8' })
}

/** The schema and every row of every table, each in its order. */
function contentsOf(path: string) {
  const db = openForReading(path)
  try {
    const all = (sql: string): ReturnType<ReturnType<Connection['prepare']>['all']> =>
      db.prepare(sql).raw().all([])
    expect(all('PRAGMA integrity_check')).toEqual([['ok']])
    const schema = all('SELECT type, name, sql FROM sqlite_schema ORDER BY type, name')
    const tables = schema.filter(([type]) => type === 'table').map(([, name]) => String(name))
    const rows = tables.map((table) => [table, all(`SELECT * FROM ${table} ORDER BY 1, 2`)])
    return { version: schemaVersion(db), schema, rows }
  } finally {
    db.close()
  }
}

/** A copy has its name only once it is whole, and is of the schema before. */
function expectWholeBackups(folder: string, least = 0): void {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.db')) : []
  expect(names.length).toBeGreaterThanOrEqual(least)
  for (const name of names) {
    const db = openForReading(join(folder, name))
    expect(schemaVersion(db)).toBe(1)
    expect(db.prepare('PRAGMA integrity_check').raw().all([])).toEqual([['ok']])
    db.close()
  }
}
