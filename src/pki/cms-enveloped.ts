import { constants, privateDecrypt, publicEncrypt, randomBytes } from 'node:crypto'
import { fail, ok, type Result } from '../result.ts'
import type { Certificate } from './certificate.ts'
import type { Authority } from './certificate-issue.ts'
import {
  type CipherSecret,
  type ContentCipher,
  cipherOfOid,
  cipherShapes,
  decryptContent,
  encryptContent,
} from './content-cipher.ts'
import { contentInfoOf } from './content-info.ts'
import { readDerOrBer } from './der-or-ber.ts'
import { oidOf, type DerNode } from './der-read.ts'
import {
  anyTag,
  explicit0,
  fieldsOf,
  implicit0,
  integerTag,
  octetStringTag,
  oidTag,
  sequenceTag,
  setTag,
} from './der-shape.ts'
import { der } from './der-write.ts'
import { oids } from './oids.ts'

/**
 * Opens a CMS EnvelopedData made for our certificate with RSA PKCS#1 v1.5 key transport (RFC 5652 section 6), and
 * says which cipher it used, so that an answer can use the same.
 *
 * Bound: 1 MB, 16 recipients.
 * Fails: `not-enveloped` on the encoding, `not-for-us`, `unknown-cipher`; everything after that is one
 * `cannot-open`, since telling a wrong key from a wrong padding would make an oracle of us.
 */
export function openEnvelope(
  bytes: Uint8Array,
  recipient: Authority,
): Result<OpenedEnvelope, EnvelopeFault> {
  if (bytes.length > bytesMax) return broken(`more than ${bytesMax} bytes`)
  const root = readDerOrBer(bytes)
  if (!root.ok) return broken(`neither DER nor BER: ${root.error.kind}`)
  const parts = partsOf(root.value)
  if (parts === undefined) return broken('not an EnvelopedData')
  const cipher = cipherOfOid(oidOf(parts.cipherOid))
  if (cipher === undefined || parts.iv.content.length !== cipherShapes[cipher].ivBytes)
    return fail({ kind: 'unknown-cipher' })
  if (parts.recipients.length > recipientsMax)
    return broken(`more than ${recipientsMax} recipients`)
  const wrapped = parts.recipients
    .map((node) => wrappedKeyFor(node, recipient.certificate))
    .find(Boolean)
  if (wrapped === undefined) return fail({ kind: 'not-for-us' })
  const key = unwrapKey(wrapped, recipient, cipherShapes[cipher].keyBytes)
  const content = decryptContent(parts.encrypted, cipher, { key, iv: parts.iv.content })
  return content === undefined ? fail({ kind: 'cannot-open' }) : ok({ content, cipher })
}

/** Seals bytes to the RSA key of one certificate. Fails: `no-rsa-key`. */
export function sealEnvelope(content: Uint8Array, to: Sealing): Result<Uint8Array, SealFault> {
  const { recipient, cipher } = to
  if (recipient.publicKey.asymmetricKeyType !== 'rsa') return fail({ kind: 'no-rsa-key' })
  const shape = cipherShapes[cipher]
  const secret: CipherSecret = { key: randomBytes(shape.keyBytes), iv: randomBytes(shape.ivBytes) }
  const wrapped = publicEncrypt(
    { key: recipient.publicKey, padding: constants.RSA_PKCS1_PADDING },
    secret.key,
  )
  const recipientInfo = der.sequence(
    der.integer(0),
    issuerAndSerial(recipient),
    der.sequence(der.oid(oids.rsaEncryption), der.null()),
    der.octetString(wrapped),
  )
  const encrypted = der.sequence(
    der.oid(oids.data),
    der.sequence(der.oid(shape.oid), der.octetString(secret.iv)),
    der.tagged(0x80, encryptContent(content, cipher, secret)),
  )
  const enveloped = der.sequence(der.integer(0), der.set(recipientInfo), encrypted)
  return ok(der.sequence(der.oid(oids.envelopedData), der.tagged(0xa0, enveloped)))
}

/** How CMS names a certificate: by who issued it and under which number. */
export const issuerAndSerial = (certificate: Certificate): Uint8Array =>
  der.sequence(certificate.issuerDer, der.tagged(0x02, Buffer.from(certificate.serial, 'hex')))

export type OpenedEnvelope = { readonly content: Uint8Array; readonly cipher: ContentCipher }

export type Sealing = { readonly recipient: Certificate; readonly cipher: ContentCipher }

export type EnvelopeFault =
  | { readonly kind: 'not-enveloped'; readonly detail: string }
  | { readonly kind: 'unknown-cipher' }
  | { readonly kind: 'not-for-us' }
  | { readonly kind: 'cannot-open' }

export type SealFault = { readonly kind: 'no-rsa-key' }

/** Device requests and Apple's server tokens are a few kB. */
const bytesMax = 1_000_000
/** A client seals to the one or two certificates that GetCACert gave it. */
const recipientsMax = 16

type Parts = {
  readonly recipients: readonly DerNode[]
  readonly cipherOid: DerNode
  readonly iv: DerNode
  readonly encrypted: Uint8Array
}

function partsOf(root: DerNode): Parts | undefined {
  const info = contentInfoOf(root)
  if (info?.type !== oids.envelopedData) return undefined
  const [recipients, content] = recipientsAndContent(info.content.children) ?? []
  const [, algorithm, held] = fieldsOf(content, [oidTag, sequenceTag, anyTag]) ?? []
  const parameters = fieldsOf(algorithm, [oidTag, octetStringTag])
  const encrypted = held && octetsOf(held)
  if (recipients === undefined || parameters === undefined || encrypted === undefined)
    return undefined
  const [cipherOid, iv] = parameters
  return { recipients: recipients.children, cipherOid, iv, encrypted }
}

/** The originator's certificates may stand before the recipients, and say nothing to us. */
function recipientsAndContent(
  fields: readonly DerNode[],
): readonly [DerNode, DerNode | undefined] | undefined {
  const at = fields.findIndex(({ tag }) => tag === setTag)
  const recipients = fields[at]
  return recipients && [recipients, fields[at + 1]]
}

/** In one piece, or in several as whoever streams writes it. */
function octetsOf(held: DerNode): Uint8Array | undefined {
  if (held.tag === implicit0) return held.content
  const whole = held.tag === explicit0 && held.children.every(({ tag }) => tag === octetStringTag)
  return whole ? Buffer.concat(held.children.map(({ content }) => content)) : undefined
}

/**
 * The encrypted key, if the recipient is us. The serial alone decides: ours are 128 random bits, and clients that
 * write the issuer's name anew do not always choose the string types the certificate has.
 */
function wrappedKeyFor(node: DerNode, certificate: Certificate): Uint8Array | undefined {
  const fields = fieldsOf(node, [integerTag, anyTag, sequenceTag, octetStringTag])
  if (fields === undefined || node.tag !== sequenceTag) return undefined
  const [, recipient, algorithm, wrapped] = fields
  const [algorithmOid] = fieldsOf(algorithm, [oidTag]) ?? []
  if (algorithmOid === undefined || oidOf(algorithmOid) !== oids.rsaEncryption) return undefined
  const [, serial] = fieldsOf(recipient, [sequenceTag, integerTag]) ?? []
  const named =
    serial === undefined
      ? recipient.tag === implicit0 && hex(recipient.content) === certificate.subjectKeyId
      : hex(serial.content) === certificate.serial
  return named ? wrapped.content : undefined
}

/**
 * The content key, or a random one: then the padding fails later, at the same place as for any other damage
 * (RFC 3218 section 2.3.2). OpenSSL answers bad padding with random bytes by itself; their length may be wrong.
 */
function unwrapKey(wrapped: Uint8Array, recipient: Authority, keyBytes: number): Uint8Array {
  const instead = randomBytes(keyBytes)
  try {
    const key = privateDecrypt(
      { key: recipient.key, padding: constants.RSA_PKCS1_PADDING },
      wrapped,
    )
    return key.length === keyBytes ? key : instead
  } catch {
    return instead // not as long as the modulus, or not below it
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

const broken = (detail: string): Result<never, EnvelopeFault> =>
  fail({ kind: 'not-enveloped', detail })
