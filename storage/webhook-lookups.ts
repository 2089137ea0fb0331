import type { Reads } from './reads.ts'
import type { Lookups } from './store.ts'

type WebhookLookups = Pick<
  Lookups,
  | 'webhook'
  | 'webhooks'
  | 'delivery'
  | 'nextDelivery'
  | 'nextDeliveryBeyond'
  | 'lastDelivery'
  | 'deliveriesFrom'
  | 'endedDeliveries'
>

/** Reads about who is told. */
export function webhookLookups({ one, sound, next }: Reads): WebhookLookups {
  const from = sound(
    'webhook_deliveries',
    'webhook_id = ? AND (created_at, id) > (?, ?) ORDER BY created_at, id LIMIT ?',
  )
  return {
    webhook: one('webhooks', 'id = ?'),
    webhooks: sound('webhooks', 'true ORDER BY created_at, id'),
    delivery: one('webhook_deliveries', 'id = ?'),
    nextDelivery: next(
      'webhook_deliveries',
      `webhook_id = ? AND host_id = ? AND state = 'pending' ORDER BY rowid`,
      'INDEXED BY deliveries_pending',
    ),
    nextDeliveryBeyond: next(
      'webhook_deliveries',
      `webhook_id = ? AND host_id > ? AND state = 'pending' ORDER BY host_id, rowid`,
      'INDEXED BY deliveries_pending',
    ),
    lastDelivery: next(
      'webhook_deliveries',
      'webhook_id = ? AND finished_at IS NOT NULL ORDER BY finished_at DESC, rowid DESC',
      'INDEXED BY deliveries_last',
    ),
    deliveriesFrom: (webhookId, { created_at, id }, limit) =>
      from(webhookId, created_at, id, limit),
    endedDeliveries: sound('webhook_deliveries', 'finished_at <= ? ORDER BY finished_at LIMIT ?'),
  }
}
