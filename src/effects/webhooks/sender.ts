// One attempt: a POST to an address that was looked at, with an end to everything.
import { type ClientRequest, type IncomingMessage, request as plainRequest } from 'node:http'
import { request as secureRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import type { Allows } from './allow-list.ts'
import type { Headers } from './signing.ts'
import { type Address, type Resolve, resolveTarget } from './target.ts'

export type Sent =
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly retryAfterMs?: number
      readonly text: string
    }
  /** Nothing was sent, or nobody answered in time. */
  | { readonly kind: 'unreachable'; readonly detail: string }
  /** The guard said no: nothing was connected. */
  | { readonly kind: 'refused'; readonly detail: string }

export type Post = { readonly url: string; readonly headers: Headers; readonly body: Uint8Array }

/** Never rejects. */
export type Send = (post: Post) => Promise<Sent>

export type SenderOptions = {
  readonly allows: Allows
  readonly resolve: Resolve
  /** Of this program, for the receiver's log. */
  readonly userAgent: string
  /** Ends what is under way. */
  readonly closing: AbortSignal
  /** @default 5,000: a receiver says yes first and works afterwards. */
  readonly timeoutMs?: number
}

const timeoutDefaultMs = 5_000

/** A report of 16 MB takes its time on the way: a second for each of these, beyond the usual. */
const bytesPerSecond = 1_048_576

/** Read of an answer; what comes after is not listened to. */
const answerBytesMax = 16_384

/** Kept of it, to tell an operator why. */
const answerCharsKept = 200

/** A receiver that says "later" is believed up to here. */
const retryAfterMaxMs = 6 * 3_600_000

export function createSend(options: SenderOptions): Send {
  return async (post) => {
    const limit =
      (options.timeoutMs ?? timeoutDefaultMs) + (post.body.length / bytesPerSecond) * 1_000
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), limit)
    const signal = AbortSignal.any([late.signal, options.closing])
    const overdue = new Promise<Sent>((resolve) => {
      signal.addEventListener('abort', () =>
        resolve({ kind: 'unreachable', detail: 'no answer in time' }),
      )
    })
    try {
      return await Promise.race([attempt(options, post, signal), overdue])
    } finally {
      clearTimeout(timer)
    }
  }
}

async function attempt(
  options: SenderOptions,
  { url, headers, body }: Post,
  signal: AbortSignal,
): Promise<Sent> {
  const target = await resolveTarget(url, options)
  if (!target.ok) {
    const { kind, detail } = target.error
    return { kind: kind === 'refused' ? 'refused' : 'unreachable', detail }
  }
  const { url: to, addresses } = target.value
  const { promise, resolve } = Promise.withResolvers<Sent>()
  const request: ClientRequest = (to.protocol === 'https:' ? secureRequest : plainRequest)(
    to,
    {
      method: 'POST',
      // A connection of its own: a pooled one could lead where a former answer of the name server did.
      agent: false,
      lookup: pinnedTo(addresses),
      signal,
      headers: { ...headers, 'user-agent': options.userAgent, 'content-length': body.length },
    },
    (answer) => void readAnswer(answer).then(resolve),
  )
  request.on('error', (error: NodeJS.ErrnoException) =>
    resolve({ kind: 'unreachable', detail: `no connection (${error.code ?? error.name})` }),
  )
  request.end(body)
  return promise
}

/** Answers the connection's own look-up with what was checked. */
const pinnedTo =
  (addresses: readonly Address[]): LookupFunction =>
  (_host, options, done) => {
    const [first] = addresses
    if (options.all === true) done(null, [...addresses])
    else done(null, first?.address ?? '', first?.family)
  }

/** A redirect is an answer like any other: nobody follows it. */
async function readAnswer(answer: IncomingMessage): Promise<Sent> {
  const pieces: Buffer[] = []
  let bytes = 0
  try {
    for await (const piece of answer as AsyncIterable<Buffer>) {
      pieces.push(piece)
      bytes += piece.length
      if (bytes > answerBytesMax) break
    }
  } catch {
    // The status is there; the rest of the text is missed by nobody.
  }
  answer.destroy()
  const retryAfterMs = Math.ceil(Number(answer.headers['retry-after']) * 1_000)
  return {
    kind: 'answered',
    status: answer.statusCode ?? 0,
    text: clipped(Buffer.concat(pieces).toString('utf8')),
    ...(retryAfterMs > 0 && { retryAfterMs: Math.min(retryAfterMs, retryAfterMaxMs) }),
  }
}

const clipped = (text: string): string =>
  text
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, answerCharsKept)
    .toWellFormed()
