import type { Certificate } from './certificate.ts'
import type { SignatureDigest } from './signature-digest.ts'

/** The attributes a SCEP message is signed with (RFC 8894 section 3.2.1), dotted. */
export const scepAttributes = {
  messageType: '2.16.840.1.113733.1.9.2',
  pkiStatus: '2.16.840.1.113733.1.9.3',
  failInfo: '2.16.840.1.113733.1.9.4',
  senderNonce: '2.16.840.1.113733.1.9.5',
  recipientNonce: '2.16.840.1.113733.1.9.6',
  transactionId: '2.16.840.1.113733.1.9.7',
} as const

export const messageTypes = {
  CertRep: '3',
  RenewalReq: '17',
  UpdateReq: '18',
  PKCSReq: '19',
  CertPoll: '20',
  GetCert: '21',
  GetCRL: '22',
} as const
export type MessageType = keyof typeof messageTypes

export const pkiStatuses = { success: '0', failure: '2', pending: '3' } as const

/** Why a request failed, in the five words SCEP has for it (RFC 8894 section 3.2.1.4.4). */
export const failInfos = {
  badAlg: '0',
  badMessageCheck: '1',
  badRequest: '2',
  badTime: '3',
  badCertId: '4',
} as const
export type FailInfo = keyof typeof failInfos

/** What of a request its answer needs. */
export type ScepExchange = {
  readonly messageType: Exclude<MessageType, 'CertRep'>
  readonly transactionId: string
  /** The attribute as it came, to be given back byte for byte: clients compare it that way. */
  readonly transactionIdDer: Uint8Array
  /** Null: the client sent none. */
  readonly senderNonce: Uint8Array | null
  /** The certificate the request was signed with; the answer is sealed to it. A throw-away unless it renews. */
  readonly signer: Certificate
  readonly digest: SignatureDigest
  /** Null: not said. By the client's clock. */
  readonly signingTimeMs: number | null
}

export const messageTypeOf = (digits: string | undefined): MessageType | undefined =>
  (Object.keys(messageTypes) as readonly MessageType[]).find(
    (name) => messageTypes[name] === digits,
  ) // its keys are that type

export const failInfoOf = (digits: string | undefined): FailInfo | undefined =>
  (Object.keys(failInfos) as readonly FailInfo[]).find((name) => failInfos[name] === digits) // its keys are that type
