import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { checksumOf } from '../../storage/checksum.ts'
import { columns, type Table } from '../../storage/columns.ts'
import { type Connection, openForReading, openForWriting } from '../../storage/connection.ts'
import { createLookups } from '../../storage/lookups.ts'
import { migrate } from '../../storage/migrations.ts'
import { createTurns } from '../../storage/turn.ts'
import { rows } from './everything.ts'
import { commandRow } from './rows.ts'
import { temporaryFolder } from './folder.ts'

// prettier-ignore
const differing = [
  ['nothing and an empty text',      [null],                   ['']],
  ['text and the bytes of it',       ['ab'],                   [Buffer.from('ab')]],
  ['two values and their whole',     ['a', 'b'],               ['ab', '']],
  ['a value in another column',      ['a', null],              [null, 'a']],
  ['one bit of a number',            [1_700_000_000_000],      [1_700_000_000_001]],
  ['one letter of a long text',      [`${'x'.repeat(999)}y`],  [`${'x'.repeat(999)}z`]],
  ['bytes that end otherwise',       [Buffer.from([1, 2])],    [Buffer.from([1, 3])]],
] as const
for (const [what, one, other] of differing)
  test(`${what} have different checksums`, () => {
    expect(checksumOf('hosts', one)).not.toBe(checksumOf('hosts', other))
  })

test('the same values in two tables have different checksums', () => {
  expect(checksumOf('hosts', ['a'])).not.toBe(checksumOf('claims', ['a']))
})

test('whatever text is written comes back sound', () => {
  const db = migrated()
  const { token } = { token: () => createLookups(db).tokens()[0] }
  for (const name of ['plain', 'half a pair \ud800', 'cut\0off', '\u{1F5A5}', '\u0001', '"\\']) {
    createTurns(db).apply([{ put: 'token', row: { ...rows.token, name } }], [])
    expect(token()?.name.replace('\ufffd', '\ud800')).toBe(name)
  }
})

test('every table with rows of its own has a checksum, but for the presence times', () => {
  const db = migrated()
  const vouched = db
    .prepare(`SELECT m.name FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS c
      WHERE m.type = 'table' AND c.name = 'checksum' AND c."notnull" = 1`)
    .raw()
    .all([])
    .map(([name]) => String(name))
  const tables = (Object.keys(columns) as Table[]).filter((table) => table !== 'last_seen')
  expect(vouched.toSorted()).toEqual(tables.toSorted())
})

test('a row of which a single bit is another is not given back, whatever that makes of its text', () => {
  const db = migrated()
  const lookups = createLookups(db)
  createTurns(db).apply([{ put: 'enrollment_link', row: rows.enrollment_link }], [])
  // No UTF-8: libsql would end the process if it were given this as text.
  db.exec(`UPDATE enrollment_links SET name = CAST(x'6f66a0' AS TEXT)`)
  expect(() => lookups.enrollmentLink('l1')).toThrow(
    /^The database is damaged in a row of enrollment_links l1/,
  )
  expect(lookups.enrollmentLinks()).toEqual([])
})

test('a damaged name of a command is as none, so that no list of commands ends at it', () => {
  const db = migrated()
  const lookups = createLookups(db)
  createTurns(db).apply([{ put: 'command_name', row: rows.command_name }], [])
  expect(lookups.commandName('c1')).toEqual(rows.command_name)
  db.exec(`UPDATE command_names SET name = 'another'`)
  expect(lookups.commandName('c1')).toBeUndefined()
  expect(lookups.commandsNamed('another', 9)).toEqual([])
})

test('damaged rows take nobody else off a list that has a length', () => {
  const db = migrated()
  const lookups = createLookups(db)
  const names = ['a', 'b', 'c', 'd', 'e']
  createTurns(db).apply(
    names.map((name, nth) => ({ put: 'alarm', row: { host_id: 'h1', name, due_at: 100 + nth } })),
    [],
  )
  db.exec(`UPDATE alarms SET due_at = due_at - 50 WHERE name IN ('a', 'c')`)
  const due = (limit: number) => lookups.dueAlarms(1_000, limit).map(({ name }) => name)
  expect([due(1), due(2), due(9)]).toEqual([['b'], ['b', 'd'], ['b', 'd', 'e']])
})

test('a row that an index leads to by mistake is not taken for the one that was asked for', () => {
  const db = migrated()
  const lookups = createLookups(db)
  createTurns(db).apply(
    [
      { put: 'command', row: commandRow('c1') },
      { put: 'command', row: commandRow('c2') },
    ],
    [],
  )
  db.exec('PRAGMA writable_schema = ON')
  // The index over UUIDs is told that it is over another table's worth of rows: what it finds belongs to c2.
  db.exec(`CREATE TABLE swapped (command_uuid TEXT PRIMARY KEY) STRICT;
    INSERT INTO swapped (rowid, command_uuid) SELECT 3 - rowid, command_uuid FROM commands;
    UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_swapped_1')
      WHERE name = 'sqlite_autoindex_commands_1'`)
  const path = String(db.prepare('PRAGMA database_list').raw().get([])?.[2])
  const reading = openForReading(path)
  onTestFinished(() => reading.close())
  expect(() => createLookups(reading).command('c1')).toThrow(/damaged in a row of commands c1/)
  expect(lookups.openCommands('h1')).toHaveLength(2)
})

function migrated(): Connection {
  const folder = temporaryFolder()
  const db = openForWriting(join(folder, 'muster.db'))
  onTestFinished(() => db.close())
  migrate(db, folder)
  return db
}
