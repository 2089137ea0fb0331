// The agents' door. Agents read nothing but the body, and take whatever is no clear failure for success.
import { type Context, Hono } from 'hono'
import type { OsqueryIntake } from '../../intake/osquery.ts'
import { readLogBody, readWriteBody } from '../../protocol/osquery/batch.ts'
import type { OsqueryRefusals } from '../../intake/osquery-refusals.ts'
import { readNodeKey } from '../../protocol/osquery/authenticated.ts'
import { readEnroll } from '../../protocol/osquery/enroll.ts'
import { type JsonObject, readJson } from '../../protocol/osquery/json.ts'
import { bodyLimits, type OsqueryRoute } from '../../protocol/osquery/limits.ts'
import { type OsqueryReply, renderReply, unknownKey } from '../../protocol/osquery/reply.ts'
import { fail, ok, type Result } from '../../result.ts'
import { type BodyFault, readBody } from '../body.ts'
import type { ClientOf } from '../client.ts'
import type { FailedSecrets } from '../failed-secrets.ts'
import { largeBytesMin, type Reading } from '../reading/reading.ts'
import { keyInFirstBytes } from './first-bytes.ts'
import type { OsqueryCounts } from './counts.ts'
import { failed, type KnownAgent, type Message, note, refuse, refuseBody } from './message.ts'
import { type Spoken, takeLarge } from './large.ts'
import type { RefusalLog } from '../sampled-log.ts'

type OsqueryRoutesOptions = {
  readonly intake: OsqueryIntake
  readonly refusals: OsqueryRefusals
  readonly count: OsqueryCounts
  readonly log: RefusalLog
  readonly reading: Reading
  readonly failedSecrets: FailedSecrets
  readonly clientOf: ClientOf
}

/** The second path is Fleet's, so that its agents move over by DNS alone. */
const roots = ['/api/osquery', '/api/v1/osquery'] as const

/** One handler for all: a path that several patterns match costs every poll a chain of middleware. */
export function createOsqueryRoutes(options: OsqueryRoutesOptions): Hono {
  const app = new Hono()
  for (const root of roots) {
    app.all(`${root}/*`, (c) => reply(options, c, c.req.path.slice(root.length + 1)))
  }
  return app
}

async function reply(options: OsqueryRoutesOptions, c: Context, route: string): Promise<Response> {
  if (!isRoute(route)) return send(failed(404, 'there is no such osquery endpoint here'))
  if (c.req.method !== 'POST') return send(failed(405, 'only POST is understood here'))
  try {
    return send(await answer(options, c, route))
  } catch (error) {
    options.log.error({ err: error, path: c.req.path }, 'an osquery request failed')
    return send(failed(500, 'internal error, retry'))
  }
}

const isRoute = (route: string): route is OsqueryRoute => Object.hasOwn(bodyLimits, route)

/** Every refusal is one line of the log, whoever refused: agents show nobody what they were told. */
async function answer(
  options: OsqueryRoutesOptions,
  c: Context,
  route: OsqueryRoute,
): Promise<OsqueryReply> {
  const message: Message = { c, route }
  const reply = await take(options, message)
  note(options, message, reply)
  if (reply.kind === 'failed') {
    const { status, error } = reply
    const host = message.agent && { host_id: message.agent.hostId }
    options.log.warn({ route, status, error, ...host }, 'refused an osquery message')
  }
  return reply
}

async function take(options: OsqueryRoutesOptions, message: Message): Promise<OsqueryReply> {
  const { intake } = options
  const { c, route } = message
  const sender = senderOf(intake, c)
  // Its body cannot change that, so it need not be read.
  if (sender === 'unknown' && isLargeRoute(route)) return unknownKey
  if (isAgent(sender)) message.agent = sender
  const body = await bodyFrom(intake, message)
  if (!body.ok) return refuseBody(intake, message, body.error)
  return isLargeRoute(route)
    ? takeReport(options, message, { route, bytes: body.value })
    : takeQuestion(options, message, body.value)
}

type Report = { readonly route: 'log' | 'distributed/write'; readonly bytes: Uint8Array }

/** What an agent would send again for ever: it is taken, whatever cannot be read, as long as its sender is known. */
function takeReport(
  { intake, reading }: OsqueryRoutesOptions,
  message: Message,
  { route, bytes }: Report,
): Answered {
  const agentOf = (spoken: Spoken): Result<KnownAgent, OsqueryReply> =>
    speakerOf(intake, message, spoken)
  if (bytes.length > largeBytesMin) return takeLarge({ reading, intake, agentOf }, route, bytes)
  if (route === 'log') {
    const read = readLogBody(bytes, bodyLimits.log)
    const agent = agentOf(read)
    return agent.ok ? intake.log(agent.value, read) : agent.error
  }
  const read = readWriteBody(bytes, bodyLimits['distributed/write'])
  const agent = agentOf(read)
  return agent.ok ? intake.write(agent.value, read.answers, read.unread) : agent.error
}

type Answered = OsqueryReply | Promise<OsqueryReply>

/** What an agent asks with, and may as well ask again. */
function takeQuestion(
  options: OsqueryRoutesOptions,
  message: Message,
  bytes: Uint8Array,
): Answered {
  const { intake } = options
  const { route } = message
  let isReplaced = false
  const json = readJson(bytes, bodyLimits[route], () => (isReplaced = true))
  message.isReplaced = isReplaced
  if (!json.ok) return refuse(message, json.error)
  if (route === 'enroll') return enroll(options, message, json.value)
  const agent = speakerOf(intake, message, { envelope: json.value, fault: undefined, isReplaced })
  if (!agent.ok) return agent.error
  return route === 'config' ? intake.config(agent.value) : intake.read(agent.value)
}

/** Whoever holds the key. What names none is refused for what could not be read of it, if anything. */
function speakerOf(
  intake: OsqueryIntake,
  message: Message,
  { envelope, fault, isReplaced }: Spoken,
): Result<KnownAgent, OsqueryReply> {
  const nodeKey = readNodeKey(envelope, message.c.req.header('authorization'))
  if (!nodeKey.ok) return fail(refuse(message, fault ?? nodeKey.error))
  const named = message.agent ?? intake.agent(nodeKey.value)
  if (named === undefined) return fail(unknownKey)
  message.agent = named
  message.isReplaced = isReplaced
  if (fault !== undefined) message.fault = fault
  return ok(named)
}

async function enroll(
  { intake, failedSecrets, clientOf }: OsqueryRoutesOptions,
  message: Message,
  body: JsonObject,
): Promise<OsqueryReply> {
  const asked = readEnroll(body)
  if (!asked.ok) return refuse(message, asked.error)
  const { enrollSecret } = asked.value
  const client = clientOf(message.c)
  if (client === undefined) return intake.enroll(asked.value)
  if (!failedSecrets.mayTry(client, enrollSecret))
    return failed(429, 'too many enroll secrets from this address were not valid, retry later')
  const reply = await intake.enroll(asked.value, client)
  if (reply.kind === 'failed' && reply.status === 401) failedSecrets.failed('enroll_secret', client)
  else failedSecrets.worked(client, enrollSecret)
  return reply
}

/** By its header, as newer agents send it. Older ones name their key in the body alone. */
function senderOf(intake: OsqueryIntake, c: Context): KnownAgent | 'unknown' | 'unnamed' {
  const authorization = c.req.header('authorization')
  if (authorization === undefined) return 'unnamed'
  const nodeKey = readNodeKey({}, authorization)
  return nodeKey.ok ? (intake.agent(nodeKey.value) ?? 'unknown') : 'unnamed'
}

const isAgent = (sender: ReturnType<typeof senderOf>): sender is KnownAgent =>
  typeof sender === 'object'

const isLargeRoute = (route: OsqueryRoute): route is 'log' | 'distributed/write' =>
  route === 'log' || route === 'distributed/write'

function bodyFrom(intake: OsqueryIntake, message: Message): Promise<Result<Uint8Array, BodyFault>> {
  return readBody(message.c, {
    bytesMax: bodyLimits[message.route].bytesMax,
    isKnown: message.agent !== undefined,
    recognise(first) {
      const key = keyInFirstBytes(first)
      const agent = key === undefined ? undefined : intake.agent(key)
      if (agent !== undefined) message.agent ??= agent
      return agent !== undefined
    },
  })
}

/** Headers as a plain object are written as they are; any other kind is copied and checked once more. */
function send(reply: OsqueryReply): Response {
  const { status, body } = renderReply(reply)
  return new Response(body as Uint8Array<ArrayBuffer>, {
    status,
    headers: { 'Content-Type': 'application/json', 'Content-Length': String(body.length) },
  })
}
