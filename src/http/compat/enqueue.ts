// `/v1/enqueue/{ids}` and `/v1/push/{ids}`: commands for several enrollments, and their awakening.
import type { Context } from 'hono'
import type { SendFault } from '../../intake/commands.ts'
import { fail, ok, type Result } from '../../result.ts'
import type { Cause } from '../../runtime/ask.ts'
import { readBody } from '../body.ts'
import { type OperatorCommand, readOperatorCommand } from '../reading/operator-command.ts'
import type { Reading } from '../reading/reading.ts'
import { answerResult, type CompatResult, type TargetResult } from './answers.ts'
import type { CompatDeps, PushedNow } from './deps.ts'
import { pushWords, readTargets, type Target } from './targets.ts'

export const enqueuePath = '/v1/enqueue/'
export const pushPath = '/v1/push/'

/** A command carries a profile at most. */
const commandBytesMax = 16 * 1_048_576

/** As where no expiry is asked for elsewhere. */
const expiresInMs = 30 * 86_400_000

type Command = OperatorCommand & { readonly commandUUID: string }

/** Any method, as in NanoMDM. An empty body only pushes. */
export async function enqueue(deps: CompatDeps, c: Context, cause: Cause): Promise<Response> {
  const targets = readTargets(c.req.path, enqueuePath, deps.lookups)
  if (!targets.ok) return refuse(targets.error)
  const noPush = (c.req.query('nopush') ?? '') !== ''
  const body = await readBody(c, { bytesMax: commandBytesMax, isKnown: true })
  if (!body.ok) return refuse(`reading body: ${body.error.kind}`)
  if (body.value.length === 0)
    return noPush ? refuse('must enqueue or push') : pushAll(deps, targets.value)
  const command = await readWhole(deps.reading, body.value)
  if (!command.ok) return refuse(`decoding command: ${command.error}`)
  return enqueueAll(deps, { targets: targets.value, command: command.value, cause, noPush })
}

const refuse = (sentence: string): Response => answerResult({ command_error: sentence }, 0)

async function enqueueAll(deps: CompatDeps, sending: Sending): Promise<Response> {
  const { targets, command, noPush } = sending
  const failures = await sendAll(deps, sending)
  const pushed = noPush ? unpushed : await pushEach(deps, targets)
  const result: CompatResult = {
    ...statusOf(withQueued(pushed.status, failures), failures),
    ...(noPush && { no_push: true }),
    ...pushed.error,
    command_uuid: command.commandUUID,
    request_type: command.requestType,
    ...(pushed.error.push_error !== undefined && failures.size === 0 && { queued: true }),
  }
  return answerResult(result, targets.length)
}

/** Any method. */
export async function push(deps: CompatDeps, c: Context): Promise<Response> {
  const targets = readTargets(c.req.path, pushPath, deps.lookups)
  if (!targets.ok) return answerResult({ push_error: targets.error }, 0)
  return pushAll(deps, targets.value)
}

async function pushAll(deps: CompatDeps, targets: readonly Target[]): Promise<Response> {
  const { status, error } = await pushEach(deps, targets)
  return answerResult({ ...statusOf(status), ...error }, targets.length)
}

async function readWhole(reading: Reading, bytes: Uint8Array): Promise<Result<Command, string>> {
  const command = await readOperatorCommand(reading, bytes)
  if (!command.ok) return fail(command.error.detail)
  const { commandUUID } = command.value
  // Here, unlike in our own API, whoever sends names the command: its answer comes back under that name.
  return commandUUID === undefined ? fail('no CommandUUID') : ok({ ...command.value, commandUUID })
}

type Sending = {
  readonly targets: readonly Target[]
  readonly command: Command
  readonly cause: Cause
  readonly noPush: boolean
}

/** By target. A script may call one `__proto__`, which no plain object can be keyed by. */
type Status = ReadonlyMap<string, TargetResult>

type Pushed = { readonly status: Status; readonly error: Pick<CompatResult, 'push_error'> }

const unpushed: Pushed = { status: new Map(), error: {} }

/** Sends to each target on its own, so that one that left does not keep the others from it. */
async function sendAll(deps: CompatDeps, sending: Sending): Promise<Status> {
  const { targets, command, cause, noPush } = sending
  const failures = new Map<string, TargetResult>()
  const isLarge = typeof command.payload === 'function'
  await eachOf(targets, isLarge ? largeAtOnceMax : atOnceMax, async ({ id, found }) => {
    if (found === undefined) {
      failures.set(id, { command_error: 'no such enrollment' })
      return
    }
    const wish = { ...command, ...found, priority: 0, expiresInMs, silent: noPush }
    const sent = await deps.commands.send(wish, cause)
    // NanoMDM takes a CommandUUID once, also of the same command. Nothing was queued by this call.
    if (sent.ok && !sent.value.isNew) failures.set(id, { command_error: sentences.exists })
    if (!sent.ok) failures.set(id, { command_error: sentences[sent.error.kind] })
  })
  return failures
}

async function pushEach(deps: CompatDeps, targets: readonly Target[]): Promise<Pushed> {
  const status = new Map<string, TargetResult>()
  const broken = new Set<string>()
  await eachOf(targets, atOnceMax, async ({ id, found }) => {
    const pushed: PushedNow =
      found === undefined
        ? { kind: 'failed', reason: 'push data missing for id' }
        : await deps.push(found)
    if (pushed.kind === 'topic-failed') broken.add(pushed.reason)
    else status.set(id, pushWords(pushed))
  })
  return { status, error: broken.size > 0 ? { push_error: [...broken].join('; ') } : {} }
}

/** A script that is told 500 for a failed push must not take the command for lost and send it again. */
const withQueued = (pushes: Status, failures: Status): Status =>
  new Map(
    [...pushes].map(([id, pushed]) => [
      id,
      pushed.push_error !== undefined && !failures.has(id) ? { ...pushed, queued: true } : pushed,
    ]),
  )

/** In the order of the call, whichever was done first. `fromEntries` defines keys, so that each is one. */
function statusOf(pushes: Status, failures: Status = new Map()): Pick<CompatResult, 'status'> {
  const ids = [...new Set([...pushes.keys(), ...failures.keys()])]
  if (ids.length === 0) return {}
  return {
    status: Object.fromEntries(ids.map((id) => [id, { ...pushes.get(id), ...failures.get(id) }])),
  }
}

/** Targets under way at once: enough to fill the writer's groups, few enough to leave devices their turn. */
const atOnceMax = 64

/** Each target of a large command takes a copy of it, and a place in the line of large bodies. */
const largeAtOnceMax = 2

async function eachOf<Item>(
  items: readonly Item[],
  most: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = items.values()
  const workers = Array.from({ length: Math.min(most, items.length) }, async () => {
    for (const item of rest) await work(item)
  })
  await Promise.all(workers)
}

const sentences: Readonly<Record<SendFault['kind'], string>> = {
  'not-enrolled': 'not enrolled',
  'unknown-channel': 'not enrolled',
  quarantined: 'host is quarantined until its conflict is resolved',
  exists: 'command already exists',
  full: 'too many open commands',
  'no-such-host': 'no such enrollment',
  merged: 'host was merged, try again',
  conflict: 'host changed meanwhile, try again',
  'claim-taken': 'host changed meanwhile, try again',
  overloaded: 'server is overloaded, try again',
  unavailable: 'storage is unavailable, try again',
  damaged: 'the database is damaged here; the log of the server names the row',
  failed: 'internal error',
  'set-apart': 'internal error',
}
