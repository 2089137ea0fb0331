// A report's body, read as far as it can be: what a device sends again for ever must be able to end.
import { fail, ok, type Result } from '../../result.ts'
import { lenientLimits, reportLimits } from '../plist/limits.ts'
import { skimStrings } from '../plist/skim.ts'
import { type Dict, isBytes } from '../plist/value.ts'
import { readBody } from './body.ts'
import { type Enrollment, identifierKeys, readEnrollment } from './enrollment.ts'
import type { MessageFault } from './message-fault.ts'

export type ReadReportBody = {
  readonly raw: Dict
  /** Why a strict reader refuses it. Undefined: it does not. */
  readonly unread?: string
}

/** Keys that decide who speaks and about what: one that stands twice with two values decides nothing. */
const decidingKeys: ReadonlySet<string> = new Set([
  ...identifierKeys,
  'Status',
  'CommandUUID',
  'RequestType',
  'MessageType',
])

/**
 * Strictly where that works; else leniently; else only the texts that say who speaks and how which command went.
 *
 * Fails with the strict reader's fault when not even a Status and its sender are found.
 */
export function readReportBody(body: Dict | Uint8Array): Result<ReadReportBody, MessageFault> {
  const strict = readBody(body, reportLimits)
  if (strict.ok) return ok({ raw: strict.value })
  if (!isBytes(body)) return strict
  const unread = strict.error.detail
  const lenient = readBody(body, lenientLimits(decidingKeys))
  if (lenient.ok) return ok({ raw: lenient.value, unread })
  const raw = skimStrings(body, decidingKeys)
  const isEnough = raw['Status'] !== undefined && readEnrollment(raw).ok
  return isEnough ? ok({ raw, unread }) : fail(strict.error)
}

/** The same for a check-in: characters that XML cannot carry must not keep a device from enrolling. */
export function readCheckinBody(body: Dict | Uint8Array): Result<Dict, MessageFault> {
  const strict = readBody(body)
  if (strict.ok || !isBytes(body)) return strict
  const lenient = readBody(body, lenientLimits(decidingKeys))
  return lenient.ok ? lenient : strict
}

/** Who sends a body that says nothing else; undefined where it does not say that either, or is large. */
export function enrollmentIn(body: Uint8Array): Enrollment | undefined {
  if (body.length > skimmedBytesMax) return undefined
  const read = readEnrollment(skimStrings(body, decidingKeys))
  return read.ok ? read.value : undefined
}

/** Skimming so much takes less than a millisecond. */
const skimmedBytesMax = 65_536
