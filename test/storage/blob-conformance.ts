import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { BlobStore } from '../../storage/blobs.ts'

/** What every blob store promises. `make` gives an empty one that takes at most `bytesMax` bytes a blob. */
export function blobStoreConformance(make: (bytesMax: number) => Promise<BlobStore>): void {
  const bytesMax = 100_000
  const bytes = Buffer.from('a profile')
  const digest = createHash('sha256').update(bytes).digest('hex')

  test('bytes come back under the digest they were given', async () => {
    const blobs = await make(bytesMax)
    expect(await blobs.put(bytes)).toEqual({ ok: true, value: digest })
    const got = await blobs.get(digest)
    expect(got.ok && Buffer.from(got.value).equals(bytes)).toBe(true)
    expect(await blobs.has(digest)).toBe(true)
  })

  test('a stream has the digest of its bytes, however it is cut', async () => {
    const blobs = await make(bytesMax)
    async function* cut() {
      for (const byte of bytes) yield await Promise.resolve(Uint8Array.of(byte))
    }
    expect(await blobs.put(cut())).toEqual({ ok: true, value: digest })
  })

  test('empty bytes are bytes like any other', async () => {
    const blobs = await make(bytesMax)
    const put = await blobs.put(new Uint8Array())
    const got = put.ok ? await blobs.get(put.value) : put
    expect(got.ok && got.value.length).toBe(0)
  })

  test('what was never put is missing', async () => {
    const blobs = await make(bytesMax)
    expect(await blobs.get(digest)).toEqual({ ok: false, error: { kind: 'missing' } })
    expect(await blobs.has(digest)).toBe(false)
  })

  test('a blob of the largest size is taken and one byte more is not', async () => {
    const blobs = await make(bytesMax)
    expect((await blobs.put(new Uint8Array(bytesMax))).ok).toBe(true)
    const put = await blobs.put(new Uint8Array(bytesMax + 1))
    expect(put).toEqual({ ok: false, error: { kind: 'too-large', bytesMax } })
  })

  test('a stream that fails half way leaves nothing behind', async () => {
    const blobs = await make(bytesMax)
    async function* broken() {
      yield await Promise.resolve(bytes)
      throw new Error('connection reset')
    }
    const put = await blobs.put(broken())
    expect(put).toMatchObject({ ok: false, error: { kind: 'unavailable' } })
    expect(await blobs.has(digest)).toBe(false)
  })

  test('forty puts of the same bytes at once agree', async () => {
    const blobs = await make(bytesMax)
    const puts = await Promise.all(Array.from({ length: 40 }, () => blobs.put(bytes)))
    expect(new Set(puts.map((put) => put.ok && put.value))).toEqual(new Set([digest]))
  })

  // prettier-ignore
  const strangers = ['', '..', '../../etc/passwd', digest.toUpperCase(), `${digest}0`, digest.slice(1), `${digest}\n`, `./${digest.slice(2)}`]
  for (const name of strangers)
    test(`${JSON.stringify(name)} is no digest, so nothing is found under it`, async () => {
      const blobs = await make(bytesMax)
      await blobs.put(bytes)
      expect(await blobs.get(name)).toEqual({ ok: false, error: { kind: 'missing' } })
      expect(await blobs.has(name)).toBe(false)
    })
}
