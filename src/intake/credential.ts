import type { Certificate } from '../pki/certificate.ts'
import type { DeviceSignatureFault } from '../pki/device-signature.ts'

/** What evidence better than its own word says a computer is, letter for letter as Apple has it. */
export type Proven = { readonly serial?: string; readonly udid?: string }

/**
 * What a device proved about itself before its message was read. A credential beats a payload.
 *
 * `none` is the mode in which devices are believed. `former` is a certificate of another server whose fleet is
 * being taken over: it is nobody's yet.
 */
export type Credential =
  | { readonly kind: 'none' }
  | { readonly kind: 'former'; readonly certificate: Certificate }
  | CertificateCredential

export type CertificateCredential = {
  readonly kind: 'certificate'
  readonly fingerprint: string
  /** The host it is bound to or, until its Authenticate, the one its challenge was minted for. */
  readonly hostId: string | null
  /** An Authenticate was taken with it, or it renews one that was. Others may say nothing but Authenticate. */
  readonly bound: boolean
  /** It renews its host's certificate and was not used yet: the first message with it ends the other one. */
  readonly isRenewal: boolean
  /** What its challenge was minted on: the Authenticate must say the same. */
  readonly proven: Proven | null
}

/** A certificate as it came with a request. Its issuer is one that we trust; nothing else is said. */
export type Presented = {
  readonly certificate: Certificate
}

/** Why a request came without one. */
export type PresentedFault =
  | DeviceSignatureFault
  | { readonly kind: 'no-certificate' | 'ambiguous-header' | 'not-a-proxy' }

/** Why a device is not believed. Each is answered 400: 401 would unenrol it. */
export type CredentialFault = {
  readonly kind:
    | PresentedFault['kind']
    | 'expired'
    | 'not-yet-valid'
    /** Signed by an authority of ours, and yet never recorded. */
    | 'unknown-certificate'
    | 'retired'
    | 'revoked'
    /** Nobody enrolled with it in time. */
    | 'expired-unused'
    /** The host it was for is no more. */
    | 'host-gone'
  readonly fingerprint: string | null
  readonly hostId: string | null
}
