// `/api/v1/backup` hands out a backup of everything; `/api/v1/backups` says how the last ones went.
import { z } from '@hono/zod-openapi'
import type { BackupRow } from '../../../storage/rows.ts'
import type { Prepared } from '../../backup/backups.ts'
import { fail, ok } from '../../result.ts'
import { causeOf } from './cause.ts'
import type { ApiDeps } from './deps.ts'
import { endpoint, type Endpoint } from './endpoint.ts'
import { isoOrNull, time } from './fields.ts'

const backup = z
  .object({
    kind: z.enum(['schedule', 'download']).openapi({
      description: 'Made by the server itself, or downloaded by an operator.',
    }),
    at: time.nullable().openapi({ description: 'Of the last one that succeeded.' }),
    journal_seq: z.number().nullable(),
    bytes: z.number().nullable(),
    file: z.string().nullable(),
    made_by: z.string().nullable(),
    findings: z
      .number()
      .nullable()
      .openapi({ description: 'What was damaged in the database at that time.' }),
    failed_at: time.nullable().openapi({ description: 'Null when the last one succeeded.' }),
    failure: z.string().nullable(),
  })
  .openapi('Backup')

const listed = z.object({
  items: z.array(backup),
  schedule: z
    .object({ every_s: z.number(), keep: z.number(), folder: z.string() })
    .nullable()
    .openapi({ description: 'Null when the server makes no backups by itself.' }),
})

const shared = { method: 'get', role: 'admin', tag: 'backups' } as const

export function backupEndpoints(deps: ApiDeps): readonly Endpoint[] {
  const { backups, backupSchedule: schedule } = deps
  return [
    endpoint(
      {
        ...shared,
        path: '/backups',
        summary: 'The last backup of each kind, and the schedule.',
        gives: listed,
      },
      async () => {
        const items = backups.list().map(shown)
        const { everyMs = 0, keep = 0, folder = '' } = schedule ?? {}
        const content = {
          items,
          schedule: schedule === undefined ? null : { every_s: everyMs / 1_000, keep, folder },
        }
        return ok({ kind: 'json', content })
      },
    ),
    endpoint(
      {
        ...shared,
        path: '/backup',
        summary: 'A backup of everything, as a tar archive.',
        description:
          'The database is copied and checked first, so the answer begins after seconds to minutes. ' +
          'The archive is complete only with its last entry, end.json. It holds no master key.',
        query: z.strictObject({
          blobs: z
            .enum(['true', 'false'])
            .default('true')
            .openapi({ description: 'false leaves out the blobs.' }),
        }),
        gives: z.string(),
        types: ['application/x-tar'],
      },
      async ({ query, principal }) => {
        const prepared = await backups.prepare({ blobs: query.blobs === 'true' })
        if (!prepared.ok) {
          if (prepared.error.kind === 'busy')
            return fail({ kind: 'conflict', detail: 'Another backup is being made: wait for it.' })
          await backups.failed('download', prepared.error.detail)
          return fail({ kind: 'backup-failed', detail: prepared.error.detail })
        }
        const { manifest, release } = prepared.value
        if (!(await backups.announce(causeOf(principal), manifest))) {
          await release()
          return fail({ kind: 'unavailable' })
        }
        return ok({
          kind: 'other',
          response: new Response(download(deps, prepared.value, principal.name), { headers }),
        })
      },
    ),
  ]
}

const headers = {
  'content-type': 'application/x-tar',
  'cache-control': 'no-store',
  // Some proxies would gather all of it first.
  'x-accel-buffering': 'no',
}

/** So long a client may take for nothing: other backups wait meanwhile. */
const stalledMs = 300_000

/** At the pace of the client. It ends early when the client goes or stalls, or the server stops. */
function download(
  { backups, world, closing }: Pick<ApiDeps, 'backups' | 'world' | 'closing'>,
  { manifest, archive, release }: Prepared,
  by: string,
): ReadableStream<Uint8Array> {
  const reader = archive.getReader()
  let bytes = 0
  let ended = false
  let timer: { cancel(): void } | undefined
  let giveUp: (reason: Error) => void = () => undefined

  async function end(failure?: string): Promise<void> {
    if (ended) return
    ended = true
    timer?.cancel()
    closing.removeEventListener('abort', stopping)
    await reader.cancel().catch(() => undefined)
    await release()
    await (failure === undefined
      ? backups.succeeded({ kind: 'download', manifest, bytes, file: null, by })
      : backups.failed('download', failure))
  }
  const abandon = (why: string): void => {
    giveUp(new Error(why))
    void end(why)
  }
  const stopping = (): void => abandon('The server stopped before the backup was downloaded.')
  const watch = (): void => {
    timer?.cancel()
    timer = world.later(() => abandon('The client stopped reading the backup.'), stalledMs)
  }
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        giveUp = (reason) => controller.error(reason)
        closing.addEventListener('abort', stopping)
        watch()
      },
      async pull(controller) {
        try {
          watch()
          const next = await reader.read()
          if (ended) return
          if (next.value !== undefined) {
            bytes += next.value.length
            return controller.enqueue(next.value)
          }
          await end()
          controller.close()
        } catch (error) {
          await end('The copy that was made for the backup cannot be read.')
          controller.error(error)
        }
      },
      cancel: () => end('The client ended the download.'),
    },
    { highWaterMark: 0 },
  )
}

const shown = (row: BackupRow): z.input<typeof backup> => ({
  ...row,
  at: isoOrNull(row.at),
  failed_at: isoOrNull(row.failed_at),
})
