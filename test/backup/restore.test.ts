// Restoring a backup of another version: an older one is brought up to date, a newer one is refused.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'libsql'
import { describe, expect, test } from 'vitest'
import type { Manifest } from '../../src/backup/manifest.ts'
import { packBackup } from '../../src/backup/pack.ts'
import { restoreBackup } from '../../src/restore.ts'
import { createVault } from '../../src/secrets/vault.ts'
import { openEmbedded } from '../storage/embedded.ts'
import { temporaryFolder } from '../storage/folder.ts'

const masterKey = 'ab'.repeat(32)

const digestOf = (path: string): { readonly bytes: number; readonly sha256: string } => {
  const bytes = readFileSync(path)
  return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
}

/** A backup as the version of schema 2 would have made it, but for what `more` says. */
async function backupOfSchema2(folder: string, more: Partial<Manifest> = {}): Promise<string> {
  const database = join(folder, 'old.db')
  const db = new Database(database)
  db.exec(readFileSync(join(import.meta.dirname, '../fixtures/storage/schema-2.sql'), 'utf8'))
  db.close()
  const blobList = join(folder, 'blobs.txt')
  writeFileSync(blobList, '')
  const manifest: Manifest = {
    format: 1,
    muster: '0.0.9',
    created_at: '2026-01-01T00:00:00.000Z',
    schema: 2,
    machines: { host: 3, command: 2 },
    incarnation: 4,
    journal_seq: 1,
    master_key_id: createVault(Buffer.from(masterKey, 'hex')).keyId,
    database: digestOf(database),
    blob_list: { ...digestOf(blobList), count: 0 },
    blobs_included: true,
    findings: [],
    ...more,
  }
  const blobs = { get: async () => ({ ok: false, error: { kind: 'missing' } }) as const }
  const file = join(folder, 'old.tar')
  const pieces: Uint8Array[] = []
  for await (const piece of packBackup({ manifest, database, blobList, blobs, at: 0 }))
    pieces.push(piece)
  writeFileSync(file, Buffer.concat(pieces))
  return file
}

describe('muster restore', () => {
  test('brings a backup of an older schema up to date, and counts on from its incarnation and its time', async () => {
    const folder = temporaryFolder()
    const file = await backupOfSchema2(folder)
    const data = join(folder, 'data')
    const restored = await restoreBackup({ file, folder: data, masterKey })
    // What its command knows is not of any version, as in a host that is damaged: that ends no restore.
    const damaged_hosts = ['0190aaaa-0000-7000-8000-000000000001']
    expect(restored).toMatchObject({ ok: true, value: { incarnation: 5, damaged_hosts } })
    const { store } = await openEmbedded({ folder: data })
    expect(store.lookups.incarnation()).toMatchObject({ incarnation: 5 })
    expect(store.lookups.clock()?.at).toBeGreaterThan(Date.now() - 60_000)
    expect(store.lookups.host('0190aaaa-0000-7000-8000-000000000001')).toBeDefined()
    expect(readdirSync(data)).not.toContain('restore.part')
  })

  test.each([
    ['schema', { schema: 99 }],
    ['machine', { machines: { host: 99, command: 2 } }],
  ] as const)('refuses a backup of a newer %s and leaves the folder as it was', async (_, more) => {
    const folder = temporaryFolder()
    const file = await backupOfSchema2(folder, more)
    const refused = await restoreBackup({ file, folder: join(folder, 'data'), masterKey })
    expect(refused).toEqual({
      ok: false,
      error: 'The backup was made by a newer Muster (0.0.9): restore it with that version.',
    })
    expect(readdirSync(folder)).not.toContain('data')
  })

  test('needs the master key in one way or another, and takes one that is in the folder already', async () => {
    const folder = temporaryFolder()
    const file = await backupOfSchema2(folder)
    const options = { file, folder: join(folder, 'data'), masterKey: undefined }
    expect(await restoreBackup(options)).toMatchObject({
      ok: false,
      error: expect.stringMatching(/^The backup needs the master key [0-9a-f]{16} of its server/),
    })
    const ready = temporaryFolder()
    writeFileSync(join(ready, 'master.key'), Buffer.from(masterKey, 'hex').toString('base64'))
    expect(await restoreBackup({ ...options, folder: ready })).toMatchObject({ ok: true })
  })
})
