import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openBlobFolder } from '../../storage/blobs.ts'
import { blobStoreConformance } from './blob-conformance.ts'
import { temporaryFolder } from './folder.ts'

describe('a blob folder', () =>
  blobStoreConformance((bytesMax) => openBlobFolder(temporaryFolder(), bytesMax)))

const bytes = Buffer.from('an installer')

async function folderWithBlob() {
  const folder = temporaryFolder()
  const blobs = await openBlobFolder(folder)
  const put = await blobs.put(bytes)
  if (!put.ok) throw new Error('the blob was not taken')
  return { folder, blobs, digest: put.value, path: join(folder, put.value.slice(0, 2), put.value) }
}

test('a blob lies under the first two digits of its digest, for its owner alone', async () => {
  const { path } = await folderWithBlob()
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('a damaged blob is never handed out, and putting the bytes again mends it', async () => {
  const { blobs, digest, path } = await folderWithBlob()
  writeFileSync(path, 'an imposter')
  expect(await blobs.get(digest)).toEqual({ ok: false, error: { kind: 'damaged' } })
  await blobs.put(bytes)
  expect((await blobs.get(digest)).ok).toBe(true)
})

test('what a crash left unfinished is cleared at the next start and blobs stay', async () => {
  const { folder, digest } = await folderWithBlob()
  writeFileSync(join(folder, 'unfinished', 'half'), 'ha')
  const again = await openBlobFolder(folder)
  expect(readdirSync(join(folder, 'unfinished'))).toEqual([])
  expect(await again.has(digest)).toBe(true)
})

test('a refused blob takes no room', async () => {
  const folder = temporaryFolder()
  const blobs = await openBlobFolder(folder, 3)
  await blobs.put(bytes)
  expect(readdirSync(join(folder, 'unfinished'))).toEqual([])
  expect(existsSync(join(folder, 'unfinished'))).toBe(true)
})
