import { unreachable } from '../result.ts'
import { type ExitCode, exitCodes } from './exit-code.ts'
import { type Json, jsonText, listAt, textAt } from './json.ts'
import { harmless } from './safe-text.ts'

/** Why a run did not do what it was asked. */
export type Fault =
  | { readonly kind: 'usage'; readonly detail: string }
  /** The server refused; `problem` is its RFC 9457 document. */
  | {
      readonly kind: 'problem'
      readonly status: number
      readonly problem: Json
      readonly url: string
    }
  /** Something answered that is not Muster's API. */
  | { readonly kind: 'foreign'; readonly status: number; readonly url: string }
  | { readonly kind: 'no-token'; readonly url: string }
  | { readonly kind: 'unreachable'; readonly url: string; readonly cause: string }
  | { readonly kind: 'timed-out'; readonly detail: string }
  | { readonly kind: 'failed'; readonly detail: string }
  /** Several targets; what each of them said has been told already. */
  | { readonly kind: 'some-failed'; readonly failed: number; readonly of: number }
  /** From outside: by Ctrl-C, or since whoever read our output has left, as `head` does. */
  | { readonly kind: 'ended'; readonly by: 'interrupt' | 'output-closed' }

export function exitCodeOf(fault: Fault): ExitCode {
  if (fault.kind === 'problem') return byStatus[fault.status] ?? exitCodes.error
  return fault.kind === 'ended' ? byEnd[fault.by] : byKind[fault.kind]
}

const byKind: Readonly<Record<Exclude<Fault['kind'], 'problem' | 'ended'>, ExitCode>> = {
  usage: exitCodes.usage,
  'no-token': exitCodes.auth,
  unreachable: exitCodes.unreachable,
  'timed-out': exitCodes.timedOut,
  foreign: exitCodes.error,
  failed: exitCodes.error,
  'some-failed': exitCodes.someFailed,
}

/** Nothing is wrong with a reader who has seen enough. */
const byEnd = { interrupt: exitCodes.interrupted, 'output-closed': exitCodes.ok } as const

const byStatus: Readonly<Record<number, ExitCode>> = {
  401: exitCodes.auth,
  403: exitCodes.auth,
  404: exitCodes.notFound,
  409: exitCodes.conflict,
  412: exitCodes.conflict,
  422: exitCodes.usage,
}

/** What stderr says about it: one sentence, then what helps. */
export function linesOf(fault: Fault): readonly string[] {
  switch (fault.kind) {
    case 'usage':
    case 'timed-out':
    case 'failed':
      return [harmless(fault.detail)]
    case 'problem':
      return problemLines(fault)
    case 'foreign':
      return [`${fault.url} answered ${fault.status}, but not as a Muster server does.`]
    case 'no-token':
      return [`No token for ${fault.url}.`, ...howToGetOne]
    case 'unreachable':
      return [
        `No server answers at ${fault.url} (${harmless(fault.cause)}).`,
        'Start one with: muster serve. For another server give --url or set MUSTER_URL.',
      ]
    case 'some-failed':
      return [`${fault.failed} of ${fault.of} failed.`]
    case 'ended':
      return []
    default:
      return unreachable(fault)
  }
}

const howToGetOne = [
  'The server prints one when it first starts. Put it into MUSTER_TOKEN, a file for --token-file, or a',
  'context: muster config set NAME --token-file FILE. Another one: muster tokens create NAME.',
] as const

function problemLines({ status, problem, url }: Fault & { readonly kind: 'problem' }) {
  const title = textAt(problem, 'title') ?? `The server answered ${status}`
  const detail = textAt(problem, 'detail')
  const id = textAt(problem, 'request_id') ?? ''
  return [
    harmless(detail === undefined ? title : `${title}: ${detail}`),
    ...errorLines(listAt(problem, 'errors')),
    ...listAt(problem, 'candidates').map((candidate) => `  ${candidateLine(candidate)}`),
    ...(status === 401 ? [`${url} does not know this token.`, ...howToGetOne] : []),
    ...(id === '' ? [] : [`request id ${harmless(id)}`]),
  ]
}

/** The detail of a problem names its only error already. */
const errorLines = (errors: readonly Json[]): readonly string[] =>
  errors.length < 2
    ? []
    : errors.map((error) =>
        harmless(`  ${textAt(error, 'pointer') ?? ''}: ${textAt(error, 'detail') ?? ''}`),
      )

function candidateLine(candidate: Json): string {
  const parts = ['id', 'host_id', 'serial', 'hostname', 'state'].flatMap((key) => {
    const value = textAt(candidate, key)
    return value === undefined ? [] : [`${key} ${value}`]
  })
  return harmless(parts.length === 0 ? jsonText(candidate, 0) : parts.join(', '))
}
