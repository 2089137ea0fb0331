import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openForReading, openForWriting, pragmasOf } from '../../storage/connection.ts'
import { openConnections } from './connections.ts'
import { temporaryFolder } from './folder.ts'
import { hostRow, newHost } from './rows.ts'

test('the writing connection syncs every commit to a write-ahead log', () => {
  const { writing } = openConnections()
  expect(pragmasOf(writing)).toEqual({
    journal_mode: 'wal',
    synchronous: 2,
    wal_autocheckpoint: 4_096,
    cache_size: -65_536,
    temp_store: 2,
    trusted_schema: 0,
    cell_size_check: 1,
    secure_delete: 2,
    query_only: 0,
  })
})

for (const queryOnly of ['ON', 'OFF'])
  test(`a reading connection can neither write nor checkpoint with query_only ${queryOnly}`, () => {
    const folder = temporaryFolder()
    const path = join(folder, 'a.db')
    const writing = openForWriting(path)
    writing.exec('CREATE TABLE t (a); INSERT INTO t VALUES (1)')
    const reading = openForReading(path)
    onTestFinished(() => {
      reading.close()
      writing.close()
    })
    reading.exec(`PRAGMA query_only = ${queryOnly}`)
    const walBytes = statSync(`${path}-wal`).size
    const mainBytes = statSync(path).size
    expect(() => reading.exec('INSERT INTO t VALUES (2)')).toThrow(/readonly/)
    expect(() => reading.exec('PRAGMA wal_checkpoint(TRUNCATE)')).toThrow()
    expect(() => reading.exec('CREATE TABLE u (a)')).toThrow(/readonly/)
    expect(statSync(`${path}-wal`).size).toBe(walBytes)
    expect(statSync(path).size).toBe(mainBytes)
    expect(reading.prepare('SELECT a FROM t').raw().all([])).toEqual([[1]])
  })

test('a reading connection makes no file', () => {
  const path = join(temporaryFolder(), 'nothing.db')
  expect(() => openForReading(path)).toThrow()
})

for (const name of ['with space', 'with?mark', 'with#hash', 'with%25percent', 'wîth-ünicode'])
  test(`a folder called ${name} is opened under just that name`, () => {
    const path = join(temporaryFolder(), `${name}.db`)
    const writing = openForWriting(path)
    writing.exec('CREATE TABLE t (a)')
    writing.close()
    expect(statSync(path).size).toBeGreaterThan(0)
    openForReading(path).close()
  })

test('a read leaves no transaction open: the log can be checkpointed after it', () => {
  const { writing, reading, apply } = openConnections()
  apply(newHost('h1'))
  const statement = reading.prepare('SELECT id FROM hosts').raw()
  expect(statement.get([])).toEqual(['h1'])
  apply([{ put: 'host', row: hostRow('h2') }])
  const [checkpoint] = writing.prepare('PRAGMA wal_checkpoint(TRUNCATE)').raw().all([])
  expect(checkpoint).toEqual([0, 0, 0])
  expect(statement.all([])).toEqual([['h1'], ['h2']])
})
