import type { Reads } from './reads.ts'
import type { Lookups } from './store.ts'

/** Reads about who is told. */
export const webhookLookups = ({
  one,
  many,
}: Reads): Pick<Lookups, 'webhook' | 'webhooks' | 'delivery'> => ({
  webhook: one('webhooks', 'id = ?'),
  webhooks: many('webhooks', 'true ORDER BY created_at, id'),
  delivery: one('webhook_deliveries', 'id = ?'),
})
