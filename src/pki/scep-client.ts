import { fail, ok, type Result } from '../result.ts'
import type { Authority } from './certificate-issue.ts'
import { type Certificate, readCertificate } from './certificate.ts'
import { readCertificates } from './cms-certificates.ts'
import { openEnvelope, sealEnvelope, type SealFault } from './cms-enveloped.ts'
import { signCms } from './cms-signing.ts'
import type { ContentCipher } from './content-cipher.ts'
import { der } from './der-write.ts'
import {
  type FailInfo,
  failInfoOf,
  type MessageType,
  messageTypes,
  pkiStatuses,
  scepAttributes,
} from './scep-message.ts'
import { readScepSigned, type ScepAttributes } from './scep-signed.ts'
import type { SignatureDigest } from './signature-digest.ts'

/** A request as a device makes it: sealed to the authority, signed with the device's own certificate. */
export function buildScepRequest(wish: ScepWish): Result<Uint8Array, SealFault> {
  const sealed = sealEnvelope(wish.content, { recipient: wish.authority, cipher: wish.cipher })
  if (!sealed.ok) return sealed
  return ok(
    signCms({
      content: sealed.value,
      detached: false,
      certificate: wish.signer.certificate,
      key: wish.signer.key,
      digest: wish.digest,
      attributes: [
        {
          oid: scepAttributes.messageType,
          value: der.printableString(messageTypes[wish.messageType]),
        },
        { oid: scepAttributes.transactionId, value: der.printableString(wish.transactionId) },
        { oid: scepAttributes.senderNonce, value: der.octetString(wish.senderNonce) },
      ],
      certificates: [wish.signer.certificate.der],
      signingTimeMs: wish.signingTimeMs,
    }),
  )
}

/** Reads the answer to a request of ours, believing only the authority it was sent to. */
export function readScepReply(
  bytes: Uint8Array,
  asked: ScepWish,
): Result<ScepReply, ScepReplyFault> {
  const signed = readScepSigned(bytes)
  if (!signed.ok) return signed
  const { attributes, signer, content } = signed.value
  if (signer.fingerprint !== asked.authority.fingerprint) return notOurs('signed by somebody else')
  if (!answers(attributes, asked)) return notOurs('an answer to something else')
  if (attributes.pkiStatus === pkiStatuses.failure)
    return ok({ status: 'failure', failInfo: failInfoOf(attributes.failInfo) ?? null })
  if (attributes.pkiStatus === pkiStatuses.pending) return ok({ status: 'pending' })
  if (attributes.pkiStatus !== pkiStatuses.success || content === null) return notOurs('no outcome')
  return readIssued(content, asked)
}

const answers = (attributes: ScepAttributes, asked: ScepWish): boolean =>
  attributes.messageType === messageTypes.CertRep &&
  attributes.transactionId === asked.transactionId &&
  Buffer.compare(attributes.recipientNonce ?? Buffer.of(), asked.senderNonce) === 0

export type ScepWish = {
  readonly messageType: Exclude<MessageType, 'CertRep'>
  readonly transactionId: string
  /** Sixteen random bytes. */
  readonly senderNonce: Uint8Array
  readonly signingTimeMs: number
  /** A request as PKCS#10, or what a query names, as DER. */
  readonly content: Uint8Array
  readonly cipher: ContentCipher
  readonly digest: SignatureDigest
  readonly signer: Authority
  readonly authority: Certificate
}

export type ScepReply =
  | { readonly status: 'success'; readonly certificates: readonly Certificate[] }
  | { readonly status: 'failure'; readonly failInfo: FailInfo | null }
  | { readonly status: 'pending' }

export type ScepReplyFault =
  | { readonly kind: 'not-scep'; readonly detail: string }
  | { readonly kind: 'not-our-reply'; readonly detail: string }

function readIssued(content: Uint8Array, asked: ScepWish): Result<ScepReply, ScepReplyFault> {
  const opened = openEnvelope(content, asked.signer)
  if (!opened.ok) return notOurs(opened.error.kind)
  const carried = readCertificates(opened.value.content)
  if (!carried.ok) return notOurs(carried.error.kind)
  const certificates: Certificate[] = []
  for (const bytes of carried.value) {
    const certificate = readCertificate(bytes)
    if (!certificate.ok) return notOurs(certificate.error.kind)
    certificates.push(certificate.value)
  }
  return certificates.length === 0
    ? notOurs('no certificate')
    : ok({ status: 'success', certificates })
}

const notOurs = (detail: string): Result<never, ScepReplyFault> =>
  fail({ kind: 'not-our-reply', detail })
