import type { BlobStore } from './blobs.ts'

export type HeldBlobs = {
  readonly blobs: BlobStore
  /** Keeps every blob in its place until the result is called. */
  readonly hold: () => () => void
}

/** While they are held none is removed: a backup names blobs by rows that may be gone by the time it reads them. */
export function holdable(blobs: BlobStore): HeldBlobs {
  const holders = new Set<symbol>()
  return {
    blobs: {
      ...blobs,
      remove: async (digest, putBefore) => (holders.size > 0 ? 0 : blobs.remove(digest, putBefore)),
    },
    hold() {
      const holder = Symbol('holder')
      holders.add(holder)
      return () => void holders.delete(holder)
    },
  }
}
