import { createHash, randomUUID } from 'node:crypto'
import { lstat, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { syncPath } from './sync.ts'

/** Bytes that are read whole have to fit in memory next to everything else. */
const blobBytesMax = 128 * 1024 * 1024

type BlobFault =
  | { readonly kind: 'too-large'; readonly bytesMax: number }
  | { readonly kind: 'missing' }
  /** What is stored under the digest is not what was put there. */
  | { readonly kind: 'damaged' }
  /** Disk full, I/O error: worth another try. */
  | { readonly kind: 'unavailable'; readonly detail: string }
type BlobResult<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: BlobFault }

/** Bytes by the SHA-256 of themselves, in lower-case hex. The same bytes are kept once. */
export type BlobStore = {
  /** Resolves once the bytes survive a power cut. Fails: `too-large`, `unavailable`. */
  readonly put: (bytes: Uint8Array | AsyncIterable<Uint8Array>) => Promise<BlobResult<string>>
  /** The bytes, checked against their digest. Fails: `missing`, `damaged`, `unavailable`. */
  readonly get: (digest: string) => Promise<BlobResult<Uint8Array>>
  readonly has: (digest: string) => Promise<boolean>
  /** Those last put before that time, in no order; what is put meanwhile may be missing. */
  readonly putBefore: (time: number) => AsyncIterable<string>
  /** Takes one away unless it was put again since. Gives its bytes, 0 when it stays or is none. */
  readonly remove: (digest: string, putBefore: number) => Promise<number>
}

/**
 * Blobs as files: `ab/ab12…` under `folder`, created when missing.
 *
 * A digest is the only name that reaches the file system, and nothing but 64 hex digits is one.
 */
export async function openBlobFolder(
  folder: string,
  bytesMax: number = blobBytesMax,
): Promise<BlobStore> {
  const unfinished = join(folder, 'unfinished')
  // What a crash left half written is under no digest and of no use.
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { recursive: true, mode: 0o700 })
  const pathOf = (digest: string): string => join(folder, digest.slice(0, 2), digest)
  const inTurn = createTurns()

  return {
    async put(bytes) {
      const temporary = join(unfinished, randomUUID())
      try {
        const digest = await write(temporary, chunksOf(bytes), bytesMax)
        if (digest === undefined) return { ok: false, error: { kind: 'too-large', bytesMax } }
        // Never between the look at an older copy and its end.
        await inTurn(digest, () => place(temporary, pathOf(digest)))
        return { ok: true, value: digest }
      } catch (error) {
        return { ok: false, error: unavailable(error) }
      } finally {
        await rm(temporary, { force: true }).catch(() => undefined)
      }
    },
    async get(digest) {
      if (!isDigest(digest)) return { ok: false, error: { kind: 'missing' } }
      try {
        const bytes = await readFile(pathOf(digest))
        const found = createHash('sha256').update(bytes).digest('hex')
        return found === digest
          ? { ok: true, value: bytes }
          : { ok: false, error: { kind: 'damaged' } }
      } catch (error) {
        return {
          ok: false,
          error: (await isGone(folder, error)) ? { kind: 'missing' } : unavailable(error),
        }
      }
    },
    async has(digest) {
      if (!isDigest(digest)) return false
      const found = await stat(pathOf(digest)).catch(() => undefined)
      return found?.isFile() === true
    },
    putBefore: (time) => putBefore(folder, time),
    remove: (digest, time) => inTurn(digest, () => removeOld(pathOf(digest), time)),
  }
}

const isDigest = (text: string): boolean => /^[0-9a-f]{64}$/.test(text)

/** Hashed in a millisecond; between two pieces others have their turn. */
const pieceBytes = 1_024 * 1_024

async function* chunksOf(
  bytes: Uint8Array | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  if (!(bytes instanceof Uint8Array)) return yield* bytes
  for (let at = 0; at < bytes.length || at === 0; at += pieceBytes)
    yield bytes.subarray(at, at + pieceBytes)
}

/** Writes and syncs the file; its digest, or undefined as soon as it is too large. */
async function write(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  bytesMax: number,
): Promise<string | undefined> {
  const file = await open(path, 'wx', 0o600)
  try {
    const hash = createHash('sha256')
    let size = 0
    for await (const chunk of chunks) {
      size += chunk.byteLength
      if (size > bytesMax) return undefined
      hash.update(chunk)
      await file.writeFile(chunk)
    }
    await file.sync()
    return hash.digest('hex')
  } finally {
    await file.close()
  }
}

/**
 * Puts the file under its name, also over an earlier copy: that mends a damaged one, and a second put of the
 * same bytes does not answer before the first is durable.
 */
async function place(from: string, to: string): Promise<void> {
  const shard = dirname(to)
  const created = await mkdir(shard, { recursive: true, mode: 0o700 })
  await rename(from, to)
  await syncPath(shard)
  if (created !== undefined) await syncPath(dirname(shard))
}

async function* putBefore(folder: string, time: number): AsyncGenerator<string> {
  for (const shard of await readdir(folder)) {
    if (!/^[0-9a-f]{2}$/.test(shard)) continue
    for (const name of await readdir(join(folder, shard))) {
      const found = isDigest(name) ? await lstat(join(folder, shard, name)) : undefined
      if (found?.isFile() === true && found.mtimeMs < time) yield name
    }
  }
}

async function removeOld(path: string, time: number): Promise<number> {
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined || found.mtimeMs >= time) return 0
  await rm(path)
  return found.size
}

/** What is done to one blob comes one after another. */
function createTurns(): <Value>(digest: string, task: () => Promise<Value>) => Promise<Value> {
  const last = new Map<string, Promise<unknown>>()
  return async (digest, task) => {
    const mine = (last.get(digest) ?? Promise.resolve()).then(task, task)
    last.set(digest, mine)
    try {
      return await mine
    } finally {
      if (last.get(digest) === mine) last.delete(digest)
    }
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT'

/** A folder that is not there as a whole, such as one that is not mounted, says nothing about a blob. */
const isGone = async (folder: string, error: unknown): Promise<boolean> =>
  isMissing(error) && (await stat(folder).catch(() => undefined))?.isDirectory() === true

const unavailable = (error: unknown): BlobFault => ({
  kind: 'unavailable',
  detail: error instanceof Error ? error.message : String(error),
})
