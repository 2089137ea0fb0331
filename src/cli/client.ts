// The operators' API from the outside: one request, one answer, or the fault in it.
import { setTimeout as pause } from 'node:timers/promises'
import { fail, ok, type Result } from '../result.ts'
import type { Fault } from './fault.ts'
import { isObject, type Json, parseJson } from './json.ts'

export type Query = Readonly<Record<string, string | undefined>>

export type ApiRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Below `/api/v1`, its segments encoded already; see `segment`. */
  readonly path: string
  readonly query?: Query
  readonly json?: Json
  readonly raw?: { readonly type: string; readonly bytes: Uint8Array }
  readonly headers?: Readonly<Record<string, string>>
  /** How long until the answer begins; 30 s when left out. */
  readonly answerWithinMs?: number
}

export type Client = {
  readonly url: string
  /** Null where there is no content. */
  readonly json: (request: ApiRequest) => Promise<Result<Json, Fault>>
  readonly bytes: (request: ApiRequest) => Promise<Result<Uint8Array, Fault>>
  /** A body that goes on, piece by piece. */
  readonly stream: (request: ApiRequest) => Promise<Result<AsyncIterable<Uint8Array>, Fault>>
}

export type ClientOptions = {
  readonly url: string
  readonly token: string | undefined
  /** Ends whatever is under way. */
  readonly signal: AbortSignal
  /** Something worth a line on stderr, such as a host that moved. */
  readonly tell: (line: string) => Promise<void>
}

/** A value as one segment of a path. */
export const segment = (value: string): string => encodeURIComponent(value)

/** A server that is alive answers in milliseconds; a page of a million hosts in less than a second. */
const answerTimeoutMs = 30_000
/** Four times what a report may be, as JSON says the same at greater length. */
const bodyBytesMax = 64 * 1024 * 1024
/** A 503 changed nothing, so asking again is safe, but not for ever. */
const attemptsMax = 4
const retryAfterMsMax = 5_000

export function createClient(options: ClientOptions): Client {
  const ask = (request: ApiRequest): Promise<Result<Response, Fault>> => attempt(options, request)
  const bytes: Client['bytes'] = async (request) => {
    const answer = await ask(request)
    return answer.ok ? readAll(options, answer.value) : answer
  }
  return {
    url: options.url,
    bytes,
    json: async (request) => {
      const answer = await ask(request)
      if (!answer.ok) return answer
      const body = await readAll(options, answer.value)
      if (!body.ok) return body
      if (body.value.length === 0) return ok(null)
      const value = parseJson(Buffer.from(body.value).toString('utf8'))
      const { status } = answer.value
      return value === undefined ? fail({ kind: 'foreign', status, url: options.url }) : ok(value)
    },
    stream: async (request) => {
      const answer = await ask(request)
      return answer.ok ? ok(answer.value.body ?? nothing()) : answer
    },
  }
}

async function* nothing(): AsyncIterable<Uint8Array> {}

async function attempt(
  options: ClientOptions,
  request: ApiRequest,
): Promise<Result<Response, Fault>> {
  for (let attempts = 1; ; attempts += 1) {
    const answer = await answerTo(options, request)
    if (!answer.ok) return answer
    const { value: response } = answer
    if (response.ok) return answer
    if (response.status !== 503 || attempts === attemptsMax) return refused(options, response)
    await response.body?.cancel()
    const waited = await rest(retryAfterMs(response), options.signal)
    if (!waited.ok) return waited
  }
}

function retryAfterMs(response: Response): number {
  const seconds = Number(response.headers.get('retry-after') ?? 1)
  return Number.isFinite(seconds) ? Math.min(seconds * 1_000, retryAfterMsMax) : retryAfterMsMax
}

async function answerTo(
  options: ClientOptions,
  request: ApiRequest,
): Promise<Result<Response, Fault>> {
  const { url, signal, tell } = options
  const late = new AbortController()
  const withinMs = request.answerWithinMs ?? answerTimeoutMs
  const timer = setTimeout(() => late.abort(), withinMs)
  try {
    const response = await fetch(addressOf(url, request), {
      ...initOf(options, request),
      signal: AbortSignal.any([signal, late.signal]),
    })
    if (response.redirected)
      await tell(`${request.path} moved to ${new URL(response.url).pathname}`)
    return ok(response)
  } catch (error) {
    if (late.signal.aborted)
      return fail({ kind: 'unreachable', url, cause: `no answer in ${withinMs / 1_000} s` })
    return fail(faultOf(error, options))
  } finally {
    clearTimeout(timer)
  }
}

function addressOf(url: string, { path, query = {} }: ApiRequest): string {
  const parameters = new URLSearchParams()
  for (const [key, value] of Object.entries(query))
    if (value !== undefined) parameters.append(key, value)
  return `${url}/api/v1${path}${parameters.size === 0 ? '' : `?${parameters.toString()}`}`
}

function initOf({ token }: ClientOptions, request: ApiRequest): RequestInit {
  const { method, json, raw, headers } = request
  const type = json === undefined ? raw?.type : 'application/json'
  const body = json === undefined ? raw?.bytes : JSON.stringify(json)
  return {
    method,
    headers: {
      accept: 'application/json, */*;q=0.5',
      'user-agent': 'muster-cli',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(type !== undefined && { 'content-type': type }),
      ...headers,
    },
    ...(body !== undefined && { body }),
  }
}

/** The problem a server answered with, if it is one of ours. */
async function refused(options: ClientOptions, response: Response): Promise<Result<never, Fault>> {
  const { status } = response
  const body = await readAll(options, response)
  if (!body.ok) return body
  const problem = parseJson(Buffer.from(body.value).toString('utf8'))
  return isObject(problem) && 'title' in problem
    ? fail({ kind: 'problem', status, problem, url: options.url })
    : fail({ kind: 'foreign', status, url: options.url })
}

async function readAll(
  options: ClientOptions,
  response: Response,
): Promise<Result<Uint8Array, Fault>> {
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of response.body ?? nothing()) {
      length += chunk.length
      if (length > bodyBytesMax)
        return fail({ kind: 'failed', detail: `The answer has more than ${bodyBytesMax} bytes.` })
      chunks.push(chunk)
    }
  } catch (error) {
    return fail(faultOf(error, options))
  }
  return ok(Buffer.concat(chunks))
}

/** What a thrown error of fetch or of a body means. */
export function faultOf(
  error: unknown,
  { signal, url }: Pick<ClientOptions, 'signal' | 'url'>,
): Fault {
  if (signal.aborted) return endOf(signal)
  return { kind: 'unreachable', url, cause: causeOf(error) }
}

/** Why a run was ended from outside; see `Parts.signal`. */
const endOf = (signal: AbortSignal): Fault => ({
  kind: 'ended',
  by: signal.reason === 'output-closed' ? 'output-closed' : 'interrupt',
})

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  ENOTFOUND: 'no such name',
  EAI_AGAIN: 'the name cannot be looked up now',
  ETIMEDOUT: 'no answer',
  UND_ERR_SOCKET: 'connection closed',
}

/** fetch says only "fetch failed"; what happened is in its cause, or in the first of several. */
function causeOf(error: unknown): string {
  let inner = error
  for (let depth = 0; depth < causesMax && inner instanceof Error; depth += 1) {
    const code = 'code' in inner && typeof inner.code === 'string' ? inner.code : undefined
    if (code !== undefined) return words[code] ?? code
    const next: unknown = inner instanceof AggregateError ? inner.errors[0] : inner.cause
    if (next === undefined) return inner.message
    inner = next
  }
  return String(inner)
}
/** Deeper than errors of fetch are ever nested. */
const causesMax = 5

/** A pause that ends early, with the reason, when the run does. */
export async function rest(ms: number, signal: AbortSignal): Promise<Result<undefined, Fault>> {
  try {
    await pause(ms, undefined, { signal })
    return ok(undefined)
  } catch {
    return fail(endOf(signal))
  }
}
