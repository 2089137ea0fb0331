// Log batches and answers that are read in a thread of their own.
import type { OsqueryIntake } from '../../intake/osquery.ts'
import type { OsqueryFault } from '../../protocol/osquery/fault.ts'
import type { JsonObject } from '../../protocol/osquery/json.ts'
import { bodyLimits } from '../../protocol/osquery/limits.ts'
import type { OsqueryReply } from '../../protocol/osquery/reply.ts'
import { fail, ok, type Result } from '../../result.ts'
import type { Asking, Reading } from '../reading/reading.ts'

type KnownAgent = NonNullable<ReturnType<OsqueryIntake['agent']>>

type Large = {
  readonly reading: Reading
  readonly intake: OsqueryIntake
  /** Who speaks, by what its message says beside what it is about. */
  readonly agentOf: (envelope: JsonObject) => Result<KnownAgent, OsqueryReply>
  readonly refuse: (fault: OsqueryFault) => OsqueryReply
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

async function readLines(large: Large, bytes: Uint8Array, ask: Asking): Promise<Rest> {
  const heard = spokenBy(large, await ask('log', { bytes, limits: bodyLimits.log }))
  if (!heard.ok) return () => heard.error
  const { agent, said } = heard.value
  const lines = await ask('lines', { received: large.intake.received(agent) })
  return () => large.intake.logLines(said.kind, lines)
}

async function readAnswers(large: Large, bytes: Uint8Array, ask: Asking): Promise<Rest> {
  const limits = bodyLimits['distributed/write']
  const heard = spokenBy(large, await ask('write', { bytes, limits }))
  if (!heard.ok) return () => heard.error
  const { agent, said } = heard.value
  return () => large.intake.write(agent, said)
}

type Spoken<Said> = {
  readonly envelope: JsonObject
  readonly said: Result<Said, OsqueryFault>
}

/** As for a small body: what cannot be read at all first, then who speaks, then what is said. */
function spokenBy<Said>(
  { agentOf, refuse }: Large,
  spoken: Result<Spoken<Said>, OsqueryFault>,
): Result<{ readonly agent: KnownAgent; readonly said: Said }, OsqueryReply> {
  if (!spoken.ok) return fail(refuse(spoken.error))
  const agent = agentOf(spoken.value.envelope)
  if (!agent.ok) return agent
  const { said } = spoken.value
  return said.ok ? ok({ agent: agent.value, said: said.value }) : fail(refuse(said.error))
}
