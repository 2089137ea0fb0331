// What happened, as rows and streams tell it.
import { z } from '@hono/zod-openapi'
import type { CauseKind, JournalRow } from '../../../storage/rows.ts'
import { iso, time } from './fields.ts'

export const journalItem = z
  .object({
    seq: z.int(),
    at: time,
    host_id: z.string(),
    actor: z.string().openapi({ description: '`host`, or the id of the command that moved.' }),
    command_uuid: z.string().optional().openapi({
      description: 'Of the command that moved, where it is not its id.',
    }),
    event: z.string(),
    from: z.string().nullable(),
    to: z.string().nullable(),
    cause: z.string(),
    cause_id: z.string().nullable(),
    detail: z.unknown(),
  })
  .openapi('JournalEntry')

export type JournalItem = z.input<typeof journalItem>

/** `uuidOf` gives the CommandUUID of a command by its id. */
export const journalOf = (
  row: JournalRow & { readonly seq: number },
  uuidOf: (id: string) => string,
): JournalItem => ({
  seq: row.seq,
  at: iso(row.at),
  host_id: row.host_id,
  actor: row.actor,
  ...(uuidOf(row.actor) !== row.actor && { command_uuid: uuidOf(row.actor) }),
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
