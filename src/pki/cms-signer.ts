import { type KeyObject, verify } from 'node:crypto'
import { fail, ok, type Result } from '../result.ts'
import { readAttributes } from './cms-attributes.ts'
import { type DerNode, oidOf } from './der-read.ts'
import {
  anyTag,
  explicit0,
  fieldsOf,
  integerTag,
  octetStringTag,
  sequenceTag,
} from './der-shape.ts'
import { oids } from './oids.ts'
import type { SignatureDigest } from './signature-digest.ts'

/** Reads the one SignerInfo (RFC 5652 section 5.3) of a message. Nothing is verified yet. */
export function readOnlySigner(signers: DerNode): Result<Signer, SignerFault> {
  const [info, another] = signers.children
  if (info === undefined) return fail({ kind: 'no-signer' })
  return another === undefined ? readSigner(info) : fail({ kind: 'many-signers' })
}

export type Signer = {
  /** Issuer and serial. */
  readonly id: DerNode
  readonly digest: SignatureDigest
  /** The attributes as the SET OF they are signed as. */
  readonly signedBytes: Uint8Array
  readonly attributes: ReadonlyMap<string, DerNode>
  readonly signatureAlgorithm: string
  readonly signature: Uint8Array
}

export type SignerFault =
  | { readonly kind: 'not-signed-data'; readonly detail: string }
  | { readonly kind: 'no-signer' }
  | { readonly kind: 'many-signers' }
  /**
   * Without them an attacker may pass attributes off as content. Apple's devices always sign a time.
   * Source: draft-ietf-lamps-cms-euf-cma-signeddata.
   */
  | { readonly kind: 'no-signed-attributes' }
  | { readonly kind: 'bad-attributes'; readonly detail: string }
  | { readonly kind: 'unknown-digest' }

/** What is wrong with the signature over the attributes, if anything. */
export function signatureFault(
  signer: Signer,
  key: KeyObject,
): 'bad-algorithm' | 'bad-signature' | undefined {
  if (!isAlgorithmOf(key, signer)) return 'bad-algorithm'
  return isSignature(key, signer) ? undefined : 'bad-signature'
}

const fieldTags = [integerTag, anyTag, sequenceTag, explicit0, sequenceTag, octetStringTag] as const
const unsignedAttributesTag = 0xa1

function readSigner(info: DerNode): Result<Signer, SignerFault> {
  if (info.tag === sequenceTag && info.children[3]?.tag !== explicit0)
    return fail({ kind: 'no-signed-attributes' })
  const fields = fieldsOf(info, fieldTags)
  if (info.tag !== sequenceTag || fields === undefined || !endsAsSigner(info))
    return fail({ kind: 'not-signed-data', detail: 'not a SignerInfo' })
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

/** Behind the signature only unsigned attributes may stand, which say nothing to us. */
function endsAsSigner({ children }: DerNode): boolean {
  const [unsigned, more] = children.slice(fieldTags.length)
  return more === undefined && (unsigned === undefined || unsigned.tag === unsignedAttributesTag)
}

/** They stand in the message as [0] and are signed as a SET OF. */
function asSetOf(bytes: Uint8Array): Uint8Array {
  const set = Uint8Array.from(bytes)
  set[0] = 0x31
  return set
}

const algorithmOf = (node: DerNode): string => {
  const [type] = node.children
  return (type && oidOf(type)) ?? ''
}

/** MD5 is not among them. SHA-1 is: an iPhone that is not told otherwise signs with it, and chance collisions are no forgery. */
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
