// What a backup says about itself, as its first and its last entry, both JSON.
import { fail, ok, type Result } from '../result.ts'

/** The names of entries, in the order in which they stand in the archive. Blobs follow under `blobs/<digest>`. */
export const entryNames = {
  manifest: 'manifest.json',
  database: 'muster.db',
  blobList: 'blobs.txt',
  blobs: 'blobs/',
  end: 'end.json',
} as const

/** `sha256` is in lower-case hexadecimal. */
export type EntryDigest = { readonly bytes: number; readonly sha256: string }

/** The first entry. Written once the copy of the database is made and checked. */
export type Manifest = {
  readonly format: 1
  /** The version of Muster that made it. */
  readonly muster: string
  /** RFC 3339. */
  readonly created_at: string
  readonly schema: number
  readonly machines: Readonly<Record<string, number>>
  readonly incarnation: number
  /** All that was acknowledged before this journal row, and the row itself, is in the backup. */
  readonly journal_seq: number
  /** Names the master key without revealing it. */
  readonly master_key_id: string
  readonly database: EntryDigest
  /** Lists the digests of the blobs that rows name. */
  readonly blob_list: EntryDigest & { readonly count: number }
  readonly blobs_included: boolean
  /** What was damaged in the database when the backup was made. */
  readonly findings: readonly string[]
}

/** The last entry: without it the backup was cut short. */
export type End = {
  readonly blobs: number
  /** Named by rows, and not there or damaged when the backup was made. At most `lostMax` are listed. */
  readonly lost: readonly string[]
  readonly lost_count: number
}

/** A manifest with more names than a person reads would only be large. */
export const lostMax = 100

/** A manifest of ours is a few kilobytes; one with a thousand findings is some hundred. */
export const manifestBytesMax = 1_024 * 1_024

export type BackupFacts = {
  readonly manifest: Manifest
  readonly end: End
}

/** Undefined says that the text is no manifest; a newer format is a sentence of its own. */
export function readManifest(text: string): Result<Manifest, string> {
  const value = parsed(text)
  if (value?.['format'] !== 1)
    return fail(
      typeof value?.['format'] === 'number'
        ? 'The backup was made by a newer Muster: restore it with that version.'
        : notABackup,
    )
  // Format 1 is written by us alone, and the digests in it are checked against what follows.
  return isManifest(value) ? ok(value as unknown as Manifest) : fail(notABackup)
}

export function readEnd(text: string): Result<End, string> {
  const value = parsed(text)
  return typeof value?.['blobs'] === 'number' && Array.isArray(value['lost'])
    ? ok(value as unknown as End)
    : fail(notABackup)
}

export const notABackup = 'This file is not a backup of Muster.'

type Members = Readonly<Record<string, unknown>>

const isManifest = (value: Members): boolean =>
  isDigest(value['database']) &&
  isDigest(value['blob_list']) &&
  ['schema', 'incarnation', 'journal_seq'].every((name) => Number.isSafeInteger(value[name])) &&
  ['muster', 'created_at', 'master_key_id'].every((name) => typeof value[name] === 'string') &&
  typeof value['blobs_included'] === 'boolean' &&
  Array.isArray(value['findings'])

function isDigest(value: unknown): boolean {
  const members = membersOf(value)
  return (
    Number.isSafeInteger(members?.['bytes']) && /^[0-9a-f]{64}$/.test(String(members?.['sha256']))
  )
}

function parsed(text: string): Members | undefined {
  try {
    return membersOf(JSON.parse(text))
  } catch {
    return undefined
  }
}

const membersOf = (value: unknown): Members | undefined =>
  typeof value === 'object' && value !== null ? (value as Members) : undefined
