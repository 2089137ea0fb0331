import { expect, test } from 'vitest'
import { openBlobFolder } from '../../storage/blobs.ts'
import { holdable } from '../../storage/held-blobs.ts'
import { temporaryFolder } from './folder.ts'

test('while one of several backups is read no blob is removed, and afterwards it is', async () => {
  const { blobs, hold } = holdable(await openBlobFolder(temporaryFolder()))
  const put = await blobs.put(Buffer.from('a result'))
  const digest = put.ok ? put.value : ''
  const later = Date.now() + 1_000
  const [one, other] = [hold(), hold()]
  expect(await blobs.remove(digest, later)).toBe(0)
  one()
  one()
  expect(await blobs.remove(digest, later)).toBe(0)
  expect(await blobs.has(digest)).toBe(true)
  other()
  expect(await blobs.remove(digest, later)).toBe(8)
  expect(await blobs.has(digest)).toBe(false)
})
