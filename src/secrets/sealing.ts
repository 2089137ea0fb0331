// Bytes that are nobody's to read in the database: sealed, and large ones kept beside it.
import { hash } from 'node:crypto'
import type { BlobStore } from '../../storage/blobs.ts'
import type { SealedRow } from '../../storage/rows.ts'
import type { Write } from '../../storage/store.ts'
import { fail, ok, type Result } from '../result.ts'
import type { Vault } from './vault.ts'

/** Sealed bytes above this go to blob storage: rows stay small enough for a page or two each. */
const rowBytesMax = 65_536

/** Up to this, sealing takes no longer than any other turn. */
const atOnceBytesMax = 1_024 * 1_024

export type SealedBytes = {
  readonly ref: string
  readonly hostId: string
  /** What it is, for people: `command.request`, `unlock_token`. */
  readonly kind: string
  readonly bytes: Uint8Array
}

export type Sealing = {
  /** The write that keeps the bytes; large ones are durable in blob storage before this resolves. */
  seal(secret: SealedBytes): Promise<Result<Write, 'unavailable'>>
  /** Fails as `missing` when nothing is kept under that ref, `unreadable` when it is damaged or another key's. */
  open(ref: string): Promise<Result<Uint8Array, OpenFault>>
}

/** `unavailable` may pass: blob storage cannot be read now. */
export type OpenFault = 'missing' | 'unreadable' | 'unavailable'

type SealingOptions = {
  readonly vault: Vault
  readonly blobs: Pick<BlobStore, 'put' | 'get'>
  readonly sealed: (ref: string) => SealedRow | undefined
}

export function createSealing({ vault, blobs, sealed }: SealingOptions): Sealing {
  return {
    async seal({ ref, hostId, kind, bytes }) {
      const sealed =
        bytes.length > atOnceBytesMax ? await vault.sealLarge(ref, bytes) : vault.seal(ref, bytes)
      const row = { ref, host_id: hostId, kind }
      if (sealed.length <= rowBytesMax)
        return ok({ put: 'sealed', row: { ...row, sealed, blob: null } })
      const kept = await blobs.put(sealed)
      if (!kept.ok) return fail('unavailable')
      return ok({ put: 'sealed', row: { ...row, sealed: null, blob: kept.value } })
    },
    async open(ref) {
      const row = sealed(ref)
      if (row === undefined) return fail('missing')
      const closed = row.sealed === null ? await fetched(row.blob) : ok(row.sealed)
      if (!closed.ok) return closed
      const opened = vault.open(ref, closed.value)
      return opened.ok ? ok(opened.value) : fail('unreadable')
    },
  }

  /** There is something, and it cannot be had as it was: to call it missing would be a lie. */
  async function fetched(digest: string | null): Promise<Result<Uint8Array, OpenFault>> {
    if (digest === null) return fail('unreadable')
    const found = await blobs.get(digest)
    if (found.ok) return ok(found.value)
    return fail(found.error.kind === 'unavailable' ? 'unavailable' : 'unreadable')
  }
}

/** SHA-256 as 64 hexadecimal digits. */
export const digestOf = (bytes: Uint8Array): string => hash('sha256', bytes, 'hex')
