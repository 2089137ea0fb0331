// One message of an agent on its way: who sent it, and what becomes of it where it cannot be taken.
import type { Context } from 'hono'
import type { OsqueryIntake } from '../../intake/osquery.ts'
import type { OsqueryRefusals } from '../../intake/osquery-refusals.ts'
import { faultText, type OsqueryFault } from '../../protocol/osquery/fault.ts'
import type { OsqueryRoute } from '../../protocol/osquery/limits.ts'
import type { FailedStatus, OsqueryReply } from '../../protocol/osquery/reply.ts'
import type { BodyFault } from '../body.ts'
import type { OsqueryCounts } from './counts.ts'

export type Message = {
  readonly c: Context
  readonly route: OsqueryRoute
  agent?: KnownAgent
  /** What could not be read, or what is beyond a limit. */
  fault?: { readonly kind: string }
  isReplaced?: boolean
}

type Noting = { readonly refusals: OsqueryRefusals; readonly count: OsqueryCounts }

/** On the host, where its sender is known, and counted in any case. */
export function note({ refusals, count }: Noting, message: Message, reply: OsqueryReply): void {
  const { agent, route, isReplaced } = message
  if (isReplaced === true) count.mended(route, 'replaced')
  const trouble = troubleOf(message, reply)
  if (trouble === undefined) {
    if (agent !== undefined) refusals.taken(agent.hostId, route)
    return
  }
  if (trouble.outcome === 'refused') count.refused(route, trouble.reason)
  else count.mended(route, 'kept-unread')
  if (agent !== undefined) refusals.note(agent.hostId, { route, ...trouble })
}

function troubleOf(
  { fault }: Message,
  reply: OsqueryReply,
): { readonly reason: string; readonly outcome: 'refused' | 'kept-unread' } | undefined {
  const reason = fault?.kind ?? reasonOf(reply)
  if (reply.kind === 'failed' || reply.kind === 'node-invalid')
    return { reason, outcome: 'refused' }
  return fault && { reason, outcome: 'kept-unread' }
}

export type KnownAgent = NonNullable<ReturnType<OsqueryIntake['agent']>>

export const failed = (status: FailedStatus, error: string): OsqueryReply => ({
  kind: 'failed',
  status,
  error,
})

export function refuse(message: Message, fault: OsqueryFault): OsqueryReply {
  message.fault = fault
  return failed(tooMuch.has(fault.kind) ? 413 : 400, faultText(fault))
}

const tooMuch: ReadonlySet<OsqueryFault['kind']> = new Set([
  'too-large',
  'too-many-values',
  'too-many-members',
] as OsqueryFault['kind'][])

export function refuseBody(
  intake: OsqueryIntake,
  message: Message,
  fault: BodyFault,
): OsqueryReply {
  message.fault = fault
  if (fault.kind === 'overloaded') return failed(503, 'overloaded, retry')
  if (fault.kind !== 'too-large') return failed(400, `the body could not be read: ${fault.kind}`)
  // It would come again for ever: its host is asked for smaller ones.
  if (message.agent !== undefined && message.route === 'log') intake.sentTooMuch(message.agent)
  return failed(413, `the body is larger than ${fault.bytesMax} bytes`)
}

/** Why the intake refused, for whom its status is enough. */
function reasonOf(reply: OsqueryReply): string {
  if (reply.kind !== 'failed') return 'unknown-key'
  return reasons[reply.status] ?? 'malformed'
}

const reasons: { readonly [Status in FailedStatus]?: string } = {
  401: 'wrong-enroll-secret',
  429: 'agent-present',
  500: 'internal',
  503: 'overloaded',
}
