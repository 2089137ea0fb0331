// Asks another server for the declarations of a device, as NanoMDM does with its option -dm.
import { Agent, type IncomingMessage, request as plainRequest } from 'node:http'
import { Agent as SecureAgent, request as secureRequest } from 'node:https'

export type DeclarationsAsk = {
  /** Enrollment key of the channel that asks. */
  readonly enrollmentId: string
  /** In NanoMDM's words, such as `Shared iPad`. */
  readonly enrollmentType: string
  /** Of a user channel: the enrollment key of its device. */
  readonly parentId?: string
  /** As the device said it, such as `declaration/asset/IDENTIFIER`. */
  readonly endpoint: string
  /** A status report. */
  readonly data?: Uint8Array
}

export type DeclarationsAnswer =
  | { readonly kind: 'answered'; readonly bytes: Uint8Array }
  /** The server has no such declaration: the device may forget its copy. */
  | { readonly kind: 'not-found' }
  /** Nothing that the device may act on. It asks again. */
  | { readonly kind: 'failed' }

/** Never rejects. */
export type ForwardDeclarations = (ask: DeclarationsAsk) => Promise<DeclarationsAnswer>

export type ForwardingOptions = {
  /** The endpoint is put behind it. */
  readonly url: URL
  readonly userAgent: string
  /** A clock that never goes back, in milliseconds. */
  readonly elapsedMs: () => number
  readonly warn: (sentence: string) => void
  /** @default 10,000: devices wait a minute, and hold a connection here meanwhile. */
  readonly timeoutMs?: number
}

const timeoutDefaultMs = 10_000

/** A set of declarations of a whole school is some hundred kB. */
const answerBytesMax = 4 * 1_048_576

/** Asked at once: a server that is slow must not hold all that devices may hold here. */
const atOnceMax = 128

/** A server that is down fails for every device: it is logged this often. */
const warnEveryMs = 60_000

export function createForwarding(options: ForwardingOptions): ForwardDeclarations {
  const isSecure = options.url.protocol === 'https:'
  const agent = new (isSecure ? SecureAgent : Agent)({ keepAlive: true, maxSockets: atOnceMax })
  const request = isSecure ? secureRequest : plainRequest
  let underWay = 0
  let [unsaid, saidAt] = [0, -warnEveryMs]

  function failed(reason: string): DeclarationsAnswer {
    unsaid += 1
    if (options.elapsedMs() - saidAt >= warnEveryMs) {
      options.warn(`The server for declarations: ${reason} (${unsaid} since the last such line).`)
      saidAt = options.elapsedMs()
      unsaid = 0
    }
    return { kind: 'failed' }
  }

  async function forward(ask: DeclarationsAsk): Promise<DeclarationsAnswer> {
    const to = addressOf(options.url, ask.endpoint)
    if (to === undefined) return { kind: 'not-found' }
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const asking = request(
      to,
      {
        agent,
        method: ask.data === undefined ? 'GET' : 'PUT',
        headers: headersOf(options, ask),
        signal: AbortSignal.timeout(options.timeoutMs ?? timeoutDefaultMs),
      },
      resolve,
    )
    asking.on('error', reject)
    asking.end(ask.data)
    return readAnswer(await promise, failed)
  }

  return async (ask) => {
    if (underWay >= atOnceMax) return failed('too many questions are under way')
    underWay += 1
    try {
      return await forward(ask)
    } catch (error) {
      return failed(reasonOf(error))
    } finally {
      underWay -= 1
    }
  }
}

const reasonOf = (error: unknown): string => {
  const { code, name } = error as NodeJS.ErrnoException
  return name === 'TimeoutError' || name === 'AbortError'
    ? 'no answer in time'
    : `no connection (${code ?? name})`
}

/** Undefined for an endpoint that would lead elsewhere on that server. */
function addressOf(url: URL, endpoint: string): URL | undefined {
  const segments = endpoint.split('/')
  if (segments.some((segment) => /^\.{1,2}$/.test(segment))) return undefined
  const to = new URL(url)
  const path = segments.map((segment) => encodeURIComponent(segment.toWellFormed())).join('/')
  to.pathname = `${url.pathname.replace(/\/$/, '')}/${path}`
  return to
}

function headersOf(
  { userAgent }: ForwardingOptions,
  { enrollmentId, enrollmentType, parentId, data }: DeclarationsAsk,
): Record<string, string | number> {
  return {
    'user-agent': userAgent,
    'x-enrollment-id': utf8(enrollmentId),
    'x-enrollment-type': enrollmentType,
    ...(parentId !== undefined && { 'x-enrollment-parentid': utf8(parentId) }),
    ...(data !== undefined && {
      'content-type': 'application/json',
      'content-length': data.length,
    }),
  }
}

/** Node writes headers as Latin-1. A user of a Shared iPad may have any name. */
const utf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

async function readAnswer(
  answer: IncomingMessage,
  failed: (reason: string) => DeclarationsAnswer,
): Promise<DeclarationsAnswer> {
  const { statusCode = 0 } = answer
  if (statusCode !== 200) {
    answer.resume()
    return statusCode === 404 ? { kind: 'not-found' } : failed(`it answered ${statusCode}`)
  }
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of answer as AsyncIterable<Buffer>) {
    bytes += piece.length
    if (bytes > answerBytesMax) return failed(`its answer has more than ${answerBytesMax} bytes`)
    pieces.push(piece)
  }
  return { kind: 'answered', bytes: Buffer.concat(pieces) }
}
