import { fail, ok, type Result } from '../result.ts'
import type { Certificate } from './certificate.ts'
import { readSigned, verifySigned } from './cms-signed.ts'
import type { DerNode } from './der-read.ts'
import { textOf } from './der-text.ts'
import { scepAttributes } from './scep-message.ts'
import type { SignatureDigest } from './signature-digest.ts'

/**
 * The outer half of every SCEP message, request or reply: who signed it, with which attributes, around what.
 *
 * Bound: 256 kB. Fails: `not-scep`.
 */
export function readScepSigned(bytes: Uint8Array): Result<ScepSigned, ScepSignedFault> {
  if (bytes.length > bytesMax) return notScep(`more than ${bytesMax} bytes`)
  const message = readSigned(bytes)
  if (!message.ok) return notScep(message.error.kind)
  const verified = verifySigned(message.value, {
    content: message.value.content ?? nothing,
  })
  if (!verified.ok) return notScep(verified.error.kind)
  const attributes = attributesOf(verified.value.attributes)
  if (attributes === undefined) return notScep('no transactionID')
  return ok({
    attributes,
    signer: verified.value.certificate,
    digest: verified.value.digest,
    signingTimeMs: verified.value.signingTimeMs ?? null,
    content: message.value.content ?? null,
  })
}

export type ScepSigned = {
  readonly attributes: ScepAttributes
  readonly signer: Certificate
  readonly digest: SignatureDigest
  readonly signingTimeMs: number | null
  /** Null: a failure carries none. */
  readonly content: Uint8Array | null
}

export type ScepAttributes = {
  readonly transactionId: string
  readonly transactionIdDer: Uint8Array
  readonly messageType: string | undefined
  readonly pkiStatus: string | undefined
  readonly failInfo: string | undefined
  readonly senderNonce: Uint8Array | null
  readonly recipientNonce: Uint8Array | null
}

export type ScepSignedFault = { readonly kind: 'not-scep'; readonly detail: string }

/** A request for an RSA-8192 key, signed with a chain beside it, is 12 kB. */
const bytesMax = 262_144
/** What the digest of a message without content is over. */
const nothing = new Uint8Array()
/** A hash in hex is 64 characters; RFC 8894 sets no bound, and it becomes a column. */
const transactionIdBytesMax = 255
/** Sixteen by the RFC; some clients send other lengths, and get back what they sent. */
const nonceBytesMax = 64

function attributesOf(signed: ReadonlyMap<string, DerNode>): ScepAttributes | undefined {
  const transaction = signed.get(scepAttributes.transactionId)
  const transactionId = transaction && textOf(transaction)
  if (transaction === undefined || transactionId === undefined || transactionId === '')
    return undefined
  if (transaction.content.length > transactionIdBytesMax) return undefined
  const text = (oid: string): string | undefined => {
    const node = signed.get(oid)
    return node && textOf(node)
  }
  const nonce = (oid: string): Uint8Array | null => {
    const node = signed.get(oid)
    return node?.tag === 0x04 && node.content.length <= nonceBytesMax ? node.content : null
  }
  return {
    transactionId,
    transactionIdDer: transaction.bytes,
    messageType: text(scepAttributes.messageType),
    pkiStatus: text(scepAttributes.pkiStatus),
    failInfo: text(scepAttributes.failInfo),
    senderNonce: nonce(scepAttributes.senderNonce),
    recipientNonce: nonce(scepAttributes.recipientNonce),
  }
}

const notScep = (detail: string): Result<never, ScepSignedFault> =>
  fail({ kind: 'not-scep', detail })
