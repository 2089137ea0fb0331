// The end of a webhook, with everything it was told and was yet to be told.
import type { Write } from '../../storage/store.ts'
import type { WebhookRow } from '../../storage/webhook-rows.ts'
import { fail, ok } from '../result.ts'
import type { Cause } from '../runtime/ask.ts'
import { webhookJournalled } from './webhook-journal.ts'
import type { KeepWrites, Webhooks, WebhooksOptions } from './webhooks.ts'

/** Rows taken away in one commit. */
const clearedAtOnce = 250

type Removing = Pick<Webhooks, 'change'> & {
  readonly row: WebhookRow | undefined
  readonly cause: Cause
  readonly keep: KeepWrites
}

export async function removeWebhook(
  options: WebhooksOptions,
  { row, cause, change, keep }: Removing,
): ReturnType<Webhooks['remove']> {
  if (row === undefined) return fail({ kind: 'no-such-webhook' })
  // Told no more from here on; cut short, it stays switched off and can be deleted again.
  const off = await change(row.id, (now) => ({ ...now, enabled: 0 }))
  const happening = { event: 'webhook.deleted', cause, at: options.world.now() }
  const last = [...dropOf(row), webhookJournalled(row, happening)]
  const gone = off && (await clear(options, row.id, keep)) && (await keep(last))
  // A message that was under way may have left one behind; from here on the database takes none.
  return gone && (await clear(options, row.id, keep))
    ? ok(undefined)
    : fail({ kind: 'unavailable' })
}

/** Takes away everything a webhook was told and was yet to be told. */
async function clear({ store }: WebhooksOptions, id: string, keep: KeepWrites): Promise<boolean> {
  for (;;) {
    const some = store.lookups.deliveriesFrom(id, { created_at: 0, id: '' }, clearedAtOnce)
    if (some.length === 0) return true
    const writes = some.flatMap((row): readonly Write[] => [
      { drop: 'delivery', id: row.id },
      { drop: 'sealed', ref: row.payload_ref },
    ])
    if (!(await keep(writes))) return false
  }
}

const dropOf = ({ id, secret_ref, former_secret_ref }: WebhookRow): readonly Write[] => [
  { drop: 'webhook', id },
  ...[secret_ref, former_secret_ref].flatMap((ref): readonly Write[] =>
    ref === null ? [] : [{ drop: 'sealed', ref }],
  ),
]
