// A backup as a file: written under another name, synced, read back, and only then renamed.
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fail, ok, type Result } from '../result.ts'
import type { BackupFacts } from './manifest.ts'
import { namePattern } from './name.ts'
import { unpackBackup } from './unpack.ts'

export type WrittenBackup = BackupFacts & { readonly path: string; readonly bytes: number }

/** Fails with one sentence; then there is no file of that name, unless there was one before. */
export async function writeBackup(
  path: string,
  archive: AsyncIterable<Uint8Array>,
): Promise<Result<WrittenBackup, string>> {
  const part = `${path}.part`
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const bytes = await writeSynced(part, archive)
    const facts = await checkBackup(part)
    if (!facts.ok) return facts
    await rename(part, path)
    await syncFolder(dirname(path))
    return ok({ ...facts.value, path, bytes })
  } catch (error) {
    return fail(diskSentence(error, path))
  } finally {
    await rm(part, { force: true }).catch(() => undefined)
  }
}

/** Reads a whole backup. Fails with one sentence where it is not as it was written. */
const checkBackup = (path: string): Promise<Result<BackupFacts, string>> =>
  unpackBackup({ archive: createReadStream(path, { highWaterMark: 256 * 1_024 }) })

async function writeSynced(path: string, archive: AsyncIterable<Uint8Array>): Promise<number> {
  const file = await open(path, 'w', 0o600)
  try {
    let bytes = 0
    let unsynced = 0
    for await (const piece of archive) {
      await file.writeFile(piece)
      bytes += piece.length
      unsynced += piece.length
      if (unsynced < syncedBytes) continue
      await file.datasync()
      unsynced = 0
    }
    await file.sync()
    return bytes
  } finally {
    await file.close()
  }
}

/** So much goes to the disk at once: all of it at the end would hold up the syncs of a server's commits. */
const syncedBytes = 16 * 1_024 * 1_024

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Removes all but the newest `keep` backups of a folder, and no other file. Gives the names that went. */
export async function pruneBackups(folder: string, keep: number): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => namePattern.test(name))
  const old = names.toSorted().slice(0, Math.max(0, names.length - keep))
  for (const name of old) await rm(join(folder, name), { force: true })
  return old
}

/** Removes what a crash left half written. */
export async function dropUnfinished(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  for (const name of names)
    if (namePattern.test(name.replace(/\.part$/, '')) && name.endsWith('.part'))
      await rm(join(folder, name), { force: true })
}

/** What the system or SQLite said, as one sentence for an operator. */
export function diskSentence(error: unknown, path: string): string {
  const { code, message = '' } = error as { readonly code?: unknown; readonly message?: string }
  const isFull = /database or disk is full/i.test(message)
  const sentence = sentences[isFull ? 'ENOSPC' : String(code)]
  return sentence?.(path) ?? `${path}: ${message === '' ? String(error) : message}.`
}

const full = (path: string): string =>
  `There is no room for ${basename(path)} in ${dirname(path)}: free some space or choose another folder.`
const forbidden = (path: string): string =>
  `${path} cannot be read or written by this user: change its owner, or run as another user.`

const sentences: Readonly<Record<string, (path: string) => string>> = {
  ENOSPC: full,
  EDQUOT: full,
  EACCES: forbidden,
  EPERM: forbidden,
  EROFS: (path) => `${path} is on a file system that is read-only.`,
  ENOENT: (path) => `There is no file ${path}.`,
  EISDIR: (path) => `${path} is a folder: give the name of a file.`,
  EEXIST: (path) => `${dirname(path)} is not a folder.`,
  ENOTDIR: (path) => `${dirname(path)} is not a folder.`,
}
