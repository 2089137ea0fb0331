// Other programs that want to be told: who they are, and what of.
import type { Store, Write } from '../../storage/store.ts'
import type { WebhookRow } from '../../storage/webhook-rows.ts'
import { fail, ok, type Result } from '../result.ts'
import type { Cause } from '../runtime/ask.ts'
import type { Live } from '../runtime/live.ts'
import type { World } from '../runtime/world.ts'
import type { Sealing } from '../secrets/sealing.ts'
import { commitTold } from './told-commit.ts'
import { createTurnstile } from './turnstile.ts'
import { changesOf, webhookJournalled, wordsOf } from './webhook-journal.ts'
import { removeWebhook } from './webhook-removal.ts'
import { rotate, type RotationWish } from './webhook-rotation.ts'
import { createTopics } from './webhook-topics.ts'

/** Each has sockets of its own, see `src/effects/webhooks`: 32 of them are 128. */
const webhooksMax = 32

export type WebhookKind = WebhookRow['kind']

export type WebhookWish = {
  readonly name: string
  readonly url: string
  readonly kind: WebhookKind
  /** What it wants to hear of; nothing means everything. */
  readonly topics: readonly string[]
  /** A secret the receiver knows already; else one is minted. */
  readonly secret?: string | undefined
}

export type WebhookChange = {
  readonly name?: string | undefined
  readonly url?: string | undefined
  readonly topics?: readonly string[] | undefined
  readonly enabled?: boolean | undefined
}

export type WebhookFault =
  | { readonly kind: 'no-such-webhook' }
  | {
      readonly kind: 'bad'
      readonly member: 'url' | 'secret' | 'grace_ms'
      readonly detail: string
    }
  | { readonly kind: 'full'; readonly most: number }
  | { readonly kind: 'unavailable' }

export type Webhooks = {
  /** Oldest first. */
  list(): readonly WebhookRow[]
  find(id: string): WebhookRow | undefined
  /** `secret` is told here and never again. */
  create(
    wish: WebhookWish,
    cause: Cause,
  ): Promise<Result<{ readonly row: WebhookRow; readonly secret: string }, WebhookFault>>
  update(id: string, change: WebhookChange, cause: Cause): Promise<Result<WebhookRow, WebhookFault>>
  /** Gives it another secret, told here and never again. */
  rotate(
    id: string,
    wish: RotationWish,
    cause: Cause,
  ): Promise<Result<{ readonly row: WebhookRow; readonly secret: string }, WebhookFault>>
  /** See `Subscribers` in `src/effects/webhooks`. */
  wants(row: WebhookRow, topic: string): boolean
  /** Those switched on that are told of MDM messages as NanoMDM tells them, and asked for this one. */
  echoesOf(topic: string): readonly WebhookRow[]
  /** With everything it was told. */
  remove(id: string, cause: Cause): Promise<Result<void, WebhookFault>>
  /** See `Subscribers` in `src/effects/webhooks`. */
  change(
    id: string,
    change: (row: WebhookRow) => WebhookRow | undefined,
    more?: readonly Write[] | ((before: WebhookRow, after: WebhookRow) => readonly Write[]),
  ): Promise<boolean>
}

export type WebhooksOptions = {
  readonly store: Store
  readonly live: Live
  readonly world: World
  readonly sealing: Pick<Sealing, 'seal'>
  /** The journal's last seq: a new webhook hears of what comes after. */
  readonly lastSeq: () => Promise<number | undefined>
  readonly mint: (kind: WebhookKind) => string
  /** What is wrong with an address or a secret. */
  readonly complaintAbout: {
    readonly url: (url: string) => string | undefined
    readonly secret: (kind: WebhookKind, secret: string) => string | undefined
  }
}

export function createWebhooks(options: WebhooksOptions): Webhooks {
  const { store, live } = options
  const rows = new Map(store.lookups.webhooks().map((row) => [row.id, row]))
  const inOrder = createTurnstile()
  const wants = createTopics()
  const keep = async (writes: readonly Write[]): Promise<boolean> =>
    (await commitTold({ store, live }, writes)).ok

  live.watch({
    committed(writes) {
      for (const write of writes) {
        if ('put' in write && write.put === 'webhook') rows.set(write.row.id, write.row)
        if ('drop' in write && write.drop === 'webhook') rows.delete(write.id)
      }
    },
    doubted(writes) {
      for (const write of writes)
        if ('put' in write && write.put === 'webhook') refresh(write.row.id)
    },
  })

  function refresh(id: string): void {
    const row = store.lookups.webhook(id)
    if (row === undefined) rows.delete(id)
    else rows.set(id, row)
  }

  const change: Webhooks['change'] = async (id, changed, more = []) =>
    (await inOrder([id], async () => {
      const row = rows.get(id)
      const next = row && changed(row)
      if (row === undefined || next === undefined) return false
      const writes = typeof more === 'function' ? more(row, next) : more
      return keep([{ put: 'webhook', row: next }, ...writes, ...endNote(row, next, options.world)])
    })) ?? false

  return {
    list: () => [...rows.values()],
    find: (id) => rows.get(id),
    wants,
    echoesOf: (topic) =>
      [...rows.values()].filter(
        (row) => row.kind === 'nanomdm' && row.enabled === 1 && wants(row, topic),
      ),
    change,
    async create(wish, cause) {
      if (rows.size >= webhooksMax) return fail({ kind: 'full', most: webhooksMax })
      return create(options, { wish, cause, keep })
    },
    async update(id, wanted, cause) {
      if (!rows.has(id)) return fail({ kind: 'no-such-webhook' })
      const done = await update(options, { id, wanted, cause, change })
      if (!done.ok) return done
      const row = rows.get(id)
      return row === undefined ? fail({ kind: 'unavailable' }) : ok(row)
    },
    rotate: async (id, wish, cause) =>
      rotate(options, { id, wish, cause, change, find: (sought) => rows.get(sought) }),
    remove: async (id, cause) => removeWebhook(options, { row: rows.get(id), cause, change, keep }),
  }
}

export type KeepWrites = (writes: readonly Write[]) => Promise<boolean>

/** What a receiver or we ourselves ended is nobody's doing, and somebody should hear of it. */
function endNote(before: WebhookRow, after: WebhookRow, world: World): readonly Write[] {
  const { disabled_reason: reason } = after
  if (before.enabled === 0 || after.enabled === 1 || reason === null) return []
  const cause: Cause = { kind: 'effect', id: 'webhooks' }
  const happening = { event: 'webhook.switched_off', cause, at: world.now() }
  return [webhookJournalled(after, happening, { reason })]
}

const changed = (row: WebhookRow, { name, url, topics, enabled }: WebhookChange): WebhookRow => ({
  ...row,
  name: name ?? row.name,
  url: url ?? row.url,
  topics: topics === undefined ? row.topics : JSON.stringify(topics),
  ...(enabled !== undefined && { enabled: enabled ? 1 : 0, disabled_reason: null }),
})

type Changing = Pick<Webhooks, 'change'> & {
  readonly id: string
  readonly wanted: WebhookChange
  readonly cause: Cause
}

async function update(
  { complaintAbout, world }: WebhooksOptions,
  { id, wanted, cause, change }: Changing,
): Promise<Result<void, WebhookFault>> {
  const detail = wanted.url === undefined ? undefined : complaintAbout.url(wanted.url)
  if (detail !== undefined) return fail({ kind: 'bad', member: 'url', detail })
  const happening = { event: 'webhook.changed', cause, at: world.now() }
  const done = await change(
    id,
    (row) => changed(row, wanted),
    (before, after) => [webhookJournalled(after, happening, changesOf(before, after))],
  )
  return done ? ok(undefined) : fail({ kind: 'unavailable' })
}

type Making = {
  readonly wish: WebhookWish
  readonly cause: Cause
  readonly keep: KeepWrites
}

async function create(
  options: WebhooksOptions,
  { wish, cause, keep }: Making,
): ReturnType<Webhooks['create']> {
  const { world, sealing, complaintAbout } = options
  const { kind, url, secret = options.mint(kind) } = wish
  const badUrl = complaintAbout.url(url)
  if (badUrl !== undefined) return fail({ kind: 'bad', member: 'url', detail: badUrl })
  const badSecret = complaintAbout.secret(kind, secret)
  if (badSecret !== undefined) return fail({ kind: 'bad', member: 'secret', detail: badSecret })
  const cursor = await options.lastSeq()
  const id = world.uuid()
  const ref = `webhook/${id}`
  const bytes = new TextEncoder().encode(secret)
  const sealed = await sealing.seal({ ref, hostId: '', kind: 'webhook_secret', bytes })
  if (cursor === undefined || !sealed.ok) return fail({ kind: 'unavailable' })
  const row: WebhookRow = {
    id,
    name: wish.name,
    url,
    kind,
    topics: JSON.stringify(wish.topics),
    secret_ref: ref,
    former_secret_ref: null,
    former_until: null,
    enabled: 1,
    disabled_reason: null,
    cursor,
    created_at: world.now(),
    created_by: cause.id ?? cause.kind,
  }
  const happening = { event: 'webhook.created', cause, at: row.created_at }
  const note = webhookJournalled(row, happening, wordsOf(row))
  return (await keep([sealed.value, { put: 'webhook', row }, note]))
    ? ok({ row, secret })
    : fail({ kind: 'unavailable' })
}
