// Turns the journal into deliveries for webhooks of the standard kind. Each keeps the place up to which
// that was done, moved in the commit that holds the deliveries: nothing is lost, nothing skipped.
import type { JournalEntry, Queries } from '../../../storage/queries.ts'
import type { Lookups, Write } from '../../../storage/store.ts'
import type { WebhookRow } from '../../../storage/webhook-rows.ts'
import type { Live } from '../../runtime/live.ts'
import type { World } from '../../runtime/world.ts'
import type { Sealing } from '../../secrets/sealing.ts'
import { deliveryId, standardBody } from './standard-body.ts'
import type { Subscribers } from './subscribers.ts'

/** Journal rows read at once, and deliveries in one commit: a few milliseconds of the writer. */
const batchMax = 200

/** Deliveries that wait for one webhook before its place in the journal does: the journal keeps the rest. */
const waitingMax = 10_000

/** Messages that wait for one of the NanoMDM kind, which nobody could hold back, before it is switched off. */
const heapMax = 100_000

/** Rows that come together are told together. */
const gatherMs = 20

/** How soon it looks by itself, such as after trouble. */
const sweepMs = 15_000

export type FeederOptions = {
  readonly lookups: Lookups
  readonly queries: Pick<Queries, 'listJournal' | 'waitingDeliveries'>
  readonly live: Live
  readonly world: World
  readonly sealing: Pick<Sealing, 'seal'>
  readonly subscribers: Subscribers
  /** @default 100,000 */
  readonly heapMax?: number
}

export type Feeder = { stop(): Promise<void> }

export function createFeeder(options: FeederOptions): Feeder {
  const { live, world, subscribers } = options
  let running: Promise<void> | undefined
  let timer: { cancel(): void } | undefined
  let stopped = false
  /** Something happened since the last run began. */
  let news = false

  const isFed = ({ kind, enabled }: WebhookRow): boolean => kind === 'standard' && enabled === 1

  function wakeIn(ms: number): void {
    if (stopped) return
    timer?.cancel()
    timer = world.later(run, ms)
  }

  function run(): void {
    if (stopped || running !== undefined) return
    news = false
    // What cannot be read now is read again later.
    running = round()
      .catch(() => {})
      .then(() => {
        running = undefined
        wakeIn(news ? gatherMs : sweepMs)
      })
  }

  async function round(): Promise<void> {
    const on = subscribers.list().filter(({ enabled }) => enabled === 1)
    if (on.length === 0) return
    const waiting = await options.queries.waitingDeliveries({})
    if (!waiting.ok) return
    const most = options.heapMax ?? heapMax
    for (const { id } of on)
      if ((waiting.value[id] ?? 0) > most) await subscribers.change(id, switchedOff(most))
    const mayTake = on.filter((one) => isFed(one) && (waiting.value[one.id] ?? 0) < waitingMax)
    const more = await Promise.all(mayTake.map(async (one) => feed(options, one)))
    if (more.includes(true)) news = true
  }

  function told(): void {
    if (news) return
    news = true
    if (running === undefined) wakeIn(gatherMs)
  }

  const unwatch = live.watch({
    happened: told,
    committed(writes) {
      // Made, switched on, or put back.
      if (writes.some((write) => 'put' in write && write.put === 'webhook')) told()
    },
  })
  wakeIn(0)

  return {
    async stop() {
      stopped = true
      unwatch()
      timer?.cancel()
      await running
    },
  }
}

const switchedOff =
  (most: number) =>
  (row: WebhookRow): WebhookRow => ({
    ...row,
    enabled: 0,
    disabled_reason: `more than ${most} deliveries waited for it`,
  })

/** One batch for one webhook. True when there is more. */
async function feed(options: FeederOptions, webhook: WebhookRow): Promise<boolean> {
  const { queries, subscribers } = options
  const page = await queries.listJournal({
    sinceSeq: webhook.cursor,
    ascending: true,
    limit: batchMax,
  })
  if (!page.ok) return false
  const { items, more } = page.value
  const last = items.at(-1)
  if (last === undefined) return false
  const writes: Write[] = []
  for (const entry of items) {
    if (!subscribers.wants(webhook, entry.event) || isAbout(webhook, entry)) continue
    const delivery = await deliveryOf(options, webhook, entry)
    if (delivery === undefined) return false
    writes.push(...delivery)
  }
  const moved = await subscribers.change(
    webhook.id,
    // Put back meanwhile, it begins anew from there.
    (row) => (row.cursor === webhook.cursor ? { ...row, cursor: last.seq } : undefined),
    writes,
  )
  return moved && more
}

/** What operators do with a webhook is no news to it, and a test that is told of a test has no end. */
function isAbout({ id }: WebhookRow, { event, detail }: JournalEntry): boolean {
  if (!event.startsWith('webhook.') || detail === null) return false
  const { webhook } = JSON.parse(detail) as { readonly webhook?: unknown }
  return webhook === id
}

async function deliveryOf(
  { lookups, sealing, world }: FeederOptions,
  { id: webhookId }: WebhookRow,
  entry: JournalEntry,
): Promise<readonly Write[] | undefined> {
  const id = deliveryId(webhookId, entry.seq)
  const body = standardBody(
    entry,
    lookups.host(entry.host_id),
    lookups.commandName(entry.actor)?.name,
  )
  const ref = `webhook_delivery/${id}`
  // Under no host: what is told of one outlives it.
  const sealed = await sealing.seal({ ref, hostId: '', kind: 'webhook_delivery', bytes: body })
  if (!sealed.ok) return undefined
  const at = world.now()
  const row = {
    id,
    webhook_id: webhookId,
    host_id: entry.host_id,
    topic: entry.event,
    payload_ref: ref,
    state: 'pending',
    attempts: 0,
    due_at: world.steady(),
    created_at: at,
    finished_at: null,
    last_status: null,
    last_error: null,
  } as const
  return [sealed.value, { put: 'delivery', row }]
}
