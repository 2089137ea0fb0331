import { createHash, type KeyObject, timingSafeEqual, verify } from 'node:crypto'
import { fail, ok, type Result } from '../result.ts'
import { derFromBer } from './ber.ts'
import { type Certificate, type PkiFault, readCertificate } from './certificate.ts'
import { readAttributes } from './cms-attributes.ts'
import { type DerNode, oidOf, readDer } from './der-read.ts'
import {
  anyTag,
  explicit0,
  fieldsOf,
  integerTag,
  octetStringTag,
  oidTag,
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
  const root = readTree(bytes)
  if (!root.ok) return root
  const [type, wrapper] = fieldsOf(root.value, [oidTag, explicit0]) ?? []
  if (type === undefined || oidOf(type) !== oids.signedData) return broken('not a SignedData')
  return readBody(wrapper?.children[0])
}

function readBody(body: DerNode | undefined): Result<SignedMessage, SignedFault> {
  const fields = fieldsOf(body, [integerTag, setTag, sequenceTag])
  const signers = body?.children.at(-1)
  if (fields === undefined || signers?.tag !== setTag) return broken('not a SignedData')
  const signer = readOnlySigner(signers)
  if (!signer.ok) return signer
  const certificates = fields.find(({ tag }) => tag === explicit0)?.children ?? []
  return ok({
    ...readContent(fields[2]),
    certificates: certificates.filter(({ tag }) => tag === sequenceTag).map((node) => node.bytes),
    signer: signer.value,
  })
}

function readContent(encapsulated: DerNode): Pick<SignedMessage, 'contentType' | 'content'> {
  const content = fieldsOf(encapsulated, [oidTag, explicit0])?.[1].children[0]
  return {
    contentType: algorithmOf(encapsulated),
    content: content?.tag === octetStringTag ? content.content : null,
  }
}

export type SignedMessage = {
  /** Dotted. */
  readonly contentType: string
  /** Null: the signature is detached. */
  readonly content: Uint8Array | null
  /** DER, in the message's order. */
  readonly certificates: readonly Uint8Array[]
  readonly signer: Signer
}

type Signer = {
  /** Issuer and serial. */
  readonly id: DerNode
  readonly digest: SignatureDigest
  /** The attributes as the SET OF they are signed as. */
  readonly signedBytes: Uint8Array
  readonly attributes: ReadonlyMap<string, DerNode>
  readonly signatureAlgorithm: string
  readonly signature: Uint8Array
}

export type SignedFault =
  | { readonly kind: 'not-signed-data'; readonly detail: string }
  | { readonly kind: 'no-signer' }
  | { readonly kind: 'many-signers' }
  /** Without them an attacker may pass attributes off as content. Source: CVE-class of draft-ietf-lamps-cms-euf-cma-signeddata. */
  | { readonly kind: 'no-signed-attributes' }
  | { readonly kind: 'bad-attributes'; readonly detail: string }
  | { readonly kind: 'unknown-digest' }

export type VerifyOptions = {
  /** What a detached signature is over. An attached message must hold the same bytes. */
  readonly content?: Uint8Array
  /** For whoever keeps the certificates it has read. */
  readonly read?: (der: Uint8Array) => Result<Certificate, PkiFault>
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
  { content: given, read = readCertificate }: VerifyOptions,
): Result<Verified, VerifyFault> {
  const { signer } = message
  const content = given ?? message.content
  if (content === null) return fail({ kind: 'no-content' })
  if (!isEqual(content, message.content ?? content)) return fail({ kind: 'other-content' })
  const found = signersCertificate(message)
  if (found === undefined) return fail({ kind: 'no-certificate' })
  const certificate = read(found)
  if (!certificate.ok) return fail({ kind: 'bad-certificate', detail: certificate.error.detail })
  const fault = faultOf(message, content, certificate.value.publicKey)
  if (fault !== undefined) return fail({ kind: fault })
  return ok({
    certificate: certificate.value,
    attributes: signer.attributes,
    digest: signer.digest,
    signingTimeMs: signingTimeOf(signer),
  })
}

function signingTimeOf({ attributes }: Signer): number | null {
  const time = attributes.get(oids.signingTime)
  return (time && derTimeOf(time)) ?? null
}

/** Cheapest first: most of what is wrong is another body. */
function faultOf(
  { contentType, signer }: SignedMessage,
  content: Uint8Array,
  key: KeyObject,
): 'other-content' | 'other-content-type' | 'bad-algorithm' | 'bad-signature' | undefined {
  if (!namesContent(signer, content)) return 'other-content'
  if (contentTypeOf(signer) !== contentType) return 'other-content-type'
  if (!isAlgorithmOf(key, signer)) return 'bad-algorithm'
  return isSignature(key, signer) ? undefined : 'bad-signature'
}

/** DER first: only what is none is read as BER and written anew. */
function readTree(bytes: Uint8Array): Result<DerNode, SignedFault> {
  const strict = readDer(bytes)
  if (strict.ok) return strict
  const normal = derFromBer(bytes)
  const again = normal.ok ? readDer(normal.value) : normal
  return again.ok ? again : broken(`neither DER nor BER: ${again.error.kind}`)
}

function readOnlySigner(signers: DerNode): Result<Signer, SignedFault> {
  const [info, another] = signers.children
  if (info === undefined) return fail({ kind: 'no-signer' })
  return another === undefined ? readSigner(info) : fail({ kind: 'many-signers' })
}

function readSigner(info: DerNode): Result<Signer, SignedFault> {
  if (info.children[3]?.tag !== explicit0) return fail({ kind: 'no-signed-attributes' })
  const fields = fieldsOf(info, [
    integerTag,
    anyTag,
    sequenceTag,
    explicit0,
    sequenceTag,
    octetStringTag,
  ])
  if (info.tag !== sequenceTag || fields === undefined) return broken('not a SignerInfo')
  const [, id, digestAlgorithm, attributes, signatureAlgorithm, signature] = fields
  const digest = digests.get(algorithmOf(digestAlgorithm))
  if (digest === undefined) return fail({ kind: 'unknown-digest' })
  const read = readAttributes(attributes)
  if (!read.ok) return fail({ kind: 'bad-attributes', detail: read.error })
  return ok({
    id,
    digest,
    signedBytes: asSetOf(attributes.bytes),
    attributes: read.value,
    signatureAlgorithm: algorithmOf(signatureAlgorithm),
    signature: signature.content,
  })
}

/** They stand in the message as [0] and are signed as a SET OF. */
function asSetOf(bytes: Uint8Array): Uint8Array {
  const set = Uint8Array.from(bytes)
  set[0] = 0x31
  return set
}

/** The one embedded certificate that the signer names; two that both fit are as good as none. */
function signersCertificate({ certificates, signer }: SignedMessage): Uint8Array | undefined {
  const fitting = certificates.filter((bytes) => isNamed(bytes, signer.id))
  return fitting.length === 1 ? fitting[0] : undefined
}

/** By issuer and serial, as they stand in the certificate: a name that is only like it is another one. */
function isNamed(bytes: Uint8Array, id: DerNode): boolean {
  const named = fieldsOf(id, [sequenceTag, integerTag])
  const own = id.tag === sequenceTag ? issuerAndSerialOf(bytes) : undefined
  if (named === undefined || own === undefined) return false
  return isEqual(own.issuer.bytes, named[0].bytes) && isEqual(own.serial.bytes, named[1].bytes)
}

function issuerAndSerialOf(
  bytes: Uint8Array,
): { readonly issuer: DerNode; readonly serial: DerNode } | undefined {
  const root = readDer(bytes)
  const tbs = root.ok ? root.value.children[0] : undefined
  const fields =
    fieldsOf(tbs, [explicit0, integerTag, sequenceTag, sequenceTag])?.slice(1) ??
    fieldsOf(tbs, [integerTag, sequenceTag, sequenceTag])
  const [serial, , issuer] = fields ?? []
  return serial && issuer && { issuer, serial }
}

function namesContent(signer: Signer, content: Uint8Array): boolean {
  const named = signer.attributes.get(oids.messageDigest)?.content ?? new Uint8Array()
  return isEqual(createHash(signer.digest).update(content).digest(), named)
}

function contentTypeOf({ attributes }: Signer): string | undefined {
  const type = attributes.get(oids.contentType)
  return type && oidOf(type)
}

const algorithmOf = (node: DerNode): string => {
  const [type] = node.children
  return (type && oidOf(type)) ?? ''
}

/** MD5 is not among them. SHA-1 is: older devices and simulators know nothing else, and chance collisions are no forgery. */
const digests: ReadonlyMap<string, SignatureDigest> = new Map([
  [oids.sha1, 'sha1'],
  [oids.sha256, 'sha256'],
  [oids.sha384, 'sha384'],
  [oids.sha512, 'sha512'],
])

/** For which kind of key, and with which digest where the name says so. */
const algorithms: ReadonlyMap<
  string,
  { readonly key: 'rsa' | 'ec'; readonly digest?: SignatureDigest }
> = new Map([
  [oids.rsaEncryption, { key: 'rsa' }],
  [oids.sha1WithRsa, { key: 'rsa', digest: 'sha1' }],
  [oids.sha256WithRsa, { key: 'rsa', digest: 'sha256' }],
  [oids.sha384WithRsa, { key: 'rsa', digest: 'sha384' }],
  [oids.sha512WithRsa, { key: 'rsa', digest: 'sha512' }],
  [oids.ecdsaWithSha1, { key: 'ec', digest: 'sha1' }],
  [oids.ecdsaWithSha256, { key: 'ec', digest: 'sha256' }],
  [oids.ecdsaWithSha384, { key: 'ec', digest: 'sha384' }],
  [oids.ecdsaWithSha512, { key: 'ec', digest: 'sha512' }],
])

function isAlgorithmOf(key: KeyObject, { signatureAlgorithm, digest }: Signer): boolean {
  const algorithm = algorithms.get(signatureAlgorithm)
  return (
    algorithm !== undefined &&
    algorithm.key === key.asymmetricKeyType &&
    (algorithm.digest ?? digest) === digest
  )
}

function isSignature(key: KeyObject, { digest, signedBytes, signature }: Signer): boolean {
  try {
    return verify(digest, signedBytes, key, signature)
  } catch {
    return false // a key that OpenSSL will not verify with
  }
}

const isEqual = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && timingSafeEqual(one, other)

const broken = (detail: string): Result<never, SignedFault> =>
  fail({ kind: 'not-signed-data', detail })
