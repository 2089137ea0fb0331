// When a push certificate needs somebody: it ends soon, has ended, or Apple does not take it.
import type { PushCertificateRow } from '../../storage/certificate-rows.ts'

/** Days before the end at which it is said, and said again. */
export const warningDays = [60, 30, 14, 7, 3, 1] as const

export type PushWarning = {
  readonly topic: string
  /** Changes when it is worth saying again. */
  readonly step: string
  /** Nothing can be pushed any more. */
  readonly isOver: boolean
  readonly sentence: string
}

const dayMs = 86_400_000
const renewal =
  'Renew it at identity.apple.com with the same Apple Account, so that its topic stays, and upload it here.'

export function pushWarning(row: PushCertificateRow, now: number): PushWarning | undefined {
  const { topic, not_after, refused_reason } = row
  const on = new Date(not_after).toISOString().slice(0, 10)
  if (not_after <= now)
    return {
      topic,
      step: 'expired',
      isOver: true,
      sentence: `The push certificate of ${topic} expired on ${on}: no device can be woken. ${renewal}`,
    }
  if (refused_reason !== null)
    return {
      topic,
      step: `refused ${refused_reason}`,
      isOver: true,
      sentence: `Apple does not take the push certificate of ${topic} (${refused_reason}): no device can be woken. Upload another one.`,
    }
  const days = Math.ceil((not_after - now) / dayMs)
  const step = warningDays.findLast((warning) => days <= warning)
  if (step === undefined) return undefined
  const left = days === 1 ? 'within a day' : `in ${days} days`
  return {
    topic,
    step: String(step),
    isOver: false,
    sentence: `The push certificate of ${topic} expires ${left}, on ${on}. ${renewal}`,
  }
}

export const pushWarnings = (
  rows: readonly PushCertificateRow[],
  now: number,
): readonly PushWarning[] => rows.flatMap((row) => pushWarning(row, now) ?? [])
