import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { fail, ok, type Result } from '../result.ts'
import {
  type Certificate,
  isValidAt,
  type PkiFault,
  readCertificate,
  sha256Hex,
} from './certificate.ts'
import { type PemBlock, type PemFault, readPem, writePem } from './pem.ts'
import { type Pkcs12Fault, readPkcs12 } from './pkcs12.ts'

/**
 * Reads an MDM push certificate and its key from one PEM text, in any order, the chain beside them if there is one.
 *
 * Fails: besides what a PEM can lack, when the topic is none for MDM, when the key is another certificate's, and
 * outside its dates.
 */
export function readPushPem(
  text: string,
  opening: Opening,
): Result<PushCertificate, PushCertificateFault> {
  const blocks = readPem(text)
  if (!blocks.ok) return blocks
  const keyBlock = blocks.value.find(({ label }) => label.endsWith('PRIVATE KEY'))
  if (keyBlock === undefined) return fail({ kind: 'no-key' })
  const key = privateKeyOf(keyBlock, opening.password)
  if (key === undefined) return fail({ kind: 'wrong-password' })
  const certificates: Certificate[] = []
  for (const block of blocks.value.filter(({ label }) => label === 'CERTIFICATE')) {
    const certificate = readCertificate(block.der)
    if (!certificate.ok) return certificate
    certificates.push(certificate.value)
  }
  return checkPushIdentity(certificates, key, opening.nowMs)
}

/** The same from a PKCS#12 file, as Keychain Access exports it. */
export function readPushPkcs12(
  bytes: Uint8Array,
  opening: Opening,
): Result<PushCertificate, PushCertificateFault> {
  const identity = readPkcs12(bytes, opening.password ?? '')
  if (!identity.ok) return identity
  const { certificate, chain, key } = identity.value
  return checkPushIdentity([certificate, ...chain], key, opening.nowMs)
}

/** Finds the key's certificate among several and holds it to what APNs will ask. */
function checkPushIdentity(
  certificates: readonly Certificate[],
  key: KeyObject,
  nowMs: number,
): Result<PushCertificate, PushCertificateFault> {
  if (certificates.length === 0) return fail({ kind: 'no-certificate' })
  const spkiHash = sha256Hex(createPublicKey(key).export({ type: 'spki', format: 'der' }))
  const certificate = certificates.find((candidate) => candidate.spkiHash === spkiHash)
  if (certificate === undefined) return fail({ kind: 'key-mismatch' })
  const topic = topicOf(certificate)
  if (topic === undefined) return fail({ kind: 'no-topic', subject: certificate.subject })
  if (!isValidAt(certificate, nowMs))
    return nowMs < certificate.notBeforeMs
      ? fail({ kind: 'not-yet-valid', notBeforeMs: certificate.notBeforeMs })
      : fail({ kind: 'expired', notAfterMs: certificate.notAfterMs })
  const chain = certificates.filter((other) => other !== certificate)
  return ok({
    topic,
    certificate,
    key,
    chainPem: [certificate, ...chain].map(({ der }) => writePem('CERTIFICATE', der)).join(''),
  })
}

/** The one UID of the subject, when it is a topic of MDM. */
function topicOf(certificate: Certificate): string | undefined {
  const uids = certificate.name.filter(({ oid }) => oid === uidOid)
  const [uid] = uids
  return uids.length === 1 && uid !== undefined && topicPattern.test(uid.value)
    ? uid.value
    : undefined
}

export type PushCertificate = {
  /** `com.apple.mgmt.External.` and a UUID. */
  readonly topic: string
  readonly certificate: Certificate
  readonly key: KeyObject
  /** The certificate first, then its chain: what a TLS client shows. */
  readonly chainPem: string
}

export type Opening = {
  /** Of the key or the file, if it has one. */
  readonly password?: string
  readonly nowMs: number
}

export type PushCertificateFault =
  | PemFault
  | PkiFault
  | Pkcs12Fault
  | { readonly kind: 'no-key' }
  | { readonly kind: 'no-certificate' }
  | { readonly kind: 'key-mismatch' }
  | { readonly kind: 'no-topic'; readonly subject: string }
  | { readonly kind: 'not-yet-valid'; readonly notBeforeMs: number }
  | { readonly kind: 'expired'; readonly notAfterMs: number }

const uidOid = '0.9.2342.19200300.100.1.1'
/** It ends up in an HTTP header, so its characters are held to those a topic has. */
const topicPattern = /^com\.apple\.mgmt\.[A-Za-z0-9.-]{1,200}$/

function privateKeyOf(block: PemBlock, password: string | undefined): KeyObject | undefined {
  try {
    return createPrivateKey({
      key: block.text,
      format: 'pem',
      // Without one OpenSSL would ask the terminal for it.
      passphrase: password ?? '',
    })
  } catch {
    return undefined
  }
}
