import type { Lookups } from '../../../storage/store.ts'
import type { DeliveryRow, WebhookRow } from '../../../storage/webhook-rows.ts'
import type { World } from '../../runtime/world.ts'
import type { Sealing } from '../../secrets/sealing.ts'
import { after, isTaken } from './attempt.ts'
import type { DeadLetters } from './dead-letters.ts'
import type { Send, Sent } from './sender.ts'
import { signedHeaders } from './signing.ts'
import type { Keep, Subscribers } from './subscribers.ts'

export type TellingOptions = {
  readonly lookups: Lookups
  readonly world: World
  readonly sealing: Pick<Sealing, 'open'>
  readonly subscribers: Subscribers
  readonly keep: Keep
  readonly send: Send
  readonly deadLetters: DeadLetters
}

/** Tells and writes down how it went. False when that could not be written. */
export async function attempted(
  options: TellingOptions,
  webhook: WebhookRow,
  row: DeliveryRow,
): Promise<boolean> {
  const { lookups, world, subscribers } = options
  const sent = await told(options, webhook, row)
  // Taken away while it was under way: there is nothing to write any more.
  if (lookups.delivery(row.id)?.state !== 'pending') return true
  const { kind } = webhook
  const outcome = after(row, sent, {
    kind,
    refusals: refusalsOf(options.deadLetters, { webhook, row, sent }),
    at: world.now(),
    steadyAt: world.steady(),
    random: world.random(),
  })
  if (outcome.row.state !== 'pending') options.deadLetters.forget(row.id)
  const write = { put: 'delivery', row: outcome.row } as const
  if (!outcome.gone) return options.keep([write])
  const reason = 'the receiver answered 410 Gone'
  return subscribers.change(
    webhook.id,
    (current) => ({ ...current, enabled: 0, disabled_reason: reason }),
    [write],
  )
}

function refusalsOf(
  deadLetters: DeadLetters,
  {
    webhook,
    row,
    sent,
  }: { readonly webhook: WebhookRow; readonly row: DeliveryRow; readonly sent: Sent },
): number {
  if (!isTaken(webhook.kind, sent)) return deadLetters.refused(webhook.id, row.id)
  deadLetters.taken(webhook.id)
  deadLetters.forget(row.id)
  return 0
}

async function told(
  { sealing, send, world }: TellingOptions,
  webhook: WebhookRow,
  { id, payload_ref }: DeliveryRow,
): Promise<Sent> {
  const { kind, url, secret_ref } = webhook
  const body = await sealing.open(payload_ref)
  const secret = await sealing.open(secret_ref ?? '')
  if (!body.ok || !secret.ok)
    return { kind: 'unreachable', detail: 'its body or the secret cannot be read' }
  const signing = {
    secret: textOf(secret.value),
    former: await formerSecret({ sealing, world }, webhook),
    at: world.now(),
  }
  const headers = signedHeaders(kind, { id, body: body.value }, signing)
  return send({ url, body: body.value, headers: { ...headers, 'muster-delivery': id } })
}

/** While it signs along. One that cannot be read keeps no message from those who know the new one. */
async function formerSecret(
  { sealing, world }: Pick<TellingOptions, 'sealing' | 'world'>,
  { former_secret_ref: ref, former_until: until }: WebhookRow,
): Promise<string | undefined> {
  if (ref === null || until === null || until <= world.steady()) return undefined
  const secret = await sealing.open(ref)
  return secret.ok ? textOf(secret.value) : undefined
}

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
