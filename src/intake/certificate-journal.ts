import type { CertificateRow } from '../../storage/certificate-rows.ts'
import type { JournalRow } from '../../storage/rows.ts'
import type { Write } from '../../storage/store.ts'
import type { Cause } from '../runtime/ask.ts'

/** What happened to a certificate, in the journal of the host it is about; of none's, under no host. */
export function journalled(
  { fingerprint, serial, subject, host_id, vouched_host_id }: CertificateRow,
  { event, cause, at }: { readonly event: string; readonly cause: Cause; readonly at: number },
): Write {
  const row: JournalRow = {
    host_id: host_id ?? vouched_host_id ?? '',
    at,
    actor: 'host',
    event,
    from_state: null,
    to_state: null,
    cause: cause.kind,
    cause_id: cause.id,
    detail: JSON.stringify({ fingerprint, serial, subject }),
  }
  return { put: 'journal', row }
}
