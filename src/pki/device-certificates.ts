import { fail, ok, type Result } from '../result.ts'
import { type Certificate, isIssuedBy, readCertificate, sha256Hex } from './certificate.ts'

/** Reads certificates that devices present, and says whether an authority we trust issued them. */
export type DeviceCertificates = {
  /**
   * By DER. Says nothing of dates and revocation, which change; all else is remembered.
   * Fails: `not-a-certificate`, `unknown-authority`, and `not-a-device` for an authority's own certificate or one
   * that is not for client authentication.
   */
  read(der: Uint8Array): Result<Certificate, DeviceCertificateFault>
}

export type DeviceCertificateFault = {
  readonly kind: 'not-a-certificate' | 'unknown-authority' | 'not-a-device'
}

/** Certificates remembered, the least lately used forgotten first: 5 kB each with their keys, measured. */
const usualRememberedMax = 20_000

/** `authorities` may grow: what was refused is looked at again, what was trusted stays. */
export function createDeviceCertificates(
  authorities: () => readonly Certificate[],
  rememberedMax = usualRememberedMax,
): DeviceCertificates {
  const remembered = new Map<string, Certificate>()

  function judge(der: Uint8Array): Result<Certificate, DeviceCertificateFault> {
    const read = readCertificate(der)
    if (!read.ok) return fail({ kind: 'not-a-certificate' })
    const certificate = read.value
    if (!authorities().some((authority) => isIssuedBy(certificate, authority)))
      return fail({ kind: 'unknown-authority' })
    return isForDevices(certificate) ? ok(certificate) : fail({ kind: 'not-a-device' })
  }

  return {
    read(der) {
      const fingerprint = sha256Hex(der)
      const known = remembered.get(fingerprint)
      if (known !== undefined) {
        remembered.delete(fingerprint)
        remembered.set(fingerprint, known)
        return ok(known)
      }
      const judged = judge(der)
      if (!judged.ok) return judged
      remembered.set(fingerprint, judged.value)
      const [oldest] = remembered.size > rememberedMax ? remembered.keys() : []
      if (oldest !== undefined) remembered.delete(oldest)
      return judged
    },
  }
}

const clientAuth = '1.3.6.1.5.5.7.3.2'

const isForDevices = ({ isCa, extendedKeyUsage }: Certificate): boolean =>
  !isCa && (extendedKeyUsage === null || extendedKeyUsage.includes(clientAuth))
