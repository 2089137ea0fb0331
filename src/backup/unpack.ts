// Reads a backup and checks every entry against its digest, in constant memory.
import { createHash, type Hash } from 'node:crypto'
import { createTarDecoder } from 'modern-tar'
import { fail, ok, type Result } from '../result.ts'
import {
  type BackupFacts,
  type End,
  type EntryDigest,
  entryNames,
  type Manifest,
  manifestBytesMax,
  notABackup,
  readEnd,
  readManifest,
} from './manifest.ts'

/** Takes the bytes of one entry. A blob is named by its digest. */
export type Sink = {
  readonly write: (bytes: Uint8Array) => Promise<void>
  /** All was written. */
  readonly close: () => Promise<void>
  /** What was written is of no use: lets go of what the sink holds. Never rejects. */
  readonly discard: () => Promise<void>
}
export type SinkFor = (entry: 'database' | { readonly blob: string }) => Promise<Sink>

export type Unpacking = {
  /** The bytes of the archive. */
  readonly archive: AsyncIterable<Uint8Array>
  /** Asked before anything is kept; a sentence refuses the backup. */
  readonly allows?: (manifest: Manifest) => string | undefined
  /** Where entries go; without it the backup is only checked. */
  readonly sinkFor?: SinkFor
}

/**
 * Reads the archive to its end. Fails with one sentence when it is no backup, is cut short, or is not as it was
 * written; what sinks took by then is not to be used. I/O errors of archive and sinks are thrown.
 */
export async function unpackBackup(unpacking: Unpacking): Promise<Result<BackupFacts, string>> {
  const decoder = createTarDecoder({ strict: true })
  const reading = { thrown: undefined as unknown }
  const entries = streamOf(unpacking.archive, reading).pipeThrough(decoder)
  try {
    return await readEntries(entries, unpacking)
  } catch (error) {
    if (reading.thrown !== undefined) throw reading.thrown
    if (error instanceof SinkError) throw error.cause
    // All that is left is the decoder: what it reads is no archive, or only a part of one.
    return fail(cutShort)
  }
}

/** What a disk says while a backup is written to it, told apart from what the archive is like. */
class SinkError extends Error {}

const cutShort =
  'This backup is cut short or damaged, or the file is not a backup of Muster: take another one.'

type Entry = {
  readonly header: { readonly name: string; readonly size: number }
  readonly body: ReadableStream<Uint8Array>
}

async function readEntries(
  entries: ReadableStream<Entry>,
  unpacking: Unpacking,
): Promise<Result<BackupFacts, string>> {
  const rest = entries[Symbol.asyncIterator]()
  const first = await rest.next()
  const manifest = first.done === true ? fail(notABackup) : await readFirst(first.value, unpacking)
  if (manifest.ok)
    return readRest({ [Symbol.asyncIterator]: () => rest }, manifest.value, unpacking)
  await rest.return?.()
  return manifest
}

async function readRest(
  entries: AsyncIterable<Entry>,
  manifest: Manifest,
  { sinkFor }: Unpacking,
): Promise<Result<BackupFacts, string>> {
  let end: Result<End, string> = fail(cutShort)
  const names: string[] = []
  let blobs = 0
  for await (const entry of entries) {
    const { name } = entry.header
    if (name === entryNames.end) {
      end = await readLast(entry)
      continue
    }
    const refused = await takeEntry(entry, manifest, sinkFor)
    if (refused !== undefined) return fail(refused)
    if (name.startsWith(entryNames.blobs)) blobs += 1
    else names.push(name)
  }
  if (!end.ok) return end
  const isWhole = end.value.blobs === blobs && names.length === 2
  return isWhole ? ok({ manifest, end: end.value }) : fail(cutShort)
}

const readLast = async ({ header, body }: Entry): Promise<Result<End, string>> =>
  header.size > manifestBytesMax ? fail(notABackup) : readEnd(await textOf(body))

async function readFirst(
  { header, body }: Entry,
  { allows }: Unpacking,
): Promise<Result<Manifest, string>> {
  if (header.name !== entryNames.manifest || header.size > manifestBytesMax) return fail(notABackup)
  const manifest = readManifest(await textOf(body))
  if (!manifest.ok) return manifest
  const refused = allows?.(manifest.value)
  return refused === undefined ? manifest : fail(refused)
}

/** A sentence when the entry is none of a backup, or not as it was written. */
async function takeEntry(
  { header: { name }, body }: Entry,
  manifest: Manifest,
  sinkFor: SinkFor | undefined,
): Promise<string | undefined> {
  const said = saidOf(name, manifest)
  if (said === undefined) return notABackup
  const { kept } = said
  const sink = kept === undefined ? undefined : sinkFor && (() => sinkFor(kept))
  const found = await take(body, sink)
  const isSame = found.sha256 === said.sha256 && (said.bytes ?? found.bytes) === found.bytes
  return isSame ? undefined : changed(name)
}

type Said = {
  readonly sha256: string
  readonly bytes?: number
  /** Undefined for what is only checked. */
  readonly kept: Parameters<SinkFor>[0] | undefined
}

/** What an entry must be; undefined where the name is none of ours. */
function saidOf(name: string, manifest: Manifest): Said | undefined {
  if (name === entryNames.database) return { ...manifest.database, kept: 'database' }
  if (name === entryNames.blobList) return { ...manifest.blob_list, kept: undefined }
  const { blob } = /^blobs\/(?<blob>[0-9a-f]{64})$/.exec(name)?.groups ?? {}
  return blob === undefined ? undefined : { sha256: blob, kept: { blob } }
}

const changed = (name: string): string =>
  `The backup is damaged: ${name} in it is not as it was written. Take another backup.`

async function take(
  body: ReadableStream<Uint8Array>,
  open?: () => Promise<Sink>,
): Promise<EntryDigest> {
  const hash: Hash = createHash('sha256')
  const sink = open && (await kept(open))
  let bytes = 0
  try {
    for await (const piece of body) {
      hash.update(piece)
      bytes += piece.length
      if (sink !== undefined) await kept(() => sink.write(piece))
    }
    if (sink !== undefined) await kept(sink.close)
  } catch (error) {
    await sink?.discard()
    throw error
  }
  return { bytes, sha256: hash.digest('hex') }
}

async function kept<Value>(task: () => Promise<Value>): Promise<Value> {
  try {
    return await task()
  } catch (cause) {
    throw new SinkError('a sink failed', { cause })
  }
}

async function textOf(body: ReadableStream<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = []
  for await (const piece of body) pieces.push(piece)
  return Buffer.concat(pieces).toString('utf8')
}

/** `thrown` tells a source that cannot be read from an archive that makes no sense. */
function streamOf(
  source: AsyncIterable<Uint8Array>,
  reading: { thrown: unknown },
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const pieces = source[Symbol.asyncIterator]()
  return new ReadableStream({
    async pull(controller) {
      try {
        const next = await pieces.next()
        if (next.done === true) controller.close()
        else controller.enqueue(new Uint8Array(next.value))
      } catch (error) {
        reading.thrown = error
        controller.error(error)
      }
    },
    async cancel() {
      await pieces.return?.()
    },
  })
}
