import { fail, ok, type Result } from '../../result.ts'
import { type Dict, isArray, isDict, type PlistValue } from '../plist/value.ts'
import { isCommandUuid } from './command-uuid.ts'
import { type Enrollment, readEnrollment } from './enrollment.ts'
import type { MessageFault } from './message-fault.ts'
import { type ReadReportBody, readReportBody } from './report-body.ts'

/** What a device says when it comes for work: nothing yet, or how the last command went. */
export type Report = IdleReport | CommandReport | OddReport

export type IdleReport = { readonly enrollment: Enrollment; readonly status: 'Idle' }

export type CommandReport = {
  readonly enrollment: Enrollment
  readonly status: 'Acknowledged' | 'Error' | 'CommandFormatError' | 'NotNow'
  readonly commandUUID: string
  readonly requestType?: string
  /** Outermost first; empty when the device named no reason. */
  readonly errorChain: readonly ErrorChainItem[]
  /** The whole report, response keys included; of one that cannot be read, what was found in it. */
  readonly raw: Dict
  /** Why a strict reader refuses the report. */
  readonly unread?: string
}

/** A report of a device we know, which does not say how which command went. */
export type OddReport = {
  readonly enrollment: Enrollment
  readonly status: 'odd'
  /** The Status as it came, cut. */
  readonly said: string
  /** As it came, cut; null where there is none. */
  readonly commandUUID: string | null
  readonly reason: 'unknown-status' | 'no-command-uuid' | 'bad-command-uuid'
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
 * A body that a strict reader refuses is read as far as it can be, and `unread` says why it was refused. A Status that
 * Apple does not have, or a CommandUUID that can be none of ours, makes an odd report.
 * Fails: no Status can be found, no identity. An error chain never fails: what cannot be read of it stays in `raw`.
 */
export function readReport(body: Dict | Uint8Array): Result<Report, ReportFault> {
  const read = readReportBody(body)
  return read.ok ? reportOf(read.value) : read
}

/** The same of a body that was read before. */
export function reportOf({ raw, unread }: ReadReportBody): Result<Report, ReportFault> {
  const { Status } = raw
  if (typeof Status !== 'string') {
    const kind = Status === undefined ? 'missing-key' : 'wrong-type'
    return fail({ kind, detail: 'Status is not there as a string' })
  }
  const enrollment = readEnrollment(raw)
  if (!enrollment.ok) return enrollment
  const status = statuses.get(Status)
  if (status === 'Idle') return ok({ enrollment: enrollment.value, status })
  const outcome = status === undefined ? 'unknown-status' : outcomeOf(raw, status)
  if (typeof outcome === 'object')
    return ok({
      enrollment: enrollment.value,
      ...outcome,
      ...(unread !== undefined && { unread }),
    })
  const uuid = raw['CommandUUID']
  return ok({
    enrollment: enrollment.value,
    status: 'odd',
    said: oddText(Status),
    commandUUID: typeof uuid === 'string' && uuid !== '' ? oddText(uuid) : null,
    reason: outcome,
  })
}

const oddText = (text: string): string => text.slice(0, oddCharsMax).toWellFormed()

/** As long as a CommandUUID may be. */
const oddCharsMax = 128

function outcomeOf(
  raw: Dict,
  status: CommandReport['status'],
): Omit<CommandReport, 'enrollment' | 'unread'> | OddReport['reason'] {
  const { CommandUUID, RequestType } = raw
  if (CommandUUID === undefined || CommandUUID === '') return 'no-command-uuid'
  if (typeof CommandUUID !== 'string' || !isCommandUuid(CommandUUID)) return 'bad-command-uuid'
  return {
    status,
    commandUUID: CommandUUID,
    ...(typeof RequestType === 'string' && RequestType !== '' && { requestType: RequestType }),
    errorChain: errorChainOf(raw['ErrorChain']),
    raw,
  }
}

const statuses: ReadonlyMap<string, 'Idle' | CommandReport['status']> = new Map(
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
