import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { fail, ok, type Result } from '../result.ts'
import { sha256Hex } from './certificate.ts'
import type { KeyPair } from './certificate-issue.ts'
import { oidOf, readDer, type DerNode } from './der-read.ts'
import { bitStringTag, explicit0, fieldsOf, integerTag, sequenceTag } from './der-shape.ts'
import { textOf } from './der-text.ts'
import { der } from './der-write.ts'
import { type Name, nameText, readName, writeName } from './distinguished-name.ts'
import { checkKey } from './key-policy.ts'
import { oids } from './oids.ts'
import { signatureDigest } from './signature-digest.ts'

/**
 * Reads a PKCS#10 request whose sender proved to hold the key, which is strong enough to be certified.
 *
 * The extensions it asks for are not read: the server decides what a certificate says. Bound: 64 kB.
 * Fails: `not-a-csr` on the encoding, `weak-key`, `bad-algorithm` (no RSA or ECDSA signature over SHA-1 or
 * SHA-2), `bad-signature`.
 */
export function readCsr(bytes: Uint8Array): Result<CertificateRequest, CsrFault> {
  if (bytes.length > bytesMax) return broken(`more than ${bytesMax} bytes`)
  const root = readDer(bytes)
  if (!root.ok) return broken(`not DER: ${root.error.kind}`)
  const parts = partsOf(root.value)
  if (parts === undefined) return broken('not PKCS#10')
  const subject = readName(parts.subject)
  const challenge = challengeOf(parts.attributes)
  const publicKey = publicKeyOf(parts.spki.bytes)
  if (subject === undefined) return broken('a bad subject')
  if (challenge === undefined) return broken('a bad or repeated challengePassword')
  if (publicKey === undefined) return broken('a public key nobody knows')
  const strong = checkKey(publicKey)
  if (!strong.ok) return strong
  const digest = signatureDigest(parts.algorithm, publicKey)
  if (digest === undefined) return fail({ kind: 'bad-algorithm' })
  if (!verify(digest, parts.body.bytes, publicKey, parts.signature))
    return fail({ kind: 'bad-signature' })
  return ok({
    der: bytes,
    publicKey,
    spkiHash: sha256Hex(parts.spki.bytes),
    name: subject,
    subject: nameText(subject),
    challengePassword: challenge,
  })
}

/** A device's request for a certificate of its key, as DER. */
export function buildCsr(pair: KeyPair, wish: CsrWish): Uint8Array {
  const attributes =
    wish.challengePassword === undefined
      ? []
      : [
          der.sequence(
            der.oid(oids.challengePassword),
            der.set(der.utf8String(wish.challengePassword)),
          ),
        ]
  const rsa = pair.privateKey.asymmetricKeyType === 'rsa'
  const algorithm = rsa
    ? der.sequence(der.oid(oids.sha256WithRsa), der.null())
    : der.sequence(der.oid(oids.ecdsaWithSha256))
  const body = der.sequence(
    der.integer(0),
    writeName(wish.subject),
    pair.publicKey.export({ type: 'spki', format: 'der' }),
    der.tagged(0xa0, Buffer.concat(attributes)),
  )
  return der.sequence(body, algorithm, der.bitString(sign('sha256', body, pair.privateKey)))
}

export type CertificateRequest = {
  readonly der: Uint8Array
  readonly publicKey: KeyObject
  /** SHA-256 of the SubjectPublicKeyInfo, hex. */
  readonly spkiHash: string
  /** What the sender calls itself: shown to people, believed by nobody. */
  readonly name: Name
  readonly subject: string
  /** Null: none was sent. */
  readonly challengePassword: string | null
}

export type CsrWish = { readonly subject: Name; readonly challengePassword?: string }

export type CsrFault =
  | { readonly kind: 'not-a-csr'; readonly detail: string }
  | { readonly kind: 'weak-key'; readonly detail: string }
  | { readonly kind: 'bad-algorithm' }
  | { readonly kind: 'bad-signature' }

/** An RSA-8192 request with a page of extensions is 5 kB. */
const bytesMax = 65_536
/** PKCS#9 allows 255 characters; ours have 43. */
const challengeBytesMax = 1024

type Parts = {
  readonly body: DerNode
  readonly subject: DerNode
  readonly spki: DerNode
  readonly attributes: DerNode | undefined
  readonly algorithm: DerNode
  readonly signature: Uint8Array
}

function partsOf(root: DerNode): Parts | undefined {
  const outer = fieldsOf(root, [sequenceTag, sequenceTag, bitStringTag])
  const inner = fieldsOf(outer?.[0], [integerTag, sequenceTag, sequenceTag])
  if (outer === undefined || inner === undefined || root.children.length !== 3) return undefined
  const [body, algorithm, signature] = outer
  const [, subject, spki] = inner
  // Some clients leave the empty attributes out, although they are not optional.
  const attributes = body.children[3]
  if (attributes !== undefined && attributes.tag !== explicit0) return undefined
  return { body, subject, spki, attributes, algorithm, signature: signature.content.subarray(1) }
}

/** Null: there is none. Undefined: it cannot be read, or two of them leave it open which one is meant. */
function challengeOf(attributes: DerNode | undefined): string | null | undefined {
  const found = (attributes?.children ?? []).filter(
    ({ children: [type] }) => type && oidOf(type) === oids.challengePassword,
  )
  const [attribute] = found
  if (attribute === undefined) return null
  const values = attribute.children[1]?.children ?? []
  const [value] = values
  if (found.length > 1 || values.length !== 1 || value === undefined) return undefined
  return value.content.length > challengeBytesMax ? undefined : textOf(value)
}

function publicKeyOf(spki: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
}

const broken = (detail: string): Result<never, CsrFault> => fail({ kind: 'not-a-csr', detail })
