// Backups that a server makes by itself, on real files and with time that is moved by hand.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { createBackups } from '../../src/backup/backups.ts'
import { backupName } from '../../src/backup/name.ts'
import { createSchedule } from '../../src/backup/schedule.ts'
import { createLive } from '../../src/runtime/live.ts'
import { openHttpWorld, type HttpWorld } from '../http/world.ts'
import { dropFolder, newFolder } from '../e2e/muster.ts'
import { openEmbedded } from '../storage/embedded.ts'
import { temporaryFolder } from '../storage/folder.ts'

const folder = newFolder()
afterAll(() => dropFolder(folder))

const start = (name: string): Promise<HttpWorld> =>
  openHttpWorld({
    MUSTER_BACKUP_EVERY: '1m',
    MUSTER_BACKUP_KEEP: '2',
    MUSTER_BACKUP_FOLDER: join(folder, name),
  })

const pass = async (ms: number): Promise<void> => {
  await vi.advanceTimersByTimeAsync(ms)
}

const listed = (name: string): readonly string[] =>
  readdirSync(join(folder, name))
    .filter((file) => file.startsWith('muster-'))
    .toSorted()

test('a server makes a backup every so often and keeps the last of them, and no other file goes', async () => {
  mkdirSync(join(folder, 'kept'))
  writeFileSync(join(folder, 'kept', 'muster-notes.txt'), 'mine')
  writeFileSync(join(folder, 'kept', 'muster-2026-01-01T00-00-00Z.tar.part'), 'cut short')
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] })
  const { api, ask } = await start('kept')
  const seen = new Set<string>()
  for (let minutes = 0; minutes < 3; minutes += 1) {
    await pass(61_000)
    // The copy is made by a thread, which knows nothing of our time.
    await vi.waitFor(
      () => {
        const names = listed('kept').filter((name) => name.endsWith('.tar'))
        expect(names.some((name) => !seen.has(name))).toBe(true)
        names.forEach((name) => seen.add(name))
      },
      { timeout: 20_000 },
    )
    await vi.waitFor(
      async () => {
        const { items } = (await api('/backups')).json() as { items: { at: string }[] }
        expect(Date.parse(items[0]?.at ?? '')).toBeGreaterThan(Date.now() - 61_000)
      },
      { timeout: 20_000 },
    )
  }
  await vi.waitFor(() => expect(listed('kept')).toHaveLength(3), { timeout: 20_000 })
  vi.useRealTimers()
  expect(seen.size).toBe(3)
  expect(listed('kept')).toEqual([...[...seen].toSorted().slice(-2), 'muster-notes.txt'])
  const { text } = await ask('/metrics', { as: 'viewer' })
  expect(text).toMatch(/muster_backup_last_success_timestamp_seconds\{kind="schedule"\} \d{10}/)
  expect(text).toContain('muster_backup_failing{kind="schedule"} 0')
})

test('a backup that cannot be written is told with its reason, and the server stays ready', async () => {
  writeFileSync(join(folder, 'a-file'), '')
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] })
  const { api, ask } = await start('a-file')
  await pass(61_000)
  await vi.waitFor(
    async () => {
      const { items } = (await api('/backups')).json() as { items: { failure: string }[] }
      expect(items[0]?.failure).toMatch(/is not a folder\.$/)
    },
    { timeout: 20_000 },
  )
  vi.useRealTimers()
  expect((await ask('/metrics', { as: 'viewer' })).text).toContain(
    'muster_backup_failing{kind="schedule"} 1',
  )
  expect((await ask('/readyz')).status).toBe(200)
})

test('a backup of which a damaged database takes no record is not made again before it is due', async () => {
  const { store, copy, blobs } = await openEmbedded()
  const began = Date.parse('2026-12-01T00:00:00Z')
  let now = began
  let waiting: { readonly task: () => void; readonly at: number } | undefined
  const world = {
    now: () => now,
    later(task: () => void, delayMs: number) {
      waiting = { task, at: now + delayMs }
      return { cancel: () => undefined }
    },
  }
  const backups = createBackups({
    folder: temporaryFolder(),
    copy,
    blobs,
    holdBlobs: () => () => undefined,
    store: {
      ...store,
      commit: async () => ({ ok: false, error: { kind: 'damaged', detail: 'malformed' } }),
    },
    live: createLive(),
    world,
    version: '0',
    machines: {},
    masterKeyId: '',
  })
  const target = temporaryFolder()
  const log = { info: () => undefined, error: () => undefined }
  const hourMs = 3_600_000
  const options = { everyMs: hourMs, keep: 9, folder: target, backups, world, log }
  const schedule = createSchedule(options)
  // The clock is looked at every ten minutes.
  for (let looks = 0; looks < 15; looks += 1) {
    const { task, at } = await vi.waitUntil(() => waiting, { timeout: 20_000, interval: 1 })
    waiting = undefined
    now = at
    task()
  }
  await schedule.stop()
  const due = [0, 1, 2].map((hours) => backupName(began + 60_000 + hours * hourMs))
  expect(readdirSync(target).toSorted()).toEqual(due)
})
