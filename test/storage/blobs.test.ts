import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
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

test('blobs are listed by when they were put last, and taken away unless they were put since', async () => {
  const { folder, blobs, digest, path } = await folderWithBlob()
  const [then, between] = [new Date(1_700_000_000_000), 1_700_000_000_001]
  utimesSync(path, then, then)
  writeFileSync(join(folder, 'ab'.repeat(32)), 'no blob of ours: it lies elsewhere')
  const listed = async (before: number): Promise<readonly string[]> => {
    const all: string[] = []
    for await (const one of blobs.putBefore(before)) all.push(one)
    return all
  }
  expect(await listed(then.getTime())).toEqual([])
  expect(await listed(between)).toEqual([digest])
  expect(await blobs.remove(digest, then.getTime())).toBe(0)
  await blobs.put(bytes)
  expect(await blobs.remove(digest, between)).toBe(0)
  utimesSync(path, then, then)
  expect(await blobs.remove(digest, between)).toBe(bytes.length)
  expect(await blobs.remove(digest, between)).toBe(0)
  expect(await blobs.has(digest)).toBe(false)
})

test('of a put and a removal at once either comes first, and the put bytes are there', async () => {
  const { blobs, digest, path } = await folderWithBlob()
  const then = new Date(1_700_000_000_000)
  for (let times = 0; times < 20; times += 1) {
    utimesSync(path, then, then)
    const removal = (): Promise<unknown> => blobs.remove(digest, Date.now() - 60_000)
    const both = times % 2 === 0 ? [blobs.put(bytes), removal()] : [removal(), blobs.put(bytes)]
    await Promise.all(both)
    expect(await blobs.has(digest)).toBe(true)
  }
})
