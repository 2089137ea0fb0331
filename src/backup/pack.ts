// Writes a backup as a tar archive, in constant memory however large the data is.
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { createTarPacker } from 'modern-tar'
import type { BlobStore } from '../../storage/blobs.ts'
import { type End, entryNames, lostMax, type Manifest } from './manifest.ts'

export type Packing = {
  readonly manifest: Manifest
  /** Paths of the copied database and of the list of its blobs. */
  readonly database: string
  readonly blobList: string
  readonly blobs: Pick<BlobStore, 'get'>
  /** Time of the entries, in milliseconds. */
  readonly at: number
}

/** The archive, produced as fast as it is read. It errors when a copied file cannot be read any more. */
export function packBackup(packing: Packing): ReadableStream<Uint8Array> {
  const { readable, controller } = createTarPacker()
  const packed = writeEntries(packing, async (name, size, pieces) => {
    const writer = controller
      .add({ name, size, mode: 0o600, mtime: new Date(packing.at) })
      .getWriter()
    for await (const piece of pieces) await writer.write(piece)
    await writer.close()
  })
  packed.then(
    () => controller.finalize(),
    // A reader that went away has ended the archive itself.
    (error: unknown) => controller.error(error),
  )
  return readable
}

type Pieces = AsyncIterable<Uint8Array> | Iterable<Uint8Array>
type Add = (name: string, size: number, pieces: Pieces) => Promise<void>

async function writeEntries(packing: Packing, add: Add): Promise<void> {
  const { manifest, database, blobList } = packing
  await addJson(add, entryNames.manifest, manifest)
  await add(entryNames.database, manifest.database.bytes, createReadStream(database, reading))
  await add(entryNames.blobList, manifest.blob_list.bytes, createReadStream(blobList, reading))
  const end = manifest.blobs_included ? await addBlobs(packing, add) : none
  await addJson(add, entryNames.end, end)
}

/** Whole pages of the disk: small pieces would cost more than the copying. */
const reading = { highWaterMark: 256 * 1_024 }

const none: End = { blobs: 0, lost: [], lost_count: 0 }

async function addBlobs({ blobList, blobs }: Packing, add: Add): Promise<End> {
  const lost: string[] = []
  let [count, lostCount] = [0, 0]
  for await (const digest of linesOf(blobList)) {
    // Read whole, since its digest is checked before its name is written: a blob is bounded.
    const found = await blobs.get(digest)
    if (found.ok) {
      await add(entryNames.blobs + digest, found.value.length, [found.value])
      count += 1
    } else {
      lostCount += 1
      if (lost.length < lostMax) lost.push(digest)
    }
  }
  return { blobs: count, lost, lost_count: lostCount }
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const file = await open(path)
  try {
    for await (const line of createInterface({ input: file.createReadStream(), crlfDelay: 0 }))
      if (line !== '') yield line
  } finally {
    await file.close().catch(() => undefined)
  }
}

async function addJson(add: Add, name: string, value: unknown): Promise<void> {
  const bytes = Buffer.from(`${JSON.stringify(value, null, 2)}\n`)
  await add(name, bytes.length, [bytes])
}
