/** What evidence better than its own word says a computer is, letter for letter as Apple has it. */
export type Proven = { readonly serial?: string; readonly udid?: string }

/**
 * What a device proved about itself before its message was read. A credential beats a payload.
 *
 * `none` is the mode in which devices are believed.
 */
export type Credential = { readonly kind: 'none' } | CertificateCredential

export type CertificateCredential = {
  readonly kind: 'certificate'
  readonly fingerprint: string
  /** The host it is bound to or, until its Authenticate, the one its challenge was minted for. */
  readonly hostId: string | null
  /** An Authenticate was taken with it, or it renews one that was. Others may say nothing but Authenticate. */
  readonly bound: boolean
  /** Its challenge was minted for that very host. */
  readonly vouched: boolean
  /** What its challenge was minted on: the Authenticate must say the same. */
  readonly proven: Proven | null
}
