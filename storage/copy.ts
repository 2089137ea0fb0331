// A consistent copy of the database, made by a thread of its own while the server goes on writing.
import { closeSync, openSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { createExchange } from './exchange.ts'

/** Where a copy goes. Neither file may exist yet. */
export type CopyTargets = {
  readonly database: string
  /** One digest a line: every blob that a row of the copy names. */
  readonly blobList: string
}

export type Copied = {
  readonly schema: number
  /** Every turn that was acknowledged before the copy began is in it, and so is this journal row. */
  readonly journalSeq: number
  readonly incarnation: number
  readonly database: CopiedFile
  readonly blobList: CopiedFile & { readonly count: number }
  /** What is damaged in the copy, a line each; the same is damaged in the database. */
  readonly findings: readonly string[]
}

/** `sha256` is in lower-case hexadecimal. */
type CopiedFile = { readonly bytes: number; readonly sha256: string }

export type CopyStart = CopyTargets & { readonly path: string }
export type FromCopier =
  | { readonly kind: 'copied'; readonly copied: Copied }
  | { readonly kind: 'failed'; readonly detail: string }

/** How often written pages go to the disk. All at once at the end, they would hold up the syncs of commits. */
const syncEveryMs = 100

/** Rejects when the database cannot be copied: the disk is full, or its structure is damaged. */
export async function copyDatabase(path: string, targets: CopyTargets): Promise<Copied> {
  // Created here for its mode: SQLite fills an empty file.
  closeSync(openSync(targets.database, 'wx', 0o600))
  const url = new URL('./copy-thread.ts', import.meta.url)
  const start: CopyStart = { path, ...targets }
  const thread = createExchange<never, FromCopier>(url, start, () => undefined)
  const done = new AbortController()
  const syncing = syncNowAndThen(targets.database, done.signal)
  try {
    const answer = await thread.first
    if (answer.kind === 'failed') throw new Error(answer.detail)
    return answer.copied
  } finally {
    done.abort()
    await syncing
  }
}

async function syncNowAndThen(path: string, signal: AbortSignal): Promise<void> {
  const file = await open(path, 'r+')
  try {
    while (!signal.aborted) {
      await file.datasync()
      await sleep(syncEveryMs, undefined, { signal }).catch(() => undefined)
    }
  } finally {
    await file.close()
  }
}
