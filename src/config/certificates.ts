// Settings that name certificates: read as far as a start can tell that they are wrong.
import type { EnrollmentConfig } from './enrollment.ts'
import type { ProfileSigner } from '../intake/profiles.ts'
import type { Authority } from '../pki/certificate-issue.ts'
import { type Certificate, readCertificate } from '../pki/certificate.ts'
import { restoreAuthority } from '../pki/new-authority.ts'
import { readPem } from '../pki/pem.ts'
import { fail, ok, type Result } from '../result.ts'

/** The certificates of a PEM text, at least one. The sentence of a failure follows the setting's name. */
export function readCertificates(text: string): Result<readonly Certificate[], string> {
  const blocks = readPem(text)
  if (!blocks.ok) return fail('must be certificates as PEM')
  const ders = blocks.value.filter(({ label }) => label === 'CERTIFICATE').map(({ der }) => der)
  const read = ders.map((der) => readCertificate(der))
  const certificates = read.flatMap((one) => (one.ok ? [one.value] : []))
  return certificates.length > 0 && certificates.length === read.length
    ? ok(certificates)
    : fail('must be certificates as PEM')
}

/** Certificates that may sign others. */
export function readRoots(text: string): Result<readonly Certificate[], string> {
  const read = readCertificates(text)
  if (!read.ok) return read
  return read.value.every(({ isCa }) => isCa)
    ? read
    : fail('must be certificates of authorities (CA:TRUE)')
}

/** A certificate, its key and what leads to its root, in one PEM text. */
export function readSigner(text: string): Result<ProfileSigner, string> {
  const read = readCertificates(text)
  if (!read.ok) return read
  const [certificate, ...chain] = read.value
  const signer = certificate && restoreAuthority(certificate.der, { pem: keyIn(text) })
  return signer === undefined
    ? fail('must hold a certificate first, with its private key, as PEM')
    : ok({ ...signer, chain: chain.map(({ der }) => der) })
}

/** The authority an operator brought; undefined when none was. Fails with a sentence of its own. */
export function broughtAuthority({
  caCertificate,
  caKey,
}: Pick<EnrollmentConfig, 'caCertificate' | 'caKey'>): Result<Authority | undefined, string> {
  if (caCertificate === undefined && caKey === undefined) return ok(undefined)
  const [certificate] = caCertificate ?? []
  if (certificate === undefined || caKey === undefined)
    return fail('MUSTER_CA_CERTIFICATE and MUSTER_CA_KEY belong together: set both or neither.')
  if (!isStrongRsa(certificate))
    return fail(
      `MUSTER_CA_CERTIFICATE must have an RSA key of ${modulusBitsMin} bits or more: devices encrypt their requests to it.`,
    )
  const authority = restoreAuthority(certificate.der, { pem: caKey })
  return authority === undefined
    ? fail('MUSTER_CA_KEY must be the private key of MUSTER_CA_CERTIFICATE as PEM, not encrypted.')
    : ok(authority)
}

const modulusBitsMin = 2_048

const isStrongRsa = ({ publicKey }: Certificate): boolean =>
  publicKey.asymmetricKeyType === 'rsa' &&
  (publicKey.asymmetricKeyDetails?.modulusLength ?? 0) >= modulusBitsMin

/** The block with the key; a text without one makes no key. */
function keyIn(text: string): string {
  const blocks = readPem(text)
  const found = blocks.ok
    ? blocks.value.find(({ label }) => label.endsWith('PRIVATE KEY'))
    : undefined
  return found?.text ?? ''
}
