// Damaged indexes and counters are found, and made anew from the tables, while the server runs.
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openForReading, openForWriting } from '../../storage/connection.ts'
import { migrate } from '../../storage/migrations.ts'
import { rebuild } from '../../storage/rebuild.ts'
import { damagedTrees, rebuildable } from '../../storage/tree-check.ts'
import { treesOf } from '../../storage/trees.ts'
import { createTurns } from '../../storage/turn.ts'
import type { Write } from '../../storage/store.ts'
import { everything, rows } from './everything.ts'
import { temporaryFolder } from './folder.ts'
import { openEmbedded } from './embedded.ts'
import { newHost } from './rows.ts'

const pageBytes = 4_096

/** A file in which the first page of one table or index is noise; a sound one without a name. */
function spoilt(name?: string): string {
  const folder = temporaryFolder()
  const path = join(folder, 'muster.db')
  const db = openForWriting(path)
  migrate(db, join(folder, 'backup'))
  const turns = createTurns(db)
  turns.apply(everything, [])
  turns.apply(newHost('h2'), [])
  const root = treesOf(db).find((tree) => tree.name === name)?.root
  db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').raw().all([])
  db.close()
  if (root === undefined) return path
  noise(path, root)
  return path
}

function noise(path: string, page: number): void {
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.alloc(pageBytes, 0x77), 0, pageBytes, (page - 1) * pageBytes)
  closeSync(file)
}

test.each([
  'hosts_by_serial',
  'claims_active',
  'sqlite_autoindex_sealed_1',
  'deliveries_pending',
  'host_counts',
  'sqlite_autoindex_host_counts_1',
  'command_counts',
  'transition_counts',
  'seen_counts',
  'last_seen',
  'last_seen_by_at',
  'sqlite_sequence',
  'clock',
])('%s is found where it is damaged, and is sound and right once it was made anew', (name) => {
  const path = spoilt(name)
  const db = openForWriting(path)
  const found = damagedTrees(db)
  expect(found.map(({ tree }) => tree.name)).toContain(name)
  const names = rebuildable(found.map(({ tree }) => tree)).map((tree) => tree.name)
  for (const { failure } of rebuild(db, names)) expect(failure).toBeUndefined()
  expect(damagedTrees(db)).toEqual([])
  // What is counted goes on from there.
  expect(createTurns(db).apply(newHost('h3'), [])).toBeUndefined()
  const one = (sql: string): number => Number(db.prepare(sql).raw().get([])?.[0])
  expect(one('SELECT sum(count) FROM host_counts')).toBe(3)
  expect(one('SELECT sum(count) FROM seen_counts')).toBe(3)
  expect(one('SELECT sum(count) FROM command_counts')).toBe(1)
  expect(one("SELECT seq FROM sqlite_sequence WHERE name = 'journal'")).toBe(2)
  db.close()
})

test('deliveries that can be read are saved where their table is damaged, and the table takes new ones', () => {
  const path = spoilt()
  const db = openForWriting(path)
  const turns = createTurns(db)
  const long = 'x'.repeat(500)
  for (let nth = 0; nth < 100; nth += 1)
    turns.apply(
      [{ put: 'delivery', row: { ...rows.delivery, id: `n${nth}`, last_error: long } }],
      [],
    )
  db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').raw().all([])
  // One of its leaves, and so some of the rows.
  const page = db
    .prepare(
      "SELECT max(pageno) FROM dbstat WHERE name = 'webhook_deliveries' AND pagetype = 'leaf'",
    )
    .raw()
    .get([])?.[0]
  db.close()
  noise(path, Number(page))
  const again = openForWriting(path)
  expect(rebuildable(damagedTrees(again).map(({ tree }) => tree))).toMatchObject([
    { name: 'webhook_deliveries' },
  ])
  expect(rebuild(again, ['webhook_deliveries'])).toEqual([{ name: 'webhook_deliveries' }])
  expect(damagedTrees(again)).toEqual([])
  const left = Number(again.prepare('SELECT count(*) FROM webhook_deliveries').raw().get([])?.[0])
  expect(left).toBeGreaterThan(70)
  expect(left).toBeLessThan(101)
  const more: Write = { put: 'delivery', row: { ...rows.delivery, id: 'more' } }
  expect(createTurns(again).apply([more], [])).toBeUndefined()
  again.close()
})

test('when hosts were last heard of is kept where only the index of those times is damaged', () => {
  const db = openForWriting(spoilt('last_seen_by_at'))
  rebuild(db, ['last_seen'])
  const at = db.prepare("SELECT at FROM last_seen WHERE host_id = 'h1'").raw().get([])?.[0]
  expect(at).toBe(rows.last_seen.at)
  db.close()
})

test('a table that holds data is named and left as it is', () => {
  const db = openForReading(spoilt('claims'))
  const found = damagedTrees(db).map(({ tree }) => tree)
  expect(found.map(({ name }) => name)).toContain('claims')
  expect(rebuildable(found).map(({ name }) => name)).not.toContain('claims')
  db.close()
})

test('a counter that says another number than there are rows is found', () => {
  const path = spoilt()
  const db = openForWriting(path)
  db.exec('UPDATE host_counts SET count = count + 1')
  expect(damagedTrees(db).map(({ tree }) => tree.name)).toEqual(['host_counts'])
  expect(rebuild(db, ['host_counts'])).toEqual([{ name: 'host_counts' }])
  expect(damagedTrees(db)).toEqual([])
  db.close()
})

test('a running store answers queries after one that met a damaged counter, and has made it anew', async () => {
  const path = spoilt('host_counts')
  const { promise: mended, resolve } = Promise.withResolvers<readonly string[]>()
  const { queries } = await openEmbedded({
    folder: join(path, '..'),
    onMended: ({ rebuilt }) => resolve(rebuilt),
  })
  const refused = await queries.countAll({})
  expect(refused.ok ? undefined : refused.error.kind).toBe('damaged')
  expect(await mended).toContain('host_counts')
  expect(await queries.countAll({})).toMatchObject({ ok: true, value: { hosts: 2 } })
})
