import { createHash, type KeyObject, sign } from 'node:crypto'
import { der } from './der-write.ts'
import { readDer } from './der-read.ts'
import type { Certificate } from './certificate.ts'
import { type KeyUsage, keyUsages } from './certificate-extensions.ts'
import { type Name, writeName } from './distinguished-name.ts'
import { oids } from './oids.ts'

/**
 * A device's identity certificate, as DER.
 *
 * Everything in it is ours: of the request only the public key is taken. It begins ten minutes before `nowMs`,
 * since a second of clock skew makes a strict verifier refuse a certificate that begins now, and never outlives
 * its issuer. The issuer's key must be RSA.
 */
export function issueCertificate(authority: Authority, wish: CertificateWish): Uint8Array {
  const { certificate, key } = authority
  const rsa = wish.publicKey.asymmetricKeyType === 'rsa'
  // An elliptic key cannot transport keys, and RFC 5480 section 3 forbids it to say so.
  const usages: readonly KeyUsage[] = rsa
    ? ['digitalSignature', 'keyEncipherment']
    : ['digitalSignature']
  return signCertificate(key, {
    serial: wish.serial,
    issuerDer: certificate.subjectDer,
    subjectDer: writeName(wish.subject),
    notBeforeMs: wish.nowMs - backdatedMs,
    notAfterMs: Math.min(wish.nowMs + wish.lifetimeMs, certificate.notAfterMs),
    publicKey: wish.publicKey,
    extensions: [
      extension(oids.basicConstraints, der.sequence(), critical),
      extension(oids.keyUsage, usageBits(usages), critical),
      extension(oids.extendedKeyUsage, der.sequence(der.oid(oids.clientAuth))),
      extension(oids.subjectKeyIdentifier, der.octetString(keyId(wish.publicKey))),
      extension(oids.authorityKeyIdentifier, authorityKeyId(certificate)),
    ],
  })
}

/**
 * A certificate that vouches for itself, as DER: an authority's root, or (`authority: false`) the throw-away signer
 * of a first SCEP request.
 */
export function selfSigned(pair: KeyPair, wish: SelfSignedWish): Uint8Array {
  const { modulusLength = 0 } = pair.privateKey.asymmetricKeyDetails ?? {}
  if (pair.privateKey.asymmetricKeyType !== 'rsa' || modulusLength < modulusBitsMin)
    throw new Error('a self-signed certificate needs an RSA key of 2048 bits or more')
  const usages: readonly KeyUsage[] = wish.authority
    ? ['digitalSignature', 'keyEncipherment', 'keyCertSign', 'cRLSign']
    : ['digitalSignature', 'keyEncipherment']
  const name = writeName(wish.subject)
  return signCertificate(pair.privateKey, {
    serial: wish.serial,
    issuerDer: name,
    subjectDer: name,
    notBeforeMs: wish.notBeforeMs,
    notAfterMs: wish.notAfterMs,
    publicKey: pair.publicKey,
    extensions: [
      extension(
        oids.basicConstraints,
        der.sequence(...(wish.authority ? [der.boolean(true)] : [])),
        critical,
      ),
      extension(oids.keyUsage, usageBits(usages), critical),
      extension(oids.subjectKeyIdentifier, der.octetString(keyId(pair.publicKey))),
    ],
  })
}

/** Who signs: its certificate and the key that belongs to it. */
export type Authority = { readonly certificate: Certificate; readonly key: KeyObject }

export type KeyPair = { readonly publicKey: KeyObject; readonly privateKey: KeyObject }

export type CertificateWish = {
  readonly publicKey: KeyObject
  readonly subject: Name
  /** Sixteen random bytes. */
  readonly serial: Uint8Array
  readonly nowMs: number
  readonly lifetimeMs: number
}

export type SelfSignedWish = {
  readonly authority: boolean
  readonly subject: Name
  /** Sixteen random bytes. */
  readonly serial: Uint8Array
  readonly notBeforeMs: number
  readonly notAfterMs: number
}

const backdatedMs = 10 * 60_000
const modulusBitsMin = 2048
const serialBytes = 16
const critical = true

type Tbs = {
  readonly serial: Uint8Array
  readonly issuerDer: Uint8Array
  readonly subjectDer: Uint8Array
  readonly notBeforeMs: number
  readonly notAfterMs: number
  readonly publicKey: KeyObject
  readonly extensions: readonly Uint8Array[]
}

function signCertificate(key: KeyObject, tbs: Tbs): Uint8Array {
  if (key.asymmetricKeyType !== 'rsa') throw new Error('certificates are signed with RSA keys')
  if (tbs.serial.length !== serialBytes) throw new Error('a serial is sixteen random bytes')
  const algorithm = der.sequence(der.oid(oids.sha256WithRsa), der.null())
  const body = der.sequence(
    der.tagged(0xa0, der.integer(2)), // v3
    der.integer(BigInt(`0x${Buffer.from(tbs.serial).toString('hex')}`) || 1n), // zero is no serial
    algorithm,
    tbs.issuerDer,
    der.sequence(der.time(tbs.notBeforeMs), der.time(tbs.notAfterMs)),
    tbs.subjectDer,
    spkiOf(tbs.publicKey),
    der.tagged(0xa3, der.sequence(...tbs.extensions)),
  )
  return der.sequence(body, algorithm, der.bitString(sign('sha256', body, key)))
}

const spkiOf = (key: KeyObject): Uint8Array => key.export({ type: 'spki', format: 'der' })

const extension = (oid: string, value: Uint8Array, isCritical = false): Uint8Array =>
  der.sequence(der.oid(oid), ...(isCritical ? [der.boolean(true)] : []), der.octetString(value))

/** A BIT STRING with named bits: trailing zero bits are left out, as DER wants it. */
function usageBits(usages: readonly KeyUsage[]): Uint8Array {
  const last = Math.max(...usages.map((usage) => keyUsages.indexOf(usage)))
  const bits = usages.reduce((sum, usage) => sum | (0x80 >> keyUsages.indexOf(usage)), 0)
  return der.tagged(0x03, Uint8Array.of(7 - last, bits))
}

/** SHA-1 of the key bits (RFC 5280 section 4.2.1.2, method 1): a label, nothing rests on it. */
function keyId(key: KeyObject): Uint8Array {
  const spki = readDer(spkiOf(key))
  const bits = spki.ok ? spki.value.children[1]?.content.subarray(1) : undefined
  if (bits === undefined)
    throw new Error('node exported a public key that is no SubjectPublicKeyInfo')
  return createHash('sha1').update(bits).digest()
}

/** The issuer's own key identifier, whatever method made it. */
const authorityKeyId = (issuer: Certificate): Uint8Array =>
  der.sequence(
    der.tagged(
      0x80,
      issuer.subjectKeyId === null
        ? keyId(issuer.publicKey)
        : Buffer.from(issuer.subjectKeyId, 'hex'),
    ),
  )
