// An authority, devices of both kinds of key, and impostors. Made once for a file: keys take their time.
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { issueCertificate, selfSigned } from '../../src/pki/certificate-issue.ts'
import { type Certificate, readCertificate } from '../../src/pki/certificate.ts'

export type Pair = { readonly certificate: Certificate; readonly key: KeyObject }

/** In whole seconds, as certificates have them; the peer that checks them knows no other time than the real one. */
export const nowMs = Math.floor(Date.now() / 1_000) * 1_000
export const dayMs = 86_400_000

const read = (der: Uint8Array): Certificate => {
  const certificate = readCertificate(der)
  if (!certificate.ok) throw new Error(certificate.error.detail)
  return certificate.value
}

const named = (value: string) => [{ oid: '2.5.4.3', value }]
const serial = (): Uint8Array => {
  const bytes = randomBytes(16)
  bytes[0] = 0x4a
  return bytes
}

export function authority(name: string, publicExponent = 65_537): Pair {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2_048, publicExponent })
  const wish = {
    serial: serial(),
    subject: named(name),
    notBeforeMs: nowMs - dayMs,
    notAfterMs: nowMs + 3_650 * dayMs,
    authority: true,
  }
  return { certificate: read(selfSigned(pair, wish)), key: pair.privateKey }
}

export function device(issuer: Pair, name: string, kind: 'rsa' | 'ec' | 'rsa-e3' = 'rsa'): Pair {
  const pair =
    kind === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', {
          modulusLength: 2_048,
          publicExponent: kind === 'rsa' ? 65_537 : 3,
        })
  const der = issueCertificate(issuer, {
    serial: serial(),
    subject: named(name),
    nowMs,
    lifetimeMs: 365 * dayMs,
    publicKey: pair.publicKey,
  })
  return { certificate: read(der), key: pair.privateKey }
}
