// A webhook and what it was told, as the API gives them.
import { z } from '@hono/zod-openapi'
import type { DeliveryRow, WebhookRow } from '../../../storage/webhook-rows.ts'
import { type DueClock, dueIso } from './due-time.ts'
import { iso, isoOrNull, time } from './fields.ts'

export const deliveryItem = z
  .object({
    id: z.string().openapi({ description: 'Sent as `webhook-id` and `muster-delivery`.' }),
    webhook_id: z.string(),
    host_id: z.string().nullable(),
    topic: z.string(),
    state: z.enum(['pending', 'delivered', 'failed']),
    attempts: z.int(),
    created_at: time,
    due_at: time.nullable().openapi({ description: 'Of the next attempt.' }),
    finished_at: time.nullable(),
    last_status: z.int().nullable(),
    last_error: z.string().nullable(),
  })
  .openapi('WebhookDelivery')

export type DeliveryItem = z.input<typeof deliveryItem>

export const deliveryOf = (clock: DueClock, row: DeliveryRow): DeliveryItem => ({
  id: row.id,
  webhook_id: row.webhook_id,
  host_id: row.host_id === '' ? null : row.host_id,
  topic: row.topic,
  state: row.state,
  attempts: row.attempts,
  created_at: iso(row.created_at),
  due_at: row.state === 'pending' ? dueIso(clock, row.due_at) : null,
  finished_at: isoOrNull(row.finished_at),
  last_status: row.last_status,
  last_error: row.last_error,
})

export const webhookItem = z
  .object({
    id: z.string(),
    name: z.string(),
    url: z.string(),
    kind: z.enum(['standard', 'nanomdm']),
    topics: z.array(z.string()).openapi({ description: 'Empty: everything.' }),
    enabled: z.boolean(),
    disabled_reason: z.string().nullable(),
    created_at: time,
    created_by: z.string(),
    former_secret_until: time.nullable().openapi({
      description: 'So long the secret before this one signs along; null when there is none.',
    }),
    waiting: z.int().openapi({ description: 'Deliveries that wait.' }),
    journal_seq: z
      .int()
      .nullable()
      .openapi({ description: 'How far the journal was turned into deliveries.' }),
    last: deliveryItem.nullable().openapi({ description: 'Delivered or given up last.' }),
  })
  .openapi('Webhook')

export type WebhookItem = z.input<typeof webhookItem>

type WebhookState = {
  readonly waiting: number
  readonly last: DeliveryRow | undefined
  readonly world: DueClock
}

export const webhookOf = (
  row: WebhookRow,
  { waiting, last, world }: WebhookState,
): WebhookItem => ({
  id: row.id,
  name: row.name,
  url: row.url,
  kind: row.kind,
  // We wrote it as an array of strings.
  topics: JSON.parse(row.topics) as string[],
  enabled: row.enabled === 1,
  disabled_reason: row.disabled_reason,
  created_at: iso(row.created_at),
  created_by: row.created_by,
  former_secret_until:
    row.former_until === null || row.former_until <= world.steady()
      ? null
      : dueIso(world, row.former_until),
  waiting,
  journal_seq: row.kind === 'standard' ? row.cursor : null,
  last: last === undefined ? null : deliveryOf(world, last),
})
