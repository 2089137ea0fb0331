import type { Reads } from './reads.ts'
import type { Lookups } from './store.ts'

/** Reads about who devices are: certificates, the words they were issued on, and push certificates. */
export const certificateLookups = ({
  one,
  many,
  sound,
}: Reads): Pick<
  Lookups,
  | 'authorities'
  | 'certificate'
  | 'certificatesOf'
  | 'endingCertificates'
  | 'challenge'
  | 'endedChallenges'
  | 'enrollmentLink'
  | 'enrollmentLinkBySecret'
  | 'enrollmentLinks'
  | 'pushCertificate'
  | 'pushCertificates'
> => ({
  authorities: many('authorities', 'true ORDER BY created_at, id'),
  certificate: one('certificates', 'fingerprint = ?'),
  certificatesOf: many(
    'certificates',
    'host_id = ?1 OR (host_id IS NULL AND vouched_host_id = ?1) ORDER BY issued_at, fingerprint',
  ),
  endingCertificates: sound(
    'certificates',
    "status = 'active' AND not_after <= ? ORDER BY not_after, fingerprint LIMIT ?",
  ),
  challenge: one('challenges', 'hash = ?'),
  endedChallenges: sound('challenges', 'expires_at <= ? ORDER BY expires_at, hash LIMIT ?'),
  enrollmentLink: one('enrollment_links', 'id = ?'),
  enrollmentLinkBySecret: one('enrollment_links', 'secret_hash = ?'),
  enrollmentLinks: sound('enrollment_links', 'true ORDER BY created_at, id'),
  pushCertificate: one('push_certificates', 'topic = ?'),
  pushCertificates: sound('push_certificates', 'true ORDER BY topic'),
})
