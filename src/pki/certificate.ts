import { createHash, type KeyObject, X509Certificate } from 'node:crypto'
import { fail, ok, type Result } from '../result.ts'
import { readExtensions } from './certificate-extensions.ts'
import { readDer, type DerNode } from './der-read.ts'
import { explicit0, fieldsOf, integerTag, sequenceTag } from './der-shape.ts'
import { type Name, nameText, readName } from './distinguished-name.ts'

/**
 * Reads one X.509 certificate, first with our strict reader, then with OpenSSL's: what one of them refuses is none.
 *
 * Nothing is said about trust or dates. Bound: 64 kB.
 * Fails: `not-a-certificate`.
 */
export function readCertificate(bytes: Uint8Array): Result<Certificate, PkiFault> {
  if (bytes.length > bytesMax) return broken(`more than ${bytesMax} bytes`)
  const root = readDer(bytes)
  if (!root.ok) return broken(`not DER: ${root.error.kind}`)
  const parts = partsOf(root.value)
  const x509 = parseX509(bytes)
  if (parts === undefined || x509 === undefined) return broken('not X.509')
  const subject = readName(parts.subject)
  const issuer = readName(parts.issuer)
  const extensions = readExtensions(parts.extensions)
  if (subject === undefined || issuer === undefined) return broken('a bad name')
  if (extensions === undefined) return broken('a bad or repeated extension')
  return ok({
    der: bytes,
    fingerprint: sha256Hex(bytes),
    serial: hex(parts.serial.content),
    name: subject,
    subject: nameText(subject),
    issuer: nameText(issuer),
    subjectDer: parts.subject.bytes,
    issuerDer: parts.issuer.bytes,
    notBeforeMs: x509.parsed.validFromDate.getTime(),
    notAfterMs: x509.parsed.validToDate.getTime(),
    publicKey: x509.publicKey,
    spkiHash: sha256Hex(parts.spki.bytes),
    ...extensions,
    x509: x509.parsed,
  })
}

/** Whether the issuer's key signed it and the issuer is an authority by its own words. Dates are not looked at. */
export const isIssuedBy = (certificate: Certificate, issuer: Certificate): boolean =>
  issuer.isCa &&
  (issuer.keyUsage === null || issuer.keyUsage.includes('keyCertSign')) &&
  Buffer.compare(certificate.issuerDer, issuer.subjectDer) === 0 &&
  verifies(certificate.x509, issuer.publicKey)

/** Whether the moment lies within its dates. */
export const isValidAt = (certificate: Certificate, atMs: number): boolean =>
  certificate.notBeforeMs <= atMs && atMs <= certificate.notAfterMs

export type Certificate = {
  readonly der: Uint8Array
  /** SHA-256 of the DER, hex: the name it has in every table. */
  readonly fingerprint: string
  /** The bytes of the INTEGER, hex, a sign byte included. */
  readonly serial: string
  readonly name: Name
  readonly subject: string
  readonly issuer: string
  readonly subjectDer: Uint8Array
  readonly issuerDer: Uint8Array
  readonly notBeforeMs: number
  readonly notAfterMs: number
  readonly publicKey: KeyObject
  /** SHA-256 of the SubjectPublicKeyInfo, hex: the same for every certificate of one key. */
  readonly spkiHash: string
  readonly isCa: boolean
  /** Null: the extension is absent, so any use is allowed. */
  readonly keyUsage: readonly string[] | null
  /** Dotted object identifiers. Null as above. */
  readonly extendedKeyUsage: readonly string[] | null
  /** Hex. */
  readonly subjectKeyId: string | null
  readonly x509: X509Certificate
}

export type PkiFault = { readonly kind: 'not-a-certificate'; readonly detail: string }

/** A certificate with two hundred names is 8 kB. */
const bytesMax = 65_536

type Parts = {
  readonly serial: DerNode
  readonly issuer: DerNode
  readonly subject: DerNode
  readonly spki: DerNode
  readonly extensions: DerNode | undefined
}

/** Serial number, algorithm, issuer, dates, subject, key. */
const bodyTags = [
  integerTag,
  sequenceTag,
  sequenceTag,
  sequenceTag,
  sequenceTag,
  sequenceTag,
] as const

function partsOf(root: DerNode): Parts | undefined {
  const [tbs] = fieldsOf(root, [sequenceTag]) ?? []
  // Version 1 has no field for its version.
  const versioned = tbs?.children[0]?.tag === explicit0
  const body = tbs && { ...tbs, children: tbs.children.slice(versioned ? 1 : 0) }
  const fields = fieldsOf(body, bodyTags)
  if (tbs === undefined || fields === undefined) return undefined
  const [serial, , issuer, , subject, spki] = fields
  return { serial, issuer, subject, spki, extensions: tbs.children.find(({ tag }) => tag === 0xa3) }
}

/** OpenSSL's reading, with the key: a key of an unknown kind or off its curve throws only when asked for. */
function parseX509(
  bytes: Uint8Array,
): { readonly parsed: X509Certificate; readonly publicKey: KeyObject } | undefined {
  try {
    const parsed = new X509Certificate(bytes)
    return Number.isNaN(parsed.validFromDate.getTime() + parsed.validToDate.getTime())
      ? undefined
      : { parsed, publicKey: parsed.publicKey }
  } catch {
    return undefined
  }
}

function verifies(x509: X509Certificate, key: KeyObject): boolean {
  try {
    return x509.verify(key)
  } catch {
    return false // the key's kind does not fit the signature's algorithm
  }
}

export const sha256Hex = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex')

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

const broken = (detail: string): Result<never, PkiFault> =>
  fail({ kind: 'not-a-certificate', detail })
