import type { CertificateRow, EnrollmentLinkRow } from '../../storage/certificate-rows.ts'
import type { Write } from '../../storage/store.ts'
import { happened, type Happening } from './happening.ts'

/** What happened to a certificate, in the journal of the host it is about; of none's, under no host. */
export const journalled = (
  { fingerprint, serial, subject, host_id, vouched_host_id }: CertificateRow,
  happening: Happening,
): Write => happened(host_id ?? vouched_host_id ?? '', happening, { fingerprint, serial, subject })

export const linkJournalled = (
  { id, name, host_id, team }: EnrollmentLinkRow,
  happening: Happening,
): Write => happened(host_id ?? '', happening, { link: id, name, team })
