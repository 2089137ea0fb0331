// Which certificates speak for a host now, and which may come to.
import type { CertificateRow } from '../../storage/certificate-rows.ts'
import type { Lookups } from '../../storage/store.ts'
import { originsOf } from '../identity/undo.ts'

/** Of one host, and of those that were merged into it. */
export function activeOf(lookups: Lookups, hostId: string): readonly CertificateRow[] {
  return originsIn(lookups, hostId).flatMap((id) =>
    lookups.certificatesOf(id).filter((row) => row.status === 'active' && row.host_id === id),
  )
}

/** The one of them that was bound last. */
export const newestOf = (lookups: Lookups, hostId: string): CertificateRow | undefined =>
  activeOf(lookups, hostId)
    .toSorted((one, other) => (isEarlier(one, other) ? -1 : 1))
    .at(-1)

/** Whether a certificate ever spoke for the host, also one that ended. */
export const hadCertificate = (lookups: Lookups, hostId: string): boolean =>
  originsIn(lookups, hostId).some((id) =>
    lookups.certificatesOf(id).some((row) => row.host_id === id),
  )

/** Two of one millisecond are told apart by name, so that only one of them ends the other. */
export function isEarlier(one: CertificateRow, other: CertificateRow): boolean {
  const [first, second] = [one.bound_at ?? 0, other.bound_at ?? 0]
  return first === second ? one.fingerprint < other.fingerprint : first < second
}

/**
 * Whether it may speak for a host. A renewal was given to whoever held the one before it: once that one is revoked, or
 * ended by another, nobody knows who holds the renewal.
 */
export const isLiving = (
  { status, renews }: Pick<CertificateRow, 'status' | 'renews'>,
  former: Pick<CertificateRow, 'status'> | undefined,
): boolean =>
  status === 'active' || (status === 'issued' && (renews === null || former?.status === 'active'))

/** Issued for an enrolment that never came. It stays so: nothing brings it back. */
export const isExpiredUnused = (
  { status, first_use_by: by }: Pick<CertificateRow, 'status' | 'first_use_by'>,
  steadyNow: number,
): boolean => status === 'issued' && by !== null && by <= steadyNow

/** Renewals of a certificate that were issued and that no device has used yet. */
export const outstandingRenewals = (
  lookups: Lookups,
  former: CertificateRow,
): readonly CertificateRow[] =>
  lookups
    .certificatesOf(former.host_id ?? '')
    .filter((one) => one.renews === former.fingerprint && one.status === 'issued')

const originsIn = (lookups: Lookups, hostId: string): readonly string[] =>
  originsOf({ hostId, merges: lookups.mergesOf(hostId) })
