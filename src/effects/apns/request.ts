// One push as one HTTP/2 stream.
import { type ClientHttp2Session, constants } from 'node:http2'
import type { Answer } from './reasons.ts'

export type PushWish = {
  readonly topic: string
  readonly token: Uint8Array
  readonly magic: string
}

/** How a stream ended: with an answer, or without one and why. */
export type Ended =
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'lost'; readonly reason: string }
  | { readonly kind: 'timed-out' }

/** How long (s) Apple keeps a push for a device that is off: a week covers holidays of a few days. */
const expirationSeconds = 7 * 86_400

/** Apple answers within a second; a connection that does not within this is dead. */
const requestTimeoutMs = 10_000

/** A reason is below a hundred bytes; more is not from Apple. */
const bodyCharsMax = 4_096

const { HTTP2_HEADER_STATUS, NGHTTP2_CANCEL } = constants

export function request(
  session: ClientHttp2Session,
  { topic, token, magic }: PushWish,
  nowMs: number,
): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>()
  const stream = session.request({
    ':method': 'POST',
    ':path': `/3/device/${Buffer.from(token).toString('hex')}`,
    'apns-push-type': 'mdm',
    'apns-topic': topic,
    'apns-expiration': String(Math.floor(nowMs / 1_000) + expirationSeconds),
    'apns-priority': '10',
  })
  let head: Pick<Answer, 'status' | 'apnsId' | 'retryAfter'> | undefined
  let failure = 'the connection was lost'
  let isTimedOut = false
  let body = ''
  stream.setEncoding('utf8')
  stream.setTimeout(requestTimeoutMs, () => {
    isTimedOut = true
    stream.close(NGHTTP2_CANCEL)
  })
  stream.on('response', (headers) => {
    head = {
      status: Number(headers[HTTP2_HEADER_STATUS]),
      apnsId: oneOf(headers['apns-id']) ?? '',
      retryAfter: oneOf(headers['retry-after']),
    }
  })
  stream.on('data', (text: string) => {
    if (body.length < bodyCharsMax) body += text
  })
  stream.on('error', (error: Error) => {
    failure = error.message
  })
  stream.on('close', () => {
    if (isTimedOut) resolve({ kind: 'timed-out' })
    else if (head !== undefined) resolve({ kind: 'answered', answer: { ...head, body } })
    else resolve({ kind: 'lost', reason: failure })
  })
  stream.end(JSON.stringify({ mdm: magic }))
  return promise
}

const oneOf = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : value?.[0]
