import { fail, ok, type Result } from '../result.ts'
import type { Certificate } from './certificate.ts'
import { readSigned, verifySigned } from './cms-signed.ts'
import type { DeviceCertificateFault, DeviceCertificates } from './device-certificates.ts'

export type DeviceSignature = {
  readonly certificate: Certificate
  /** By the device's clock. Null: not said. */
  readonly signingTimeMs: number | null
}

export type DeviceSignatureFault =
  | DeviceCertificateFault
  /** Not base64 on one line, or not a signature in CMS. */
  | { readonly kind: 'not-a-signature' }
  | { readonly kind: 'bad-signature' }

/** Apple's are 2 to 5 kB; the whole of a request's headers may be 32 kB. */
const headerCharsMax = 24_576

/**
 * Verifies an `Mdm-Signature` header: the CMS of a device's key over exactly these body bytes.
 *
 * Detached as a rule; an attached one must hold the body byte for byte. Says nothing of dates, revocation and
 * freshness: a captured request is as good as the first.
 */
export function readDeviceSignature(
  { header, body }: { readonly header: string; readonly body: Uint8Array },
  certificates: DeviceCertificates,
): Result<DeviceSignature, DeviceSignatureFault> {
  if (header.length > headerCharsMax || !isBase64(header)) return fail({ kind: 'not-a-signature' })
  const message = readSigned(Buffer.from(header, 'base64'))
  if (!message.ok) return fail({ kind: 'not-a-signature' })
  let distrust: DeviceCertificateFault | undefined
  const verified = verifySigned(message.value, {
    content: body,
    read(der) {
      const read = certificates.read(der)
      if (read.ok) return read
      distrust = read.error
      return fail({ kind: 'not-a-certificate', detail: read.error.kind })
    },
  })
  if (verified.ok) {
    const { certificate, signingTimeMs } = verified.value
    return ok({ certificate, signingTimeMs })
  }
  return fail(distrust ?? { kind: 'bad-signature' })
}

/** Node skips what is not base64; here that is another header. */
const isBase64 = (text: string): boolean =>
  text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text)
