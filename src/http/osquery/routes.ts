// The agents' door. Agents read nothing but the body, and take whatever is no clear failure for success.
import { type Context, Hono } from 'hono'
import type { OsqueryIntake } from '../../intake/osquery.ts'
import { readNodeKey } from '../../protocol/osquery/authenticated.ts'
import { readWrite } from '../../protocol/osquery/distributed.ts'
import { readEnroll } from '../../protocol/osquery/enroll.ts'
import { faultText, type OsqueryFault } from '../../protocol/osquery/fault.ts'
import { type JsonObject, readJson } from '../../protocol/osquery/json.ts'
import { bodyLimits, type OsqueryRoute } from '../../protocol/osquery/limits.ts'
import { readLog } from '../../protocol/osquery/log.ts'
import {
  type FailedStatus,
  type OsqueryReply,
  renderReply,
  unknownKey,
} from '../../protocol/osquery/reply.ts'
import { fail, ok, type Result } from '../../result.ts'
import { type BodyFault, readBody } from '../body.ts'
import type { ClientOf } from '../client.ts'
import type { FailedSecrets } from '../failed-secrets.ts'
import { largeBytesMin, type Reading } from '../reading/reading.ts'
import { keyInFirstBytes } from './first-bytes.ts'
import { takeLarge } from './large.ts'
import type { RefusalLog } from '../sampled-log.ts'

type OsqueryRoutesOptions = {
  readonly intake: OsqueryIntake
  readonly log: RefusalLog
  readonly reading: Reading
  readonly failedSecrets: FailedSecrets
  readonly clientOf: ClientOf
}

/** The second path is Fleet's, so that its agents move over by DNS alone. */
const roots = ['/api/osquery', '/api/v1/osquery'] as const

/** Gzip is the agents' option for logs only; what it may inflate to is the route's own limit. */
const wireBytesMax = 10 * 1_048_576

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
  const reply = await take(options, c, route)
  if (reply.kind === 'failed') {
    const { status, error } = reply
    options.log.warn({ route, status, error }, 'refused an osquery message')
  }
  return reply
}

async function take(
  options: OsqueryRoutesOptions,
  c: Context,
  route: OsqueryRoute,
): Promise<OsqueryReply> {
  const { intake, reading } = options
  const sender = senderOf(intake, c)
  // Its body cannot change that, so it need not be read.
  if (sender === 'unknown' && isLargeRoute(route)) return unknownKey
  const agent = isAgent(sender) ? sender : undefined
  const body = await bodyFrom(intake, c, { route, isKnown: agent !== undefined })
  if (!body.ok) return refuseBody(intake, c, body.error)
  const refuseIt = (fault: OsqueryFault): OsqueryReply => {
    if (tooMuch.has(fault.kind)) askForLess(intake, c)
    return refuse(fault)
  }
  const agentOf = (envelope: JsonObject): Result<KnownAgent, OsqueryReply> => {
    const nodeKey = readNodeKey(envelope, c.req.header('authorization'))
    if (!nodeKey.ok) return fail(refuse(nodeKey.error))
    const named = agent ?? intake.agent(nodeKey.value)
    return named === undefined ? fail(unknownKey) : ok(named)
  }
  if (body.value.length > largeBytesMin && isLargeRoute(route))
    return takeLarge({ reading, intake, agentOf, refuse: refuseIt }, route, body.value)
  const json = readJson(body.value, bodyLimits[route])
  if (!json.ok) return refuseIt(json.error)
  if (route === 'enroll') return enroll(options, c, json.value)
  const spoken = agentOf(json.value)
  return spoken.ok ? handle(intake, { route, agent: spoken.value, body: json.value }) : spoken.error
}

async function enroll(
  { intake, failedSecrets, clientOf }: OsqueryRoutesOptions,
  c: Context,
  body: JsonObject,
): Promise<OsqueryReply> {
  const message = readEnroll(body)
  if (!message.ok) return refuse(message.error)
  const { enrollSecret } = message.value
  const client = clientOf(c)
  if (client === undefined) return intake.enroll(message.value)
  if (!failedSecrets.mayTry(client, enrollSecret))
    return failed(429, 'too many enroll secrets from this address were not valid, retry later')
  const reply = await intake.enroll(message.value, client)
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

type From = { readonly route: OsqueryRoute; readonly isKnown: boolean }

function bodyFrom(
  intake: OsqueryIntake,
  c: Context,
  { route, isKnown }: From,
): Promise<Result<Uint8Array, BodyFault>> {
  const { bytesMax } = bodyLimits[route]
  return readBody(c, {
    bytesMax: Math.min(bytesMax, wireBytesMax),
    inflatedBytesMax: bytesMax,
    isKnown,
    recognise(first) {
      const key = keyInFirstBytes(first)
      return key !== undefined && intake.agent(key) !== undefined
    },
  })
}

type KnownAgent = NonNullable<ReturnType<OsqueryIntake['agent']>>

type Spoken = {
  readonly route: Exclude<OsqueryRoute, 'enroll'>
  readonly agent: KnownAgent
  readonly body: JsonObject
}

function handle(
  intake: OsqueryIntake,
  { route, agent, body }: Spoken,
): OsqueryReply | Promise<OsqueryReply> {
  if (route === 'distributed/read') return intake.read(agent)
  if (route === 'config') return intake.config(agent)
  if (route === 'log') {
    const batch = readLog(body)
    return batch.ok ? intake.log(agent, batch.value) : refuse(batch.error)
  }
  const answers = readWrite(body)
  return answers.ok ? intake.write(agent, answers.value) : refuse(answers.error)
}

const failed = (status: FailedStatus, error: string): OsqueryReply => ({
  kind: 'failed',
  status,
  error,
})

const refuse = (fault: OsqueryFault): OsqueryReply => failed(statusOf(fault), faultText(fault))

const tooMuch: ReadonlySet<OsqueryFault['kind']> = new Set([
  'too-large',
  'too-many-values',
  'too-many-members',
] as OsqueryFault['kind'][])

const statusOf = ({ kind }: OsqueryFault): FailedStatus => (tooMuch.has(kind) ? 413 : 400)

/** A refused batch would come again for ever: its host is told to send smaller ones. */
function askForLess(intake: OsqueryIntake, c: Context): void {
  const nodeKey = readNodeKey({}, c.req.header('authorization'))
  if (nodeKey.ok) intake.sentTooMuch(nodeKey.value)
}

function refuseBody(intake: OsqueryIntake, c: Context, fault: BodyFault): OsqueryReply {
  if (fault.kind === 'overloaded') return failed(503, 'overloaded, retry')
  if (fault.kind !== 'too-large') return failed(400, `the body could not be read: ${fault.kind}`)
  askForLess(intake, c)
  return failed(413, `the body is larger than ${fault.bytesMax} bytes`)
}

/** Headers as a plain object are written as they are; any other kind is copied and checked once more. */
function send(reply: OsqueryReply): Response {
  const { status, body } = renderReply(reply)
  return new Response(body as Uint8Array<ArrayBuffer>, {
    status,
    headers: { 'Content-Type': 'application/json', 'Content-Length': String(body.length) },
  })
}
