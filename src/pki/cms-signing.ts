import { createHash, type KeyObject, sign } from 'node:crypto'
import type { Certificate } from './certificate.ts'
import { der } from './der-write.ts'
import { oids } from './oids.ts'
import type { SignatureDigest } from './signature-digest.ts'

export type Signing = {
  readonly content: Uint8Array
  /** Leaves the content out of the message. */
  readonly detached: boolean
  readonly certificate: Certificate
  readonly key: KeyObject
  readonly digest: SignatureDigest
  /** Signed beside contentType, messageDigest and signingTime; `value` is one DER element. */
  readonly attributes?: readonly { readonly oid: string; readonly value: Uint8Array }[]
  /** DER of the certificates that go along, in this order. */
  readonly certificates: readonly Uint8Array[]
  readonly signingTimeMs?: number
}

/** A CMS SignedData of one signer with signed attributes. The key is RSA or elliptic and the certificate's own. */
export function signCms(signing: Signing): Uint8Array {
  const { content, certificate, key, digest } = signing
  const signedAttributes = der.setOf(
    attribute(oids.contentType, der.oid(oids.data)),
    attribute(oids.messageDigest, der.octetString(createHash(digest).update(content).digest())),
    ...(signing.signingTimeMs === undefined
      ? []
      : [attribute(oids.signingTime, der.time(signing.signingTimeMs))]),
    ...(signing.attributes ?? []).map(({ oid, value }) => attribute(oid, value)),
  )
  const signerInfo = der.sequence(
    der.integer(1),
    der.sequence(certificate.issuerDer, der.tagged(0x02, Buffer.from(certificate.serial, 'hex'))),
    der.sequence(der.oid(oids[digest])),
    asImplicit(signedAttributes),
    signatureAlgorithm(key, digest),
    der.octetString(sign(digest, signedAttributes, key)),
  )
  const signed = der.sequence(
    der.integer(1),
    der.set(der.sequence(der.oid(oids[digest]))),
    der.sequence(
      der.oid(oids.data),
      ...(signing.detached ? [] : [der.tagged(0xa0, der.octetString(content))]),
    ),
    der.tagged(0xa0, Buffer.concat(signing.certificates)),
    der.set(signerInfo),
  )
  return der.sequence(der.oid(oids.signedData), der.tagged(0xa0, signed))
}

const attribute = (oid: string, value: Uint8Array): Uint8Array =>
  der.sequence(der.oid(oid), der.set(value))

/** The SET OF that was signed, under the tag it has in the message. */
function asImplicit(set: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(set)
  bytes[0] = 0xa0
  return bytes
}

function signatureAlgorithm(key: KeyObject, digest: SignatureDigest): Uint8Array {
  if (key.asymmetricKeyType !== 'ec') return der.sequence(der.oid(oids.rsaEncryption), der.null())
  const names = {
    sha1: oids.ecdsaWithSha1,
    sha256: oids.ecdsaWithSha256,
    sha384: oids.ecdsaWithSha384,
    sha512: oids.ecdsaWithSha512,
  } as const
  return der.sequence(der.oid(names[digest]))
}
