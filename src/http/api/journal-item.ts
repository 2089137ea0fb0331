// What happened, as rows and streams tell it.
import { z } from '@hono/zod-openapi'
import type { CauseKind, JournalRow } from '../../../storage/rows.ts'
import { iso, time } from './fields.ts'

export const journalItem = z
  .object({
    seq: z.int(),
    at: time,
    host_id: z.string(),
    actor: z.string().openapi({ description: '`host`, or the UUID of the command that moved.' }),
    event: z.string(),
    from: z.string().nullable(),
    to: z.string().nullable(),
    cause: z.string(),
    cause_id: z.string().nullable(),
    detail: z.unknown(),
  })
  .openapi('JournalEntry')

export type JournalItem = z.input<typeof journalItem>

export const journalOf = (row: JournalRow & { readonly seq: number }): JournalItem => ({
  seq: row.seq,
  at: iso(row.at),
  host_id: row.host_id,
  actor: row.actor,
  event: row.event,
  from: row.from_state,
  to: row.to_state,
  cause: row.cause,
  cause_id: row.cause_id,
  detail: row.detail === null ? null : (JSON.parse(row.detail) as unknown),
})

export const causes = [
  'device',
  'operator',
  'alarm',
  'sync',
  'effect',
  'identity',
] as const satisfies readonly CauseKind[]
