// The server's side of backups: makes one at a time, for an operator or by the schedule, and notes how it went.
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fail, ok, type Result } from '../result.ts'
import type { BlobStore } from '../../storage/blobs.ts'
import type { Copied, CopyTargets } from '../../storage/copy.ts'
import type { BackupRow } from '../../storage/rows.ts'
import type { Store, Write } from '../../storage/store.ts'
import type { Cause } from '../runtime/ask.ts'
import type { Live } from '../runtime/live.ts'
import type { World } from '../runtime/world.ts'
import { diskSentence } from './file.ts'
import type { Manifest } from './manifest.ts'
import { packBackup } from './pack.ts'

export type BackupFault =
  /** Another one is being made. */
  | { readonly kind: 'busy' }
  /** `detail` is one sentence for the operator. */
  | { readonly kind: 'failed'; readonly detail: string }

export type Prepared = {
  readonly manifest: Manifest
  readonly archive: ReadableStream<Uint8Array>
  /** Must be called when the archive was read or given up: another backup can begin then. Never rejects. */
  readonly release: () => Promise<void>
}

/** What a backup that succeeded is remembered by. */
export type Made = {
  readonly kind: BackupRow['kind']
  readonly manifest: Manifest
  readonly bytes: number
  readonly file: string | null
  readonly by: string | null
}

export type Backups = {
  /** Copies and checks the database; the archive is then read at the caller's pace. */
  prepare(options: { readonly blobs: boolean }): Promise<Result<Prepared, BackupFault>>
  /** Journals that an operator takes the data away. Resolves to false when that is not durable. */
  announce(cause: Cause, manifest: Manifest): Promise<boolean>
  succeeded(made: Made): Promise<void>
  failed(kind: BackupRow['kind'], failure: string): Promise<void>
  /** As if there had been none where its row cannot be read. */
  last(kind: BackupRow['kind']): BackupRow
  list(): readonly BackupRow[]
}

export type BackupsOptions = {
  /** The data folder: copies are made in it. */
  readonly folder: string
  readonly copy: (targets: CopyTargets) => Promise<Copied>
  readonly blobs: Pick<BlobStore, 'get'>
  /** Keeps blobs from being removed until the result is called. */
  readonly holdBlobs: () => () => void
  readonly store: Store
  readonly live: Live
  readonly world: Pick<World, 'now'>
  readonly version: string
  readonly machines: Readonly<Record<string, number>>
  readonly masterKeyId: string
}

export function createBackups(options: BackupsOptions): Backups {
  const { store, live, world } = options
  // Left behind by a crash; replaced by the next backup.
  const work = join(options.folder, 'backup.part')
  let isBusy = false

  const note = async (writes: readonly Write[]): Promise<boolean> => {
    const committed = await store.commit(writes)
    if (committed.ok) live.publish(writes, committed.journalSeqs)
    return committed.ok
  }
  const last = (kind: BackupRow['kind']): BackupRow => {
    try {
      return store.lookups.backups().find((row) => row.kind === kind) ?? { ...never, kind }
    } catch {
      // The store tells of the damage itself.
      return { ...never, kind }
    }
  }

  return {
    async prepare({ blobs }) {
      if (isBusy) return fail({ kind: 'busy' })
      isBusy = true
      const unhold = options.holdBlobs()
      const release = async (): Promise<void> => {
        await rm(work, { recursive: true, force: true }).catch(() => undefined)
        unhold()
        isBusy = false
      }
      try {
        return ok({ ...(await begin(options, work, blobs)), release })
      } catch (error) {
        await release()
        return fail({ kind: 'failed', detail: diskSentence(error, join(work, 'muster.db')) })
      }
    },
    announce: (cause, manifest) => note([downloaded(cause, world.now(), manifest)]),
    async succeeded({ kind, manifest, bytes, file, by }) {
      const row: BackupRow = {
        kind,
        at: Date.parse(manifest.created_at),
        journal_seq: manifest.journal_seq,
        bytes,
        file,
        made_by: by,
        findings: manifest.findings.length,
        failed_at: null,
        failure: null,
      }
      await note([{ put: 'backup', row }])
    },
    async failed(kind, failure) {
      const row = { ...last(kind), failed_at: world.now(), failure }
      await note([{ put: 'backup', row }])
    },
    last,
    list: () => store.lookups.backups(),
  }
}

const never: Omit<BackupRow, 'kind'> = {
  at: null,
  journal_seq: null,
  bytes: null,
  file: null,
  made_by: null,
  findings: null,
  failed_at: null,
  failure: null,
}

async function begin(
  { copy, blobs, world, version, machines, masterKeyId }: BackupsOptions,
  work: string,
  isIncluded: boolean,
): Promise<Omit<Prepared, 'release'>> {
  await rm(work, { recursive: true, force: true })
  await mkdir(work, { mode: 0o700 })
  const targets = { database: join(work, 'muster.db'), blobList: join(work, 'blobs.txt') }
  const at = world.now()
  const copied = await copy(targets)
  const manifest: Manifest = {
    format: 1,
    muster: version,
    created_at: new Date(at).toISOString(),
    schema: copied.schema,
    machines,
    incarnation: copied.incarnation,
    journal_seq: copied.journalSeq,
    master_key_id: masterKeyId,
    database: copied.database,
    blob_list: copied.blobList,
    blobs_included: isIncluded,
    findings: copied.findings,
  }
  return { manifest, archive: packBackup({ manifest, ...targets, blobs, at }) }
}

/** Everything leaves with a backup, so who took it is on record before the first byte does. */
const downloaded = (cause: Cause, at: number, manifest: Manifest): Write => ({
  put: 'journal',
  row: {
    host_id: '',
    at,
    actor: 'host',
    event: 'backup.downloaded',
    from_state: null,
    to_state: null,
    cause: cause.kind,
    cause_id: cause.id,
    detail: JSON.stringify({
      journal_seq: manifest.journal_seq,
      blobs_included: manifest.blobs_included,
    }),
  },
})
