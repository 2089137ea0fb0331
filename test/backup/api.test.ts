// Backups over HTTP: what an operator gets, and what a server under it does.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { writeBackup } from '../../src/backup/file.ts'
import { unpackBackup } from '../../src/backup/unpack.ts'
import { restoreBackup } from '../../src/restore.ts'
import { openHttpWorld } from '../http/world.ts'
import { temporaryFolder } from '../storage/folder.ts'

const masterKey = 'ab'.repeat(32)
const world = await openHttpWorld({ MUSTER_MASTER_KEY: masterKey })
const { keep } = world.server

const mac = { udid: '4A1C7B2E-9F30-4D56-8E71-6B0D2C3E0042', serial: 'C02BKP0042' }
const hostId = await world.enrolled(mac)
/** Sealed it is above what a row takes, so it lies in a blob. */
const large = await world.sent(hostId, {
  request_type: 'InstallProfile',
  payload: { Payload: Buffer.alloc(150_000, 7).toString('base64') },
})

const download = (query = ''): Promise<Response> =>
  Promise.resolve(
    world.server.app.request(`/api/v1/backup${query}`, {
      headers: { authorization: `Bearer ${world.secrets.admin}` },
    }),
  )

const bytesOf = (response: Response): ReadableStream<Uint8Array> =>
  response.body ?? new ReadableStream()

const blobNames = (): readonly string[] =>
  readdirSync(join(keep.folder, 'blobs'), { recursive: true })
    .map((name) => String(name).split('/').at(-1) ?? '')
    .filter((name) => /^[0-9a-f]{64}$/.test(name))

type Backups = { readonly items: readonly Record<string, unknown>[] }

const backups = async (): Promise<Backups['items']> =>
  ((await world.api('/backups')).json() as unknown as Backups).items

describe('a server', () => {
  test('hands out the database and every blob that a row names', async () => {
    expect(blobNames().length).toBeGreaterThan(0)
    const taken: string[] = []
    const hashes = new Map<string, string>()
    const unpacked = await unpackBackup({
      archive: bytesOf(await download()),
      async sinkFor(entry) {
        const name = entry === 'database' ? entry : entry.blob
        const hash = createHash('sha256')
        taken.push(name)
        return {
          write: async (bytes) => void hash.update(bytes),
          close: async () => void hashes.set(name, hash.digest('hex')),
          discard: async () => undefined,
        }
      },
    })
    expect(unpacked).toMatchObject({ ok: true, value: { end: { lost_count: 0 } } })
    expect(taken.toSorted()).toEqual(['database', ...blobNames()].toSorted())
    for (const name of blobNames()) expect(hashes.get(name)).toBe(name)
    await vi.waitFor(async () =>
      expect(await backups()).toMatchObject([
        { kind: 'download', made_by: 'an admin', findings: 0, failed_at: null },
      ]),
    )
    // Nothing of the copy is left in the data folder.
    expect(existsSync(join(keep.folder, 'backup.part'))).toBe(false)
  })

  test('leaves the blobs out where it is asked to, and says so', async () => {
    const unpacked = await unpackBackup({ archive: bytesOf(await download('?blobs=false')) })
    expect(unpacked).toMatchObject({
      ok: true,
      value: { manifest: { blobs_included: false, blob_list: { count: 1 } }, end: { blobs: 0 } },
    })
  })

  test('journals who takes the data away before the first byte leaves', async () => {
    const before = Number(
      (await world.api('/journal?event=backup.downloaded')).json()['total'] ?? 0,
    )
    const response = await download()
    const { items } = (
      await world.api('/journal?event=backup.downloaded')
    ).json() as unknown as Backups
    expect(items[0]).toMatchObject({ cause: 'operator', cause_id: 'an admin' })
    expect(items.length).toBeGreaterThan(before)
    await bytesOf(response).cancel()
  })

  test('makes one backup at a time, and the next one once a client has gone', async () => {
    const first = await download()
    const second = await download()
    expect([first.status, second.status]).toEqual([200, 409])
    await bytesOf(first).cancel()
    await vi.waitFor(async () =>
      expect((await backups())[0]).toMatchObject({ failure: 'The client ended the download.' }),
    )
    const third = await download()
    expect(third.status).toBe(200)
    expect(await unpackBackup({ archive: bytesOf(third) })).toMatchObject({ ok: true })
  })

  test('says in its metrics how old the last backup is', async () => {
    const { text } = await world.ask('/metrics', { as: 'viewer' })
    expect(text).toMatch(/muster_backup_last_success_timestamp_seconds\{kind="download"\} \d{10}/)
  })
})

test('a restored server sends a command whose body lies in a blob', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'muster.tar')
  expect(await writeBackup(path, bytesOf(await download()))).toMatchObject({ ok: true })
  expect(statSync(path).mode & 0o777).toBe(0o600)
  const restored = await restoreBackup({ file: path, folder: join(folder, 'data'), masterKey })
  expect(restored).toMatchObject({ ok: true, value: { unknown: [], going_on: 1, incarnation: 2 } })
  const again = await openHttpWorld({
    MUSTER_MASTER_KEY: masterKey,
    MUSTER_DATA: join(folder, 'data'),
  })
  // The body of its command comes out of the blob that was restored.
  const offered = await again.mdm({ UDID: mac.udid, Status: 'Idle' })
  expect(offered.text).toContain(large)
  expect(offered.text.length).toBeGreaterThan(150_000)
})
