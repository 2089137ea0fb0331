// What operators did with webhooks: whoever makes one of the NanoMDM kind sends tokens and keys elsewhere.
import type { Write } from '../../storage/store.ts'
import type { WebhookRow } from '../../storage/webhook-rows.ts'
import { happened, type Happening, type Particulars } from './happening.ts'

/** Under no host. `more` goes beside the webhook's id and name. */
export const webhookJournalled = (
  { id, name }: Pick<WebhookRow, 'id' | 'name'>,
  happening: Happening,
  more: Particulars = {},
): Write => happened('', happening, { webhook: id, name, ...more })

/** Where it leads and what it hears of. */
export const wordsOf = ({ kind, url, topics }: WebhookRow): Particulars => ({
  kind,
  to: placeOf(url),
  events: eventsOf(topics),
})

/** What is another than it was; nothing of what stayed. */
export function changesOf(before: WebhookRow, after: WebhookRow): Particulars {
  return {
    ...(after.name !== before.name && { renamed_from: before.name }),
    ...(after.url !== before.url && { to: placeOf(after.url), instead_of: placeOf(before.url) }),
    ...(after.topics !== before.topics && { events: eventsOf(after.topics) }),
    ...(after.enabled !== before.enabled && { switched: after.enabled === 1 ? 'on' : 'off' }),
  }
}

/** Without path and query: some receivers have their password there. */
const placeOf = (url: string): string => URL.parse(url)?.origin ?? 'an address that cannot be read'

function eventsOf(topics: string): string {
  // We wrote it as an array of strings.
  const events = JSON.parse(topics) as readonly string[]
  return events.length === 0 ? 'all' : events.join(', ')
}
