import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type Connection, openForReading, openForWriting } from '../../storage/connection.ts'
import { createLookups } from '../../storage/lookups.ts'
import { migrate, type Migration, migrations, schemaVersion } from '../../storage/migrations.ts'
import { openStore } from '../../storage/open.ts'
import { createTurns } from '../../storage/turn.ts'
import { rows } from './everything.ts'
import { temporaryFolder } from './folder.ts'

const newest = migrations.at(-1)?.version ?? 0
const later: Migration = {
  version: newest + 1,
  statements: [
    'CREATE TABLE additions (a INTEGER NOT NULL) STRICT',
    'ALTER TABLE tokens ADD COLUMN note TEXT',
    'CREATE INDEX additions_by_a ON additions (a)',
  ],
}

test('schemas are numbered from one without gaps', () => {
  expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1))
})

test('a new file gets the newest schema and no backup, and a second start changes nothing', () => {
  const { db, backups } = empty()
  expect(migrate(db, backups)).toEqual({ ok: true, from: 0, to: newest })
  const schema = schemaOf(db)
  expect(migrate(db, backups)).toEqual({ ok: true, from: newest, to: newest })
  expect(schemaOf(db)).toEqual(schema)
  expect(existsSync(backups)).toBe(false)
})

// The newest is frozen into a fixture when it is released: until then it may still change.
for (const { version } of migrations.slice(0, -1))
  test(`a file of schema ${version} comes to the newest schema with its rows`, () => {
    const { db, backups } = empty()
    db.exec(
      readFileSync(join(import.meta.dirname, `../fixtures/storage/schema-${version}.sql`), 'utf8'),
    )
    expect(schemaVersion(db)).toBe(version)
    expect(migrate(db, backups).ok).toBe(true)
    const fresh = empty()
    migrate(fresh.db, fresh.backups)
    expect(schemaOf(db)).toEqual(schemaOf(fresh.db))
    const lookups = createLookups(db)
    expect(lookups.host('0190aaaa-0000-7000-8000-000000000001')).toMatchObject({
      serial: 'C02XG0AAJGH5',
      mdm: 'enrolled.ready',
    })
    expect(lookups.openCommands('0190aaaa-0000-7000-8000-000000000001')).toHaveLength(1)
    expect(db.prepare('PRAGMA integrity_check').raw().all([])).toEqual([['ok']])
  })

test('before a schema changes, the file as it was is kept beside it', () => {
  const { db, backups } = empty()
  migrate(db, backups)
  createTurns(db).apply([{ put: 'token', row: rows.token }], [])
  const before = schemaOf(db)
  migrate(db, backups, [...migrations, later])
  const copy = openForReading(join(backups, `muster-before-${later.version}.db`))
  onTestFinished(() => copy.close())
  expect(schemaVersion(copy)).toBe(newest)
  expect(schemaOf(copy)).toEqual(before)
  expect(createLookups(copy).tokens()).toMatchObject([{ id: 't1' }])
  expect(schemaVersion(db)).toBe(later.version)
})

for (const [index, statement] of later.statements.entries())
  test(`a migration that stops at "${statement}" changes nothing, and the next start completes it`, () => {
    const { db, backups } = empty()
    migrate(db, backups)
    const before = schemaOf(db)
    const broken = { ...later, statements: [...later.statements.slice(0, index), 'NOT SQL'] }
    expect(() => migrate(db, backups, [...migrations, broken])).toThrow()
    expect(schemaOf(db)).toEqual(before)
    expect(schemaVersion(db)).toBe(newest)
    expect(migrate(db, backups, [...migrations, later])).toMatchObject({
      ok: true,
      to: later.version,
    })
  })

test('a file of a newer schema is refused at start in one sentence, and left alone', async () => {
  const folder = temporaryFolder()
  const db = openForWriting(join(folder, 'muster.db'))
  migrate(db, join(folder, 'backup'), [...migrations, later])
  db.close()
  await expect(openStore({ folder, onFatal: () => undefined })).rejects.toThrow(
    `The database was written by a newer Muster (its schema is ${later.version}, this version knows up to ${newest}): start that version, or restore a backup made before the upgrade.`,
  )
  const reading = openForReading(join(folder, 'muster.db'))
  onTestFinished(() => reading.close())
  expect(schemaVersion(reading)).toBe(later.version)
})

test('a file that is no database is refused', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'muster.db'), 'a letter to the editor '.repeat(100))
  await expect(openStore({ folder, onFatal: () => undefined })).rejects.toThrow(
    /^The database .* is damaged \(file is not a database\): restore a backup, or .*\.$/,
  )
})

function empty(): { readonly db: Connection; readonly backups: string } {
  const folder = temporaryFolder()
  const db = openForWriting(join(folder, 'muster.db'))
  onTestFinished(() => db.close())
  return { db, backups: join(folder, 'backup') }
}

const schemaOf = (db: Connection) =>
  db.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY type, name').raw().all([])
