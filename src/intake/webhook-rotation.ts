// Another secret for a webhook. Where its signatures may be several, the one before signs along for a while.
import type { Write } from '../../storage/store.ts'
import type { WebhookRow } from '../../storage/webhook-rows.ts'
import { fail, ok, type Result } from '../result.ts'
import type { Cause } from '../runtime/ask.ts'
import { webhookJournalled } from './webhook-journal.ts'
import type { Webhooks, WebhookFault, WebhooksOptions } from './webhooks.ts'

/** A day: somebody changes the receiver within working hours. */
const graceUsualMs = 86_400_000

export type RotationWish = {
  /** One the receiver knows already; else one is minted. */
  readonly secret?: string | undefined
  /** How long the one before signs along. Nothing means a day, or not at all where only one signature fits. */
  readonly graceMs?: number | undefined
}

type Rotating = Pick<Webhooks, 'change' | 'find'> & {
  readonly id: string
  readonly wish: RotationWish
  readonly cause: Cause
}

export async function rotate(
  options: WebhooksOptions,
  { id, wish, cause, change, find }: Rotating,
): ReturnType<Webhooks['rotate']> {
  const { world, sealing } = options
  const row = find(id)
  if (row === undefined) return fail({ kind: 'no-such-webhook' })
  const fit = fitting(options, row, wish)
  if (!fit.ok) return fit
  const { secret, graceMs } = fit.value
  const ref = `webhook/${id}/${world.uuid()}`
  const bytes = new TextEncoder().encode(secret)
  const sealed = await sealing.seal({ ref, hostId: '', kind: 'webhook_secret', bytes })
  if (!sealed.ok) return fail({ kind: 'unavailable' })
  const at = world.now()
  const happening = { event: 'webhook.secret_rotated', cause, at }
  const former = graceMs === 0 ? 'worthless at once' : new Date(at + graceMs).toISOString()
  const until = world.steady() + graceMs
  const done = await change(
    id,
    (before) => ({ ...before, secret_ref: ref, ...formerOf(before, graceMs === 0 ? null : until) }),
    (before, after) => [
      sealed.value,
      ...endedBy(before, after).map((ended): Write => ({ drop: 'sealed', ref: ended })),
      webhookJournalled(after, happening, { former }),
    ],
  )
  const after = find(id)
  return done && after !== undefined ? ok({ row: after, secret }) : fail({ kind: 'unavailable' })
}

type Fitting = { readonly secret: string; readonly graceMs: number }

function fitting(
  { mint, complaintAbout }: WebhooksOptions,
  { kind }: WebhookRow,
  { secret = mint(kind), graceMs }: RotationWish,
): Result<Fitting, WebhookFault> {
  const detail = complaintAbout.secret(kind, secret)
  if (detail !== undefined) return fail({ kind: 'bad', member: 'secret', detail })
  if (kind === 'standard') return ok({ secret, graceMs: graceMs ?? graceUsualMs })
  return graceMs === undefined || graceMs === 0
    ? ok({ secret, graceMs: 0 })
    : fail({ kind: 'bad', member: 'grace_ms', detail: 'must be 0: NanoMDM signs with one secret' })
}

const formerOf = (
  before: WebhookRow,
  until: number | null,
): Pick<WebhookRow, 'former_secret_ref' | 'former_until'> => ({
  former_secret_ref: until === null ? null : before.secret_ref,
  former_until: until,
})

/** Secrets of before that sign nothing after. */
const endedBy = (before: WebhookRow, after: WebhookRow): readonly string[] =>
  [before.secret_ref, before.former_secret_ref].flatMap((ref) =>
    ref === null || ref === after.secret_ref || ref === after.former_secret_ref ? [] : [ref],
  )
