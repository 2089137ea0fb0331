// What one attempt makes of a delivery: done, to be tried again, or given up.
import type { DeliveryRow, WebhookRow } from '../../../storage/webhook-rows.ts'
import { unreachable } from '../../result.ts'
import { refusalsMax } from './dead-letters.ts'
import type { Sent } from './sender.ts'

/** 5 s doubled up to 6 h: some three days of trying. */
export const attemptsMax = 24

/** So long is a message worth telling: what waited behind others that failed is not tried for days once more. */
const deliverWithinMs = 3 * 86_400_000

/** But some minutes it is, also when it was sent again after weeks. */
const attemptsMin = 6

const retryFirstMs = 5_000
const retryLongestMs = 6 * 3_600_000

/** Doubling with ±20 % jitter, so that what failed together does not come back together. */
const retryMs = (attempts: number, random: number): number =>
  Math.round(Math.min(retryFirstMs * 2 ** (attempts - 1), retryLongestMs) * (0.8 + 0.4 * random))

export type After = {
  readonly row: DeliveryRow
  /** The receiver wants no more, ever: Standard Webhooks has 410 for it. */
  readonly gone: boolean
}

/** When the attempt ended, by the wall clock and by the time in which things are due. */
type Moment = { readonly at: number; readonly steadyAt: number; readonly random: number }

type Refusals = {
  /** Refusals of this message in a row, with others taken between them. */
  readonly refusals: number
}

export function after(
  row: DeliveryRow,
  sent: Sent,
  { kind, at, steadyAt, random, refusals }: Pick<WebhookRow, 'kind'> & Moment & Refusals,
): After {
  const attempts = row.attempts + 1
  const status = sent.kind === 'answered' ? sent.status : null
  const tried = { ...row, attempts, last_status: status }
  if (isTaken(kind, sent))
    return {
      row: { ...tried, state: 'delivered', finished_at: at, last_error: null },
      gone: false,
    }
  const reason = reasonOf(kind, sent)
  const isDead = refusals >= refusalsMax
  const told = { ...tried, last_error: isDead ? `${reason}; ${deadLetter}` : reason }
  const gone = kind === 'standard' && status === 410
  if (gone || isDead || isTriedEnough({ ...row, attempts }, at))
    return { row: { ...told, state: 'failed', finished_at: at }, gone }
  const asked = sent.kind === 'answered' ? (sent.retryAfterMs ?? 0) : 0
  return { row: { ...told, due_at: steadyAt + Math.max(asked, retryMs(attempts, random)) }, gone }
}

const isTriedEnough = (row: DeliveryRow, at: number): boolean =>
  row.attempts >= attemptsMax || (row.attempts >= attemptsMin && isOld(row, at))

const isOld = ({ created_at }: DeliveryRow, at: number): boolean =>
  at - created_at >= deliverWithinMs

/** NanoMDM takes a 200 and nothing else for a yes. */
export function isTaken(kind: WebhookRow['kind'], sent: Sent): boolean {
  if (sent.kind !== 'answered') return false
  const { status } = sent
  return kind === 'nanomdm' ? status === 200 : status >= 200 && status < 300
}

const deadLetter = 'given up: the receiver refused it again and again while it took other messages'

/** A receiver that fails likes to repeat what it was told: tokens and keys, where it is told of them. */
function reasonOf(kind: WebhookRow['kind'], sent: Sent): string {
  switch (sent.kind) {
    case 'answered':
      return kind === 'nanomdm' ? wordsNotKept : sent.text
    case 'unreachable':
    case 'refused':
      return sent.detail
    default:
      return unreachable(sent)
  }
}

const wordsNotKept = 'what it said may repeat the message and is not kept'
