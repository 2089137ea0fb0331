import { z } from '@hono/zod-openapi'
import type { ConflictRow } from '../../../storage/rows.ts'
import { iso, isoOrNull, time } from './fields.ts'

export const conflictItem = z
  .object({
    id: z.string(),
    kind: z.string(),
    host_id: z.string(),
    others: z.array(z.string()),
    claim: z.object({ kind: z.string(), value: z.string().nullable() }).nullable(),
    detail: z.record(z.string(), z.unknown()).openapi({
      description: 'What was seen, what it contradicts, and the choices there are.',
    }),
    opened_at: time,
    resolved_at: time.nullable(),
    resolution: z.string().nullable(),
  })
  .openapi('Conflict')

/** The JSON columns are our own: what cannot be read is a bug. */
export const conflictOf = (row: ConflictRow): z.input<typeof conflictItem> => ({
  id: row.id,
  kind: row.kind,
  host_id: row.host_id,
  others: JSON.parse(row.others) as string[],
  claim: row.claim_kind === null ? null : { kind: row.claim_kind, value: row.claim_value },
  detail: JSON.parse(row.detail) as Record<string, unknown>,
  opened_at: iso(row.opened_at),
  resolved_at: isoOrNull(row.resolved_at),
  resolution: row.resolution,
})
