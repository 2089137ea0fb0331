// Log batches and answers that are read in a thread of their own.
import type { OsqueryIntake } from '../../intake/osquery.ts'
import type { LogBody } from '../../protocol/osquery/batch.ts'
import { bodyLimits } from '../../protocol/osquery/limits.ts'
import type { OsqueryReply } from '../../protocol/osquery/reply.ts'
import type { Result } from '../../result.ts'
import type { Asking, Reading } from '../reading/reading.ts'

type KnownAgent = NonNullable<ReturnType<OsqueryIntake['agent']>>

/** Who speaks, and how much of what it says could be read. */
export type Spoken = Pick<LogBody, 'envelope' | 'fault' | 'isReplaced'>

type Large = {
  readonly reading: Reading
  readonly intake: OsqueryIntake
  readonly agentOf: (spoken: Spoken) => Result<KnownAgent, OsqueryReply>
}

/** What is left to do once the thread is free for the next body. */
type Rest = () => OsqueryReply | Promise<OsqueryReply>

export async function takeLarge(
  large: Large,
  route: 'log' | 'distributed/write',
  bytes: Uint8Array,
): Promise<OsqueryReply> {
  const talk = route === 'log' ? readLines : readAnswers
  const rest = await large.reading.turn(bytes.length, (ask) => talk(large, bytes, ask))
  return rest.ok ? rest.value() : busy
}

const busy: OsqueryReply = { kind: 'failed', status: 503, error: 'overloaded, retry' }

const nothing = new Uint8Array()

async function readLines(large: Large, bytes: Uint8Array, ask: Asking): Promise<Rest> {
  const read = await ask('log', { bytes, limits: bodyLimits.log })
  const agent = large.agentOf(read)
  if (!agent.ok) return () => agent.error
  const lines = await ask('lines', { received: large.intake.received(agent.value) })
  return () => large.intake.logLines(read.kind, lines)
}

async function readAnswers(large: Large, bytes: Uint8Array, ask: Asking): Promise<Rest> {
  const read = await ask('write', { bytes, limits: bodyLimits['distributed/write'] })
  const agent = large.agentOf(read)
  if (!agent.ok) return () => agent.error
  const received = large.intake.received(agent.value)
  const unread = read.fault === undefined ? nothing : await ask('lines', { received })
  return async () => {
    const kept = await large.intake.logLines('other', unread)
    return kept.kind === 'done' ? large.intake.write(agent.value, read.answers) : kept
  }
}
