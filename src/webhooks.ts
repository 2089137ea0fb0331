// Webhooks as one part: who is told, what is made of the journal, and how it is delivered.
import packageJson from '../package.json' with { type: 'json' }
import type { Store, Write } from '../storage/store.ts'
import type { Queries } from '../storage/queries.ts'
import { type Allows, allowsNothing } from './effects/webhooks/allow-list.ts'
import { createDeliveries } from './effects/webhooks/deliveries.ts'
import { createFeeder } from './effects/webhooks/feeder.ts'
import { createRetention } from './effects/webhooks/retention.ts'
import { createSend } from './effects/webhooks/sender.ts'
import { mintSecret, secretComplaint } from './effects/webhooks/signing.ts'
import { readTarget, type Resolve, systemResolve } from './effects/webhooks/target.ts'
import { commitTold } from './intake/told-commit.ts'
import { createWebhookDeliveries, type WebhookDeliveries } from './intake/webhook-deliveries.ts'
import { createWebhooks, type Webhooks } from './intake/webhooks.ts'
import type { Live } from './runtime/live.ts'
import type { World } from './runtime/world.ts'
import type { Sealing } from './secrets/sealing.ts'

export type WebhooksOptions = {
  readonly store: Store
  readonly queries: Queries
  readonly sealing: Sealing
  readonly live: Live
  readonly world: World
  /** Receivers inside the own network. @default none */
  readonly allows?: Allows | undefined
  /** How long (ms) deliveries that are over stay. @default seven days */
  readonly keptMs?: number
  /** A time for what is removed for its age. @default the wall clock */
  readonly ageNow?: () => number
  /** @default as this machine resolves names */
  readonly resolve?: Resolve
}

export type OpenedWebhooks = {
  readonly webhooks: Webhooks
  readonly webhookDeliveries: WebhookDeliveries
  /** Ends what is under way: what nobody answered is told again after the next start. */
  stop(): Promise<void>
}

export function openWebhooks(options: WebhooksOptions): OpenedWebhooks {
  const { store, queries, sealing, live, world } = options
  const keep = async (writes: readonly Write[]): Promise<boolean> =>
    (await commitTold({ store, live }, writes)).ok
  const webhooks = createWebhooks({
    store,
    live,
    world,
    sealing,
    async lastSeq() {
      const page = await queries.listJournal({ limit: 1 })
      return page.ok ? (page.value.items[0]?.seq ?? 0) : undefined
    },
    mint: mintSecret,
    complaintAbout: {
      url(url) {
        const read = readTarget(url)
        return read.ok ? undefined : read.error.detail
      },
      secret: secretComplaint,
    },
  })
  const closing = new AbortController()
  const send = createSend({
    closing: closing.signal,
    allows: options.allows ?? allowsNothing,
    resolve: options.resolve ?? systemResolve,
    userAgent: `muster/${packageJson.version}`,
  })
  const shared = { lookups: store.lookups, queries, live, world, sealing, keep, send }
  const parts = [
    createDeliveries({ ...shared, subscribers: webhooks }),
    createFeeder({ ...shared, subscribers: webhooks }),
    createRetention({
      ...shared,
      world: { ...world, now: options.ageNow ?? world.now },
      keptMs: options.keptMs,
    }),
  ]
  return {
    webhooks,
    webhookDeliveries: createWebhookDeliveries({ store, live, world, sealing, webhooks }),
    async stop() {
      closing.abort()
      await Promise.all(parts.map(async (part) => part.stop()))
    },
  }
}
