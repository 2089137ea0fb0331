// `muster backup` into a folder, again and again, from a server in a process of its own.
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { pruneBackups, writeBackup } from '../../src/backup/file.ts'
import { backupName } from '../../src/backup/name.ts'
import type { BackupFiles } from '../../src/cli/backup.ts'
import { run } from '../cli/run.ts'
import { adminToken, dropFolder, newFolder, startMuster } from '../e2e/muster.ts'

const folder = newFolder()
const server = await startMuster(join(folder, 'data'))
afterAll(async () => {
  await server.end('SIGKILL')
  dropFolder(folder)
})

/** The real files, under names a minute apart. */
function files(): BackupFiles {
  let minutes = 0
  return {
    write: writeBackup,
    nameAt: (at) => backupName(at + (minutes += 1) * 60_000),
    prune: pruneBackups,
    restore: async () => ({ ok: false, error: 'nothing is restored here' }),
  }
}

const env = { MUSTER_URL: server.url, MUSTER_TOKEN: adminToken }

test('with --every and --keep another backup is made until it is interrupted, and the last ones stay', async () => {
  const target = join(folder, 'again')
  mkdirSync(target)
  const seen = new Set<string>()
  const ending = new AbortController()
  const running = run(['backup', target, '--every', '100ms', '--keep', '2'], {
    env,
    backupFiles: files(),
    signal: ending.signal,
  })
  await vi.waitFor(
    () => {
      for (const name of readdirSync(target)) if (name.endsWith('.tar')) seen.add(name)
      expect(seen.size).toBeGreaterThan(3)
    },
    { timeout: 20_000, interval: 5 },
  )
  ending.abort()
  expect((await running).code).toBe(130)
  const left = readdirSync(target).filter((name) => name.endsWith('.tar'))
  expect(left.length).toBeLessThanOrEqual(3)
  expect([...seen].toSorted()[0]).not.toBe(left.toSorted()[0])
})

test('a backup of a damaged database says so and removes no older one', async () => {
  const target = join(folder, 'damaged')
  mkdirSync(target)
  const real = files()
  const pruned: string[] = []
  const once = (findings: readonly string[]) =>
    run(['backup', target, '--keep', '1'], {
      env,
      backupFiles: {
        ...real,
        async write(path, archive) {
          const written = await writeBackup(path, archive)
          if (!written.ok) return written
          return {
            ok: true,
            value: { ...written.value, manifest: { ...written.value.manifest, findings } },
          }
        },
        async prune(where, keep) {
          pruned.push(where)
          return pruneBackups(where, keep)
        },
      },
    })
  expect((await once([])).code).toBe(0)
  const damaged = await once(['row: hosts h1'])
  expect(damaged.code).toBe(0)
  expect(damaged.stderr).toContain('The database was damaged in 1 places')
  expect(readdirSync(target)).toHaveLength(2)
  expect(pruned).toHaveLength(1)
})

test('no token, no backup: one sentence, and no file', async () => {
  const target = join(folder, 'none.tar')
  const refused = await run(['backup', target], {
    env: { ...env, MUSTER_TOKEN: 'a-token-that-nobody-created-here' },
    backupFiles: files(),
  })
  expect(refused.code).toBe(4)
  expect(readdirSync(folder)).not.toContain('none.tar')
})
