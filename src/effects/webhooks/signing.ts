// How a receiver knows that a message is ours: an HMAC over exactly the bytes that were sent.
import { createHmac, randomBytes } from 'node:crypto'
import { unreachable } from '../../result.ts'

export type WebhookKind = 'nanomdm' | 'standard'

/** What is sent, before it is signed. */
export type Message = {
  /** The same at every attempt, so that a receiver can tell a repeat. */
  readonly id: string
  readonly body: Uint8Array
}

export type Headers = Readonly<Record<string, string>>

export type Signing = {
  readonly secret: string
  /** The one before it, while receivers may still know no other. */
  readonly former?: string | undefined
  readonly at: number
}

/**
 * The headers that go with a message.
 *
 * `standard`: `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`, keyed with the bytes behind `whsec_`; by the
 * former secret too, after a space.
 * `nanomdm`: base64 of HMAC-SHA256 over the body, keyed with the secret's own characters.
 * Source: Standard Webhooks specification; NanoMDM 0.9, `-webhook-hmac-key`.
 */
export function signedHeaders(
  kind: WebhookKind,
  { id, body }: Message,
  { secret, former, at }: Signing,
): Headers {
  switch (kind) {
    case 'standard': {
      const seconds = String(Math.floor(at / 1_000))
      const signatureBy = (one: string): string =>
        `v1,${createHmac('sha256', keyOf(one)).update(`${id}.${seconds}.`).update(body).digest('base64')}`
      return {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': seconds,
        'webhook-signature': [secret, ...(former === undefined ? [] : [former])]
          .map(signatureBy)
          .join(' '),
      }
    }
    case 'nanomdm': {
      const mac = createHmac('sha256', secret).update(body)
      return {
        'content-type': 'application/json; charset=utf-8',
        'x-hmac-signature': mac.digest('base64'),
      }
    }
    default:
      return unreachable(kind)
  }
}

const prefix = 'whsec_'

/** Between what Standard Webhooks calls too little and what it calls too much. */
const keyBytes = { min: 24, mint: 32, max: 64 }

const keyOf = (secret: string): Buffer => Buffer.from(secret.slice(prefix.length), 'base64')

/** A fresh secret of its kind. */
export const mintSecret = (kind: WebhookKind): string =>
  kind === 'standard'
    ? prefix + randomBytes(keyBytes.mint).toString('base64')
    : randomBytes(keyBytes.mint).toString('base64url')

/** What is wrong with a secret that somebody brings along; undefined when nothing is. */
export function secretComplaint(kind: WebhookKind, secret: string): string | undefined {
  if (kind === 'nanomdm')
    return /^[\x21-\x7e]{16,256}$/.test(secret)
      ? undefined
      : 'must have 16 to 256 printable characters without spaces'
  const bytes = keyOf(secret)
  const isOne = secret.startsWith(prefix) && prefix + bytes.toString('base64') === secret
  return isOne && bytes.length >= keyBytes.min && bytes.length <= keyBytes.max
    ? undefined
    : `must be ${prefix} and base64 of ${keyBytes.min} to ${keyBytes.max} bytes`
}
