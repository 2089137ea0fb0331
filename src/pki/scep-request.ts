import { fail, ok, type Result } from '../result.ts'
import type { Authority } from './certificate-issue.ts'
import { openEnvelope } from './cms-enveloped.ts'
import type { ContentCipher } from './content-cipher.ts'
import { type CertificateRequest, type CsrFault, readCsr } from './csr.ts'
import { readDer } from './der-read.ts'
import { fieldsOf, integerTag, sequenceTag } from './der-shape.ts'
import { type FailInfo, messageTypeOf, type ScepExchange } from './scep-message.ts'
import { readScepSigned } from './scep-signed.ts'

/**
 * Reads what a client sends to PKIOperation (RFC 8894 section 3.3): checks that it is signed by the certificate it
 * carries, opens the envelope with our key and reads what lies in it.
 *
 * Who the signer is, whether the challenge holds and whether the moment is right is the caller's to decide.
 * Fails: `not-scep` when there is nobody to answer, else `refused` with the word for the answer.
 */
export function readScepRequest(
  bytes: Uint8Array,
  authority: Authority,
): Result<ScepRequest, ScepFault> {
  const signed = readScepSigned(bytes)
  if (!signed.ok) return signed
  const { attributes, signer, digest, signingTimeMs, content } = signed.value
  const messageType = messageTypeOf(attributes.messageType)
  if (messageType === undefined || messageType === 'CertRep')
    return notScep('no messageType of a request')
  const { senderNonce, transactionId, transactionIdDer } = attributes
  const exchange = {
    messageType,
    transactionId,
    transactionIdDer,
    senderNonce,
    signer,
    digest,
    signingTimeMs,
  }
  // The answer is sealed to the signer, and only RSA keys open envelopes.
  if (signer.publicKey.asymmetricKeyType !== 'rsa')
    return refuse(exchange, 'badAlg', 'the signer has no RSA key')
  if (content === null) return refuse(exchange, 'badMessageCheck', 'no envelope')
  const opened = openEnvelope(content, authority)
  // Whatever is wrong inside gets one answer: telling a bad padding from a bad request would open other people's
  // envelopes byte by byte.
  if (!opened.ok) return refuse(exchange, 'badMessageCheck', opened.error.kind)
  return messageType === 'CertPoll' || messageType === 'GetCert' || messageType === 'GetCRL'
    ? readQuery({ ...exchange, messageType }, opened.value)
    : readCertify({ ...exchange, messageType }, opened.value)
}

/** A request, and with it what its answer needs. */
export type ScepRequest = CertifyRequest | QueryRequest

/** Asks for a certificate: the first (`PKCSReq`) or, signed with the present one, the next. */
export type CertifyRequest = {
  readonly kind: 'certify'
  readonly exchange: ScepExchange & { readonly messageType: 'PKCSReq' | 'RenewalReq' | 'UpdateReq' }
  readonly cipher: ContentCipher
  readonly csr: CertificateRequest
}

/** Asks for what there is: the outcome of a pending request, a certificate, a revocation list. */
export type QueryRequest = {
  readonly kind: 'query'
  readonly exchange: ScepExchange & { readonly messageType: 'CertPoll' | 'GetCert' | 'GetCRL' }
  readonly cipher: ContentCipher
  /** The issuer's name as DER. */
  readonly issuerDer: Uint8Array
  /** Of the certificate meant, hex as `Certificate.serial` has it. Null in `CertPoll`, which names a subject. */
  readonly serial: string | null
}

export type ScepFault =
  | { readonly kind: 'not-scep'; readonly detail: string }
  | {
      readonly kind: 'refused'
      readonly exchange: ScepExchange
      readonly failInfo: FailInfo
      /** For the journal. The client only hears the five words. */
      readonly detail: string
    }

type Opened = { readonly content: Uint8Array; readonly cipher: ContentCipher }

function readCertify(
  exchange: CertifyRequest['exchange'],
  opened: Opened,
): Result<ScepRequest, ScepFault> {
  const csr = readCsr(opened.content)
  return csr.ok
    ? ok({ kind: 'certify', exchange, cipher: opened.cipher, csr: csr.value })
    : refuse(exchange, failInfoOfCsr(csr.error), csr.error.kind)
}

const failInfoOfCsr = (fault: CsrFault): FailInfo =>
  fault.kind === 'weak-key' || fault.kind === 'bad-algorithm' ? 'badAlg' : 'badMessageCheck'

/** IssuerAndSerialNumber, or IssuerAndSubject when it polls. */
function readQuery(
  exchange: QueryRequest['exchange'],
  opened: Opened,
): Result<ScepRequest, ScepFault> {
  const root = readDer(opened.content)
  const polls = exchange.messageType === 'CertPoll'
  // Exactly two: a PKCS#10 begins with two sequences as well.
  const pair = root.ok && root.value.children.length === 2 ? root.value : undefined
  const fields = fieldsOf(pair, [sequenceTag, polls ? sequenceTag : integerTag])
  if (fields === undefined) return refuse(exchange, 'badMessageCheck', 'no certificate named')
  const [issuer, which] = fields
  return ok({
    kind: 'query',
    exchange,
    cipher: opened.cipher,
    issuerDer: issuer.bytes,
    serial: polls ? null : Buffer.from(which.content).toString('hex'),
  })
}

const notScep = (detail: string): Result<never, ScepFault> => fail({ kind: 'not-scep', detail })

const refuse = (
  exchange: ScepExchange,
  failInfo: FailInfo,
  detail: string,
): Result<never, ScepFault> => fail({ kind: 'refused', exchange, failInfo, detail })
