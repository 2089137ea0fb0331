import { expect, onTestFinished, test } from 'vitest'
import { checksumOf } from '../../storage/checksum.ts'
import { columns, type Table } from '../../storage/columns.ts'
import { openForWriting } from '../../storage/connection.ts'
import { migrate } from '../../storage/migrations.ts'
import { join } from 'node:path'
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
    expect(checksumOf(one)).not.toBe(checksumOf(other))
  })

test('a text that SQLite gives back otherwise than it came has the checksum of what comes back', () => {
  const db = openForWriting(join(temporaryFolder(), 'texts.db'))
  onTestFinished(() => db.close())
  db.exec('CREATE TABLE texts (text TEXT) STRICT')
  for (const text of ['plain', 'half a pair \ud800', 'cut\0off', '\u{1F5A5}', '\u0001']) {
    db.prepare('INSERT INTO texts VALUES (?)').run([text])
    const read = db.prepare('SELECT text FROM texts').raw().get([]) ?? []
    expect(checksumOf(read)).toBe(checksumOf([text]))
    db.exec('DELETE FROM texts')
  }
})

test('every table with rows of its own has a checksum, but for the presence times', () => {
  const folder = temporaryFolder()
  const db = openForWriting(join(folder, 'muster.db'))
  onTestFinished(() => db.close())
  migrate(db, folder)
  const vouched = db
    .prepare(`SELECT m.name FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS c
      WHERE m.type = 'table' AND c.name = 'checksum' AND c."notnull" = 1`)
    .raw()
    .all([])
    .map(([name]) => String(name))
  const tables = (Object.keys(columns) as Table[]).filter((table) => table !== 'last_seen')
  expect(vouched.toSorted()).toEqual(tables.toSorted())
})
