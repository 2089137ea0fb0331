import type { Authority } from './certificate-issue.ts'
import { writeCertificates } from './cms-certificates.ts'
import { sealEnvelope } from './cms-enveloped.ts'
import { signCms } from './cms-signing.ts'
import type { ContentCipher } from './content-cipher.ts'
import { der } from './der-write.ts'
import {
  type FailInfo,
  failInfos,
  messageTypes,
  pkiStatuses,
  scepAttributes,
  type ScepExchange,
} from './scep-message.ts'

/**
 * The CertRep that hands over certificates, the client's own first, sealed to the key its request was signed with,
 * in the cipher and digest it used. The request is one that was read here, so its signer's key is RSA.
 */
export function buildScepSuccess(request: Answerable, answer: ScepAnswer): Uint8Array {
  const content = writeCertificates(answer.certificates)
  const sealed = sealEnvelope(content, {
    recipient: request.exchange.signer,
    cipher: request.cipher,
  })
  if (!sealed.ok) throw new Error('a request with a signer that opens no envelope was let through')
  return signReply(request.exchange, answer, {
    status: pkiStatuses.success,
    content: sealed.value,
    certificates: answer.certificates,
  })
}

/** The CertRep that says no. HTTP's answer to it is 200 all the same. */
export const buildScepFailure = (
  exchange: ScepExchange,
  failInfo: FailInfo,
  answer: Answering,
): Uint8Array =>
  signReply(exchange, answer, { status: pkiStatuses.failure, failInfo, certificates: [] })

export type Answerable = { readonly exchange: ScepExchange; readonly cipher: ContentCipher }

export type Answering = {
  readonly authority: Authority
  /** Sixteen random bytes. */
  readonly senderNonce: Uint8Array
}

export type ScepAnswer = Answering & {
  /** DER, the client's own first. */
  readonly certificates: readonly Uint8Array[]
}

type Reply = {
  readonly status: string
  readonly failInfo?: FailInfo
  readonly content?: Uint8Array
  readonly certificates: readonly Uint8Array[]
}

function signReply(
  exchange: ScepExchange,
  { authority, senderNonce }: Answering,
  reply: Reply,
): Uint8Array {
  const attributes = [
    { oid: scepAttributes.messageType, value: der.printableString(messageTypes.CertRep) },
    { oid: scepAttributes.transactionId, value: exchange.transactionIdDer },
    { oid: scepAttributes.pkiStatus, value: der.printableString(reply.status) },
    { oid: scepAttributes.senderNonce, value: der.octetString(senderNonce) },
    ...(exchange.senderNonce === null
      ? []
      : [{ oid: scepAttributes.recipientNonce, value: der.octetString(exchange.senderNonce) }]),
    ...(reply.failInfo === undefined
      ? []
      : [{ oid: scepAttributes.failInfo, value: der.printableString(failInfos[reply.failInfo]) }]),
  ]
  return signCms({
    // A failure carries nothing, which is not the same as an empty something.
    content: reply.content ?? new Uint8Array(),
    detached: reply.content === undefined,
    certificate: authority.certificate,
    key: authority.key,
    digest: exchange.digest,
    attributes,
    // The issued one first: old clients look for it here.
    certificates: [...reply.certificates, authority.certificate.der],
  })
}
