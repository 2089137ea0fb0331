// Who devices are allowed to be: the authority that issues certificates, what it issued, and on whose word.

/** The certificate authority that signs device certificates. Its key is sealed under `key_ref`. */
export type AuthorityRow = {
  readonly id: string
  /** DER. */
  readonly certificate: Uint8Array
  /** Empty for one that was brought: its key is not ours to keep. */
  readonly key_ref: string
  readonly created_at: number
}

/** `issued` waits for its first Authenticate, `active` speaks for its host, the other two speak for nobody. */
export type CertificateStatus = 'issued' | 'active' | 'retired' | 'revoked'

/** As it is listed: one that nobody used in time waits for nothing any more. */
export type ShownStatus = CertificateStatus | 'expired-unused'

/** A device certificate, recorded before it leaves. */
export type CertificateRow = {
  /** SHA-256 of the DER, 64 hexadecimal digits. */
  readonly fingerprint: string
  /** Hexadecimal. */
  readonly serial: string
  readonly subject: string
  readonly der: Uint8Array
  /** SHA-256 of the SubjectPublicKeyInfo. */
  readonly public_key_hash: string
  /** `adopted` was issued by another server and taken over in a migration. */
  readonly origin: 'issued' | 'adopted'
  readonly status: CertificateStatus
  /** The host it is bound to, from its Authenticate on; that host may have been merged away since. */
  readonly host_id: string | null
  /** The host its challenge was minted for. */
  readonly vouched_host_id: string | null
  /** JSON of what better evidence proved about the computer, `{serial?, udid?}`; null when nothing did. */
  readonly proven: string | null
  /** JSON of what the enrolment profile it came by fixed for good; null when that was not a profile of ours. */
  readonly profile: string | null
  readonly link_id: string | null
  readonly team: string | null
  readonly challenge_hash: string | null
  readonly transaction_id: string | null
  /** Fingerprint of the certificate it is to replace. */
  readonly renews: string | null
  readonly not_before: number
  readonly not_after: number
  readonly issued_at: number
  /** Past this, by the steady clock, no first Authenticate is taken with it; null where none is awaited. */
  readonly first_use_by: number | null
  readonly bound_at: number | null
  /** When it was retired or revoked, and by whom or what. */
  readonly ended_at: number | null
  readonly ended_by: string | null
}

/** A one-time password for one certificate. `fingerprint` says which one it was spent on. */
export type ChallengeRow = {
  /** SHA-256 of the challenge, 64 hexadecimal digits. */
  readonly hash: string
  readonly kind: 'enrollment' | 'renewal'
  /** The host it was minted for; null lets its certificate only create one. */
  readonly host_id: string | null
  /** JSON, as on the certificate. */
  readonly proven: string | null
  readonly profile: string | null
  readonly link_id: string | null
  readonly team: string | null
  readonly created_at: number
  readonly expires_at: number
  readonly used_at: number | null
  readonly fingerprint: string | null
  /** With the transaction it tells a client that lost our reply from another one. */
  readonly public_key_hash: string | null
  readonly transaction_id: string | null
}

/** A way in that an operator opened: an address that gives whoever knows it an enrolment profile. */
export type EnrollmentLinkRow = {
  readonly id: string
  readonly name: string
  readonly secret_hash: string
  /** The one host it is for; null when it is for whoever comes. */
  readonly host_id: string | null
  readonly team: string | null
  readonly created_at: number
  readonly created_by: string
  readonly expires_at: number | null
  /** Certificates it may lead to; null sets no bound. */
  readonly uses_max: number | null
  readonly uses: number
  readonly revoked_at: number | null
}

/** What Apple lets us wake devices with. The key is sealed under `key_ref`. */
export type PushCertificateRow = {
  /** The UID of its subject, `com.apple.mgmt.External.…`. */
  readonly topic: string
  /** PEM, leaf first. */
  readonly certificate: string
  readonly key_ref: string
  readonly subject: string
  readonly not_before: number
  readonly not_after: number
  readonly created_at: number
  readonly created_by: string
  /** When Apple first would not have it, and its word; null while it works. */
  readonly refused_at: number | null
  readonly refused_reason: string | null
}
