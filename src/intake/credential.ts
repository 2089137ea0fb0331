/**
 * What a device proved about itself before its message was read. A credential beats a payload.
 *
 * `none` is the mode in which devices are believed; a certificate is bound to the host it was issued
 * for, or to none yet.
 */
export type Credential =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'certificate'
      readonly hostId: string | null
      /** Its challenge was minted for that very host. */
      readonly vouched: boolean
    }
