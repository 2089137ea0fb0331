// What operators ask of deliveries: to try a webhook, and to send again what was sent before.
import type { Store, Write } from '../../storage/store.ts'
import type { DeliveryRow, WebhookRow } from '../../storage/webhook-rows.ts'
import { fail, ok, type Result } from '../result.ts'
import type { Cause } from '../runtime/ask.ts'
import type { Live } from '../runtime/live.ts'
import type { World } from '../runtime/world.ts'
import type { Sealing } from '../secrets/sealing.ts'
import type { Particulars } from './happening.ts'
import { commitTold } from './told-commit.ts'
import { webhookJournalled } from './webhook-journal.ts'
import type { Webhooks } from './webhooks.ts'

/** Rows put back in one commit. */
const atOnceMax = 250

export type ReplayFault =
  | { readonly kind: 'no-such-webhook' }
  | { readonly kind: 'no-such-delivery' }
  /** Switched off: nothing would be sent. */
  | { readonly kind: 'switched-off' }
  /** Only the journal has seqs, and only webhooks of the standard kind are told of it. */
  | { readonly kind: 'no-journal' }
  | { readonly kind: 'unavailable' }

export type WebhookDeliveries = {
  /** A message that says it is a test, through all the usual ways. */
  test(webhookId: string, cause: Cause): Promise<Result<DeliveryRow, ReplayFault>>
  /** One again, from its first attempt on. */
  replay(webhookId: string, id: string, cause: Cause): Promise<Result<DeliveryRow, ReplayFault>>
  /** Everything kept that was created at or after that time. Gives how many. */
  replaySince(webhookId: string, at: number, cause: Cause): Promise<Result<number, ReplayFault>>
  /** The journal from after that seq on, also what is kept no more; what was told keeps its id. */
  replayJournal(
    webhookId: string,
    afterSeq: number,
    cause: Cause,
  ): Promise<Result<void, ReplayFault>>
}

type DeliveriesOptions = {
  readonly store: Store
  readonly live: Live
  readonly world: World
  readonly sealing: Pick<Sealing, 'seal'>
  readonly webhooks: Webhooks
}

export function createWebhookDeliveries(options: DeliveriesOptions): WebhookDeliveries {
  const { store, live, world, webhooks } = options
  const keep = async (writes: readonly Write[]): Promise<boolean> =>
    (await commitTold({ store, live }, writes)).ok

  const replayed = (webhook: WebhookRow, cause: Cause, what: Particulars): Write =>
    webhookJournalled(webhook, { event: 'webhook.replayed', cause, at: world.now() }, what)

  function on(id: string): Result<WebhookRow, ReplayFault> {
    const row = webhooks.find(id)
    if (row === undefined) return fail({ kind: 'no-such-webhook' })
    return row.enabled === 1 ? ok(row) : fail({ kind: 'switched-off' })
  }

  return {
    async test(webhookId, cause) {
      const webhook = on(webhookId)
      if (!webhook.ok) return webhook
      const id = `msg_test_${world.uuid().replaceAll('-', '')}`
      const row = deliveryRow({
        id,
        webhookId,
        hostId: '',
        topic: testTopic,
        at: world.now(),
        dueAt: world.steady(),
      })
      const bytes = testBody(webhook.value, row)
      const ref = row.payload_ref
      const sealed = await options.sealing.seal({ ref, hostId: '', kind: sealedKind, bytes })
      const happening = { event: 'webhook.tested', cause, at: row.created_at }
      const note = webhookJournalled(webhook.value, happening, { delivery: id })
      return sealed.ok && (await keep([sealed.value, { put: 'delivery', row }, note]))
        ? ok(row)
        : fail({ kind: 'unavailable' })
    },
    async replay(webhookId, id, cause) {
      const webhook = on(webhookId)
      if (!webhook.ok) return webhook
      const row = store.lookups.delivery(id)
      if (row?.webhook_id !== webhookId) return fail({ kind: 'no-such-delivery' })
      const back = putBack(row, world.steady())
      const note = replayed(webhook.value, cause, { delivery: id })
      return (await keep([{ put: 'delivery', row: back }, note]))
        ? ok(back)
        : fail({ kind: 'unavailable' })
    },
    async replaySince(webhookId, at, cause) {
      const webhook = on(webhookId)
      if (!webhook.ok) return webhook
      const note = replayed(webhook.value, cause, { since: new Date(at).toISOString() })
      return allSince(options, { webhookId, at, note, keep })
    },
    async replayJournal(webhookId, afterSeq, cause) {
      const webhook = on(webhookId)
      if (!webhook.ok) return webhook
      if (webhook.value.kind !== 'standard') return fail({ kind: 'no-journal' })
      const moved = await webhooks.change(
        webhookId,
        (row) => ({ ...row, cursor: Math.min(afterSeq, row.cursor) }),
        [replayed(webhook.value, cause, { after_seq: afterSeq })],
      )
      return moved ? ok(undefined) : fail({ kind: 'unavailable' })
    },
  }
}

type Since = {
  readonly webhookId: string
  readonly at: number
  readonly note: Write
  readonly keep: (writes: readonly Write[]) => Promise<boolean>
}

async function allSince(
  { store, world }: DeliveriesOptions,
  { webhookId, at, note, keep }: Since,
): Promise<Result<number, ReplayFault>> {
  const until = world.now()
  let after: Pick<DeliveryRow, 'created_at' | 'id'> = { created_at: at - 1, id: '\uffff' }
  let count = 0
  // Told before anything goes out again.
  let notes: readonly Write[] = [note]
  for (;;) {
    const some = store.lookups.deliveriesFrom(webhookId, after, atOnceMax)
    const ours = some.filter(({ created_at }) => created_at <= until)
    const over = ours.filter(({ state }) => state !== 'pending')
    const put = over.map((row) => ({ put: 'delivery', row: putBack(row, world.steady()) }) as const)
    if (!(await keep([...notes, ...put]))) return fail({ kind: 'unavailable' })
    notes = []
    count += over.length
    const last = ours.at(-1)
    if (last === undefined || ours.length < atOnceMax) return ok(count)
    after = last
  }
}

const testTopic = 'webhook.test'

export const sealedKind = 'webhook_delivery'

/** A delivery that has everything before it. Its body is sealed under `payload_ref`. */
export const deliveryRow = (of: {
  readonly id: string
  readonly webhookId: string
  readonly hostId: string
  readonly topic: string
  readonly at: number
  /** In the time in which things are due. */
  readonly dueAt: number
}): DeliveryRow => ({
  id: of.id,
  webhook_id: of.webhookId,
  host_id: of.hostId,
  topic: of.topic,
  payload_ref: `webhook_delivery/${of.id}`,
  ...putBackTo(of.dueAt),
  created_at: of.at,
})

const putBackTo = (dueAt: number) =>
  ({
    state: 'pending',
    attempts: 0,
    due_at: dueAt,
    finished_at: null,
    last_status: null,
    last_error: null,
  }) as const

const putBack = (row: DeliveryRow, dueAt: number): DeliveryRow => ({ ...row, ...putBackTo(dueAt) })

function testBody({ kind, name }: WebhookRow, { id, created_at }: DeliveryRow): Uint8Array {
  const at = new Date(created_at).toISOString()
  const said =
    kind === 'standard'
      ? { type: testTopic, timestamp: at, data: { webhook: name } }
      : { topic: testTopic, event_id: id, created_at: at }
  return new TextEncoder().encode(JSON.stringify(said))
}
