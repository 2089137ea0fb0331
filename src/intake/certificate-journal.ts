import type { CertificateRow, EnrollmentLinkRow } from '../../storage/certificate-rows.ts'
import type { JournalRow } from '../../storage/rows.ts'
import type { Write } from '../../storage/store.ts'
import type { Cause } from '../runtime/ask.ts'

type Happening = { readonly event: string; readonly cause: Cause; readonly at: number }

/** What happened to a certificate, in the journal of the host it is about; of none's, under no host. */
export const journalled = (
  { fingerprint, serial, subject, host_id, vouched_host_id }: CertificateRow,
  happening: Happening,
): Write => journalOf(host_id ?? vouched_host_id ?? '', happening, { fingerprint, serial, subject })

export const linkJournalled = (
  { id, name, host_id, team }: EnrollmentLinkRow,
  happening: Happening,
): Write => journalOf(host_id ?? '', happening, { link: id, name, team })

function journalOf(
  hostId: string,
  { event, cause, at }: Happening,
  detail: Readonly<Record<string, string | null>>,
): Write {
  const row: JournalRow = {
    host_id: hostId,
    at,
    actor: 'host',
    event,
    from_state: null,
    to_state: null,
    cause: cause.kind,
    cause_id: cause.id,
    detail: JSON.stringify(detail),
  }
  return { put: 'journal', row }
}
