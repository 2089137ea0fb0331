import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createSealing } from '../../src/secrets/sealing.ts'
import { createVault, masterKeyBytes } from '../../src/secrets/vault.ts'
import { openBlobFolder } from '../../storage/blobs.ts'
import type { SealedRow } from '../../storage/rows.ts'
import { temporaryFolder } from '../storage/folder.ts'

/** Large enough to be kept beside the database. */
const large = new Uint8Array(100_000).fill(7)

async function kept(bytes: Uint8Array) {
  const folder = temporaryFolder()
  const rows = new Map<string, SealedRow>()
  const sealing = createSealing({
    vault: createVault(new Uint8Array(masterKeyBytes)),
    blobs: await openBlobFolder(folder),
    sealed: (ref) => rows.get(ref),
  })
  const sealed = await sealing.seal({ ref: 'r', hostId: 'h', kind: 'test', bytes })
  if (!sealed.ok || !('put' in sealed.value) || sealed.value.put !== 'sealed')
    throw new Error('not sealed')
  rows.set('r', sealed.value.row)
  const file = (): string => {
    const name = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((path) =>
      /[0-9a-f]{64}$/.test(path),
    )
    return join(folder, name ?? '')
  }
  return { sealing, file }
}

test('what was sealed is opened, and nothing is missing', async () => {
  const { sealing } = await kept(large)
  const opened = await sealing.open('r')
  expect(opened.ok && Buffer.from(opened.value).equals(large)).toBe(true)
  expect(await sealing.open('another')).toEqual({ ok: false, error: 'missing' })
})

test('bytes beside the database that were changed or taken away are unreadable, not missing', async () => {
  const { sealing, file } = await kept(large)
  const bytes = readFileSync(file())
  bytes[50_000] = (bytes[50_000] ?? 0) ^ 1
  writeFileSync(file(), bytes)
  expect(await sealing.open('r')).toEqual({ ok: false, error: 'unreadable' })
  rmSync(file())
  expect(await sealing.open('r')).toEqual({ ok: false, error: 'unreadable' })
})
