import { fail, ok, type Result } from '../../result.ts'
import { type Dict, isArray, isDict, type PlistValue } from '../plist/value.ts'
import { readBody } from './body.ts'
import { isCommandUuid } from './command-uuid.ts'
import { type Enrollment, readEnrollment } from './enrollment.ts'
import { readFields } from './fields.ts'
import type { MessageFault } from './message-fault.ts'

/** What a device says when it comes for work: nothing yet, or how the last command went. */
export type Report = IdleReport | CommandReport

export type IdleReport = { readonly enrollment: Enrollment; readonly status: 'Idle' }

export type CommandReport = {
  readonly enrollment: Enrollment
  readonly status: 'Acknowledged' | 'Error' | 'CommandFormatError' | 'NotNow'
  readonly commandUUID: string
  readonly requestType?: string
  /** Outermost first; empty when the device named no reason. */
  readonly errorChain: readonly ErrorChainItem[]
  /** The whole report, response keys included. */
  readonly raw: Dict
}

/** One reason. Devices leave out what they like, so every key is optional. */
export type ErrorChainItem = {
  readonly ErrorCode?: number | bigint
  readonly ErrorDomain?: string
  readonly LocalizedDescription?: string
  readonly USEnglishDescription?: string
}

export type ReportFault = MessageFault

/**
 * Reads a report.
 *
 * Fails: malformed body, unknown Status, no identity, no usable CommandUUID (except when idle). An error
 * chain never fails: what cannot be read of it stays in `raw`.
 */
export function readReport(body: Dict | Uint8Array): Result<Report, ReportFault> {
  const read = readBody(body)
  if (!read.ok) return read
  const raw = read.value
  const { Status } = raw
  if (typeof Status !== 'string') {
    const kind = Status === undefined ? 'missing-key' : 'wrong-type'
    return fail({ kind, detail: 'Status is not there as a string' })
  }
  const status = statuses.get(Status)
  if (status === undefined) {
    return fail({ kind: 'unknown-status', detail: 'a Status Apple does not have' })
  }
  const enrollment = readEnrollment(raw)
  if (!enrollment.ok) return enrollment
  return status === 'Idle'
    ? ok({ enrollment: enrollment.value, status })
    : readOutcome(raw, enrollment.value, status)
}

function readOutcome(
  raw: Dict,
  enrollment: Enrollment,
  status: CommandReport['status'],
): Result<CommandReport, ReportFault> {
  const fields = readFields(raw, { CommandUUID: 'string!', RequestType: 'string' })
  if (!fields.ok) return fields
  const { CommandUUID, RequestType } = fields.value
  if (!isCommandUuid(CommandUUID)) {
    return fail({ kind: 'bad-value', detail: 'CommandUUID is none of ours' })
  }
  return ok({
    enrollment,
    status,
    commandUUID: CommandUUID,
    ...(RequestType === undefined || RequestType === '' ? {} : { requestType: RequestType }),
    errorChain: errorChainOf(raw['ErrorChain']),
    raw,
  })
}

const statuses: ReadonlyMap<string, Report['status']> = new Map(
  (['Idle', 'Acknowledged', 'Error', 'CommandFormatError', 'NotNow'] as const).map((status) => [
    status,
    status,
  ]),
)

function errorChainOf(value: PlistValue | undefined): readonly ErrorChainItem[] {
  return isArray(value) ? value.filter(isDict).slice(0, errorsMax).map(errorOf) : []
}

function errorOf(item: Dict): ErrorChainItem {
  const { ErrorCode } = item
  const code = typeof ErrorCode === 'number' || typeof ErrorCode === 'bigint' ? { ErrorCode } : {}
  return {
    ...code,
    ...textOf(item, 'ErrorDomain'),
    ...textOf(item, 'LocalizedDescription'),
    ...textOf(item, 'USEnglishDescription'),
  }
}

function textOf<Key extends string>(item: Dict, key: Key): { readonly [K in Key]?: string } {
  const value = item[key]
  // The one key holds a string, so the object is what its type says.
  return (
    typeof value === 'string' ? { [key]: value.slice(0, textCharsMax).toWellFormed() } : {}
  ) as {
    readonly [K in Key]?: string
  }
}

/** Real chains have two or three items; the rest is still in `raw`. */
const errorsMax = 16
/** A reason is read by people; a longer one is cut here and whole in `raw`. */
const textCharsMax = 2048
