import { createPrivateKey, generateKeyPair, randomBytes } from 'node:crypto'
import { type Authority, type KeyPair, selfSigned } from './certificate-issue.ts'
import { readCertificate } from './certificate.ts'
import { commonName } from './distinguished-name.ts'

/** An authority outlives the devices it signs for: a root that ends takes all of them along. */
const lifetimeMs = 20 * 365 * 86_400_000

/** Good for those twenty years; a signature takes 2 ms. RSA, since SCEP clients seal their requests to it. */
const modulusBits = 3_072

/** A fresh certificate authority, in a second or so that blocks nobody. Its certificate begins a day ago. */
export async function createAuthority(name: string, nowMs: number): Promise<Authority> {
  const pair = await freshPair()
  const der = selfSigned(pair, {
    authority: true,
    subject: [commonName(name)],
    serial: randomBytes(16),
    notBeforeMs: nowMs - 86_400_000,
    notAfterMs: nowMs + lifetimeMs,
  })
  const certificate = readCertificate(der)
  if (!certificate.ok) throw new Error(certificate.error.detail)
  return { certificate: certificate.value, key: pair.privateKey }
}

const freshPair = (): Promise<KeyPair> =>
  new Promise((resolve, reject) => {
    generateKeyPair('rsa', { modulusLength: modulusBits }, (error, publicKey, privateKey) => {
      if (error === null) resolve({ publicKey, privateKey })
      else reject(error)
    })
  })

/** The private key as it is sealed, PKCS #8. */
export const keyBytes = ({ key }: Authority): Uint8Array =>
  key.export({ type: 'pkcs8', format: 'der' })

/** An authority from what is kept of it. Undefined when the key is none, or another certificate's. */
export function restoreAuthority(
  certificateDer: Uint8Array,
  key: { readonly der: Uint8Array } | { readonly pem: string },
): Authority | undefined {
  const certificate = readCertificate(certificateDer)
  if (!certificate.ok) return undefined
  try {
    const privateKey =
      'pem' in key
        ? createPrivateKey(key.pem)
        : createPrivateKey({ key: Buffer.from(key.der), format: 'der', type: 'pkcs8' })
    return certificate.value.x509.checkPrivateKey(privateKey)
      ? { certificate: certificate.value, key: privateKey }
      : undefined
  } catch {
    return undefined
  }
}
