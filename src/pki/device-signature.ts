import { fail, ok, type Result } from '../result.ts'
import type { Certificate } from './certificate.ts'
import { contentFault, readSigned, verifySigner } from './cms-signed.ts'
import type { DeviceCertificateFault, DeviceCertificates } from './device-certificates.ts'
import type { SignatureDigest } from './signature-digest.ts'

/**
 * Verifies an `Mdm-Signature` header: the CMS of a device's key over exactly these body bytes.
 *
 * Detached as a rule; an attached one must hold the body byte for byte. The authority's signature, the certificate's
 * dates and the time of signing are checked, revocation is not. It is no proof of freshness: within the allowed
 * skew a captured request is as good as the first.
 */
export function readDeviceSignature(
  { header, body, nowMs }: SignedRequest,
  rules: DeviceSignatureRules,
): Result<DeviceSignature, DeviceSignatureFault> {
  const signer = readDeviceSigner({ header, nowMs }, rules)
  if (!signer.ok) return signer
  return signer.value.signs(body) ? signer : fail({ kind: 'bad-signature' })
}

/**
 * The same without the body: who signed, before a byte of the body is read. The key signs attributes, and these name
 * the body by its digest; `signs` compares that.
 */
export function readDeviceSigner(
  { header, nowMs }: Omit<SignedRequest, 'body'>,
  { certificates, skewMsMax, digests }: DeviceSignatureRules,
): Result<DeviceSigner, DeviceSignatureFault> {
  if (header.length > headerCharsMax) return fail({ kind: 'not-a-signature' })
  const bytes = Buffer.from(header, 'base64')
  // Node skips what is not base64; here that is another header.
  if (bytes.toString('base64') !== header) return fail({ kind: 'not-a-signature' })
  const message = readSigned(bytes)
  if (!message.ok) return fail({ kind: 'not-a-signature' })
  let distrust: DeviceCertificateFault | undefined
  const verified = verifySigner(message.value, {
    ...(digests && { digests }),
    read(der) {
      const read = certificates.read(der)
      if (read.ok) return read
      distrust = read.error
      return fail({ kind: 'not-a-certificate', detail: read.error.kind })
    },
  })
  if (!verified.ok) return fail(distrust ?? { kind: 'bad-signature' })
  const { certificate, signingTimeMs } = verified.value
  const untimely = timeFault({ certificate, signingTimeMs }, nowMs, skewMsMax)
  if (untimely) return fail({ kind: untimely })
  const signs = (body: Uint8Array): boolean => contentFault(message.value, body) === undefined
  return ok({ certificate, signingTimeMs, signs })
}

export type SignedRequest = {
  /** As received. Absent is for the caller to refuse. */
  readonly header: string
  /** As received, before anything was parsed; empty for a GET. */
  readonly body: Uint8Array
  readonly nowMs: number
}

export type DeviceSignatureRules = {
  readonly certificates: DeviceCertificates
  /** How far the time of signing, where the device says it, may be from now. Null: however far. */
  readonly skewMsMax: number | null
  /** Default: SHA-1, which an iPhone that is not told otherwise signs with, and all of SHA-2. */
  readonly digests?: readonly SignatureDigest[]
}

export type DeviceSignature = {
  readonly certificate: Certificate
  /** By the device's clock. Null: not said. */
  readonly signingTimeMs: number | null
}

export type DeviceSigner = DeviceSignature & {
  /** Whether the signature is over exactly this body. */
  readonly signs: (body: Uint8Array) => boolean
}

export type DeviceSignatureFault =
  | DeviceCertificateFault
  /** Not base64 on one line, or not a signature in CMS. */
  | { readonly kind: 'not-a-signature' }
  | { readonly kind: 'bad-signature' }
  | { readonly kind: TimeFault }

/** Of the certificate by our clock, and of the signature by the device's. */
type TimeFault = 'not-yet-valid' | 'expired' | 'other-time'

/** Apple's are 2 to 5 kB; the whole of a request's headers may be 32 kB. */
const headerCharsMax = 16_384

function timeFault(
  { certificate, signingTimeMs }: DeviceSignature,
  nowMs: number,
  skewMsMax: number | null,
): TimeFault | undefined {
  if (nowMs < certificate.notBeforeMs) return 'not-yet-valid'
  if (nowMs > certificate.notAfterMs) return 'expired'
  const skewMs = Math.abs(nowMs - (signingTimeMs ?? nowMs))
  return skewMsMax !== null && skewMs > skewMsMax ? 'other-time' : undefined
}
