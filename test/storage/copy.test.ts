import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openForReading } from '../../storage/connection.ts'
import { createLookups } from '../../storage/lookups.ts'
import { openEmbedded } from './embedded.ts'
import { temporaryFolder } from './folder.ts'
import { actorRow, hostRow, journalRow, newHost } from './rows.ts'

const targetsIn = (folder: string) => ({
  database: join(folder, 'copy.db'),
  blobList: join(folder, 'blobs.txt'),
})

test('a copy holds what was committed before it began, and names its last journal row', async () => {
  const folder = temporaryFolder()
  const { store, copy } = await openEmbedded({ folder: join(folder, 'data') })
  await store.commit([...newHost('h1'), { put: 'journal', row: journalRow('h1') }])
  const blob = 'ab'.repeat(32)
  const row = { ref: 's1', host_id: 'h1', kind: 'command', sealed: null, blob }
  await store.commit([{ put: 'sealed', row }])
  const targets = targetsIn(folder)
  const copied = await copy(targets)
  await store.commit([...newHost('h2'), { put: 'journal', row: journalRow('h2') }])
  const bytes = await readFile(targets.database)
  expect(copied).toMatchObject({
    schema: 3,
    journalSeq: 1,
    incarnation: 1,
    database: { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') },
    blobList: { count: 1 },
    findings: [],
  })
  expect(await readFile(targets.blobList, 'utf8')).toBe(`${blob}\n`)
  expect(statSync(targets.database).mode & 0o777).toBe(0o600)
  const db = openForReading(targets.database)
  onTestFinished(() => db.close())
  expect(createLookups(db).host('h1')).toEqual(hostRow('h1'))
  expect(createLookups(db).host('h2')).toBeUndefined()
})

test('commits go on while the copy is made', async () => {
  const folder = temporaryFolder()
  const { store, copy } = await openEmbedded({ folder: join(folder, 'data') })
  // Large enough that a writer that had to copy it would answer nobody meanwhile.
  for (let number = 0; number < 60; number += 1)
    await store.commit([
      { put: 'host_actor', row: actorRow(`f${number}`, 1, 'x'.repeat(1_000_000)) },
    ])
  let copying = true
  const copied = copy(targetsIn(folder)).finally(() => (copying = false))
  let commits = 0
  while (copying) {
    expect((await store.commit(newHost(`h${commits}`))).ok).toBe(true)
    commits += 1
  }
  expect((await copied).findings).toEqual([])
  expect(commits).toBeGreaterThan(20)
})

test('a copy of a damaged database names what is damaged', async () => {
  const folder = temporaryFolder()
  const { store } = await openEmbedded({ folder: join(folder, 'data') })
  await store.commit(newHost('h1'))
  await store.close()
  const { default: Database } = await import('libsql')
  const db = new Database(join(folder, 'data', 'muster.db'))
  db.exec(`UPDATE hosts SET hostname = 'changed behind our back'`)
  db.close()
  const again = await openEmbedded({ folder: join(folder, 'data') })
  const { findings } = await again.copy(targetsIn(folder))
  expect(findings).toEqual([expect.stringContaining('hosts h1')])
})
