import { createHash, timingSafeEqual } from 'node:crypto'
import { fail, ok, type Result } from '../result.ts'
import { type Certificate, type PkiFault, readCertificate } from './certificate.ts'
import { readOnlySigner, signatureFault, type Signer, type SignerFault } from './cms-signer.ts'
import { readHead, type Span } from './der-head.ts'
import { readDerOrBer } from './der-or-ber.ts'
import { type DerNode, oidOf } from './der-read.ts'
import {
  explicit0,
  fieldsOf,
  integerTag,
  octetStringTag,
  oidTag,
  onlyFieldsOf,
  sequenceTag,
  setTag,
} from './der-shape.ts'
import { derTimeOf } from './der-time.ts'
import { oids } from './oids.ts'
import type { SignatureDigest } from './signature-digest.ts'

/**
 * Reads a CMS SignedData (RFC 5652 section 5) with exactly one signer, who signed attributes.
 *
 * Nothing is verified yet. The outside may be BER, as Apple's devices write it; certificates and signed
 * attributes must be DER, since their bytes are what signatures are over. Bound on size: the caller's.
 */
export function readSigned(bytes: Uint8Array): Result<SignedMessage, SignedFault> {
  const root = readDerOrBer(bytes, certificatesUnread)
  if (!root.ok) return broken(`neither DER nor BER: ${root.error.kind}`)
  const [type, wrapper] = onlyFieldsOf(root.value, [oidTag, explicit0]) ?? []
  if (type === undefined || oidOf(type) !== oids.signedData) return broken('not a SignedData')
  const [body] = onlyFieldsOf(wrapper, [sequenceTag]) ?? []
  return readBody(body)
}

function readBody(body: DerNode | undefined): Result<SignedMessage, SignedFault> {
  const fields = fieldsOf(body, [integerTag, setTag, sequenceTag])
  const tail = tailOf(body?.children.slice(3) ?? [])
  if (fields === undefined || tail === undefined) return broken('not a SignedData')
  const content = readContent(fields[2])
  if (content === undefined) return broken('not an encapsulated content')
  const signer = readOnlySigner(tail.signers)
  if (!signer.ok) return signer
  return ok({ ...content, certificates: tail.certificates, signer: signer.value })
}

/** What stands behind the content: perhaps certificates, perhaps revocation lists, then the signers. */
function tailOf(
  nodes: readonly DerNode[],
): { readonly certificates: SignedMessage['certificates']; readonly signers: DerNode } | undefined {
  const signers = nodes.at(-1)
  const shape = nodes.map(({ tag }) => tag.toString(16)).join(' ')
  if (signers === undefined || !tailShapes.has(shape)) return undefined
  const certificates = nodes.find(({ tag }) => tag === explicit0)?.children ?? []
  return {
    // Other choices than a plain certificate have context tags: attribute certificates, nothing for us.
    certificates: certificates.filter(({ tag }) => tag === sequenceTag).map(({ bytes }) => bytes),
    signers,
  }
}

const tailShapes: ReadonlySet<string> = new Set(['31', 'a0 31', 'a1 31', 'a0 a1 31'])

/** Nothing at all, or one OCTET STRING: what is there in another way would be content nobody compared. */
function readContent(
  encapsulated: DerNode,
): Pick<SignedMessage, 'contentType' | 'content'> | undefined {
  const [type, wrapper, more] = encapsulated.children
  const contentType = type && oidOf(type)
  if (contentType === undefined || more !== undefined) return undefined
  if (wrapper === undefined) return { contentType, content: null }
  const [content] = onlyFieldsOf(wrapper, [octetStringTag]) ?? []
  return wrapper.tag === explicit0 && content !== undefined
    ? { contentType, content: content.content }
    : undefined
}

/** Certificates lie four deep, in `[0]`: their own reader reads them, and remembers those it knows. */
const certificatesUnread = { depth: 4, inTag: explicit0 } as const

export type SignedMessage = {
  /** Dotted. */
  readonly contentType: string
  /** Null: the signature is detached. */
  readonly content: Uint8Array | null
  /** DER, in the message's order. */
  readonly certificates: readonly Uint8Array[]
  readonly signer: Signer
}

export type SignedFault = SignerFault

export type VerifyOptions = {
  /** What a detached signature is over. An attached message must hold the same bytes. */
  readonly content?: Uint8Array
  /** For whoever keeps the certificates it has read. */
  readonly read?: (der: Uint8Array) => Result<Certificate, PkiFault>
  /** Digests of another algorithm are refused. Default: all that are known, SHA-1 among them. */
  readonly digests?: readonly SignatureDigest[]
}

export type Verified = {
  /** Whose key signed it. Nothing is said about trust or dates. */
  readonly certificate: Certificate
  readonly attributes: ReadonlyMap<string, DerNode>
  readonly digest: SignatureDigest
  /** By the signer's clock. Null: not said. */
  readonly signingTimeMs: number | null
}

export type VerifyFault =
  | { readonly kind: 'no-content' }
  | { readonly kind: 'other-content' }
  | { readonly kind: 'other-content-type' }
  | { readonly kind: 'no-certificate' }
  | { readonly kind: 'bad-certificate'; readonly detail: string }
  /** An algorithm that is weak, unknown, or not of the certificate's kind of key. */
  | { readonly kind: 'bad-algorithm' }
  | { readonly kind: 'bad-signature' }

/** Verifies that the signer's key signed the attributes and that these name this content. */
export function verifySigned(
  message: SignedMessage,
  { content: given, ...options }: VerifyOptions,
): Result<Verified, VerifyFault> {
  const content = given ?? message.content
  if (content === null) return fail({ kind: 'no-content' })
  // Cheapest first: most of what is wrong is another body.
  const misnamed = contentFault(message, content)
  return misnamed === undefined ? verifySigner(message, options) : fail({ kind: misnamed })
}

/**
 * Verifies that the signer's key signed the attributes. What these say of the content is for `contentFault`, once
 * the content is there: it need not be read for a signer who is not believed.
 */
export function verifySigner(
  message: SignedMessage,
  { read = readCertificate, digests }: Omit<VerifyOptions, 'content'>,
): Result<Verified, VerifyFault> {
  const { signer } = message
  if (digests?.includes(signer.digest) === false) return fail({ kind: 'bad-algorithm' })
  const found = signersCertificate(message)
  if (found === undefined) return fail({ kind: 'no-certificate' })
  const certificate = read(found)
  if (!certificate.ok) return fail({ kind: 'bad-certificate', detail: certificate.error.detail })
  const fault = signatureFault(signer, certificate.value.publicKey)
  if (fault !== undefined) return fail({ kind: fault })
  return ok({
    certificate: certificate.value,
    attributes: signer.attributes,
    digest: signer.digest,
    signingTimeMs: signingTimeOf(signer),
  })
}

/** Whether the content is the one inside, if one is, and the one the attributes name. */
export function contentFault(
  message: SignedMessage,
  content: Uint8Array,
): 'other-content' | 'other-content-type' | undefined {
  const { digest, attributes } = message.signer
  if (!isEqual(content, message.content ?? content)) return 'other-content'
  const named = attributes.get(oids.messageDigest)?.content ?? new Uint8Array()
  if (!isEqual(createHash(digest).update(content).digest(), named)) return 'other-content'
  const type = attributes.get(oids.contentType)
  const isType = type !== undefined && oidOf(type) === message.contentType
  return isType ? undefined : 'other-content-type'
}

function signingTimeOf({ attributes }: Signer): number | null {
  const time = attributes.get(oids.signingTime)
  return (time && derTimeOf(time)) ?? null
}

/** The one embedded certificate that the signer names; two that both fit are as good as none. */
function signersCertificate({ certificates, signer }: SignedMessage): Uint8Array | undefined {
  const fitting = certificates.filter((bytes) => isNamed(bytes, signer.id))
  return fitting.length === 1 ? fitting[0] : undefined
}

/** By issuer and serial, as they stand in the certificate: a name that is only like it is another one. */
function isNamed(bytes: Uint8Array, id: DerNode): boolean {
  const named = onlyFieldsOf(id, [sequenceTag, integerTag])
  const own = id.tag === sequenceTag ? issuerAndSerialOf(bytes) : undefined
  if (named === undefined || own === undefined) return false
  return isEqual(own.issuer, named[0].bytes) && isEqual(own.serial, named[1].bytes)
}

/**
 * Where issuer and serial stand, without a look at anything else: whoever is found so is read whole before it is
 * believed, and a device's certificate is read whole once and not with every message.
 */
function issuerAndSerialOf(
  bytes: Uint8Array,
): { readonly issuer: Uint8Array; readonly serial: Uint8Array } | undefined {
  const tbs = inside(bytes, inside(bytes, { at: 0, end: bytes.length }))
  const version = elementAt(bytes, tbs)
  const serial = version?.tag === explicit0 ? elementAt(bytes, version.rest) : version
  const issuer = elementAt(bytes, elementAt(bytes, serial?.rest)?.rest)
  return serial && issuer && { serial: serial.bytes, issuer: issuer.bytes }
}

type Stretch = Span | undefined

function elementAt(
  bytes: Uint8Array,
  span: Stretch,
): { readonly tag: number; readonly bytes: Uint8Array; readonly rest: Span } | undefined {
  const head = span && readHead(bytes, span)
  if (span === undefined || typeof head !== 'object' || head.to === undefined) return undefined
  return {
    tag: head.tag,
    bytes: bytes.subarray(span.at, head.to),
    rest: { at: head.to, end: span.end },
  }
}

/** The content of the element that begins the stretch. */
function inside(bytes: Uint8Array, span: Stretch): Stretch {
  const head = span && readHead(bytes, span)
  return typeof head === 'object' && head.to !== undefined
    ? { at: head.from, end: head.to }
    : undefined
}

const isEqual = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && timingSafeEqual(one, other)

const broken = (detail: string): Result<never, SignedFault> =>
  fail({ kind: 'not-signed-data', detail })
