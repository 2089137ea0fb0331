// Which certificate speaks for a host: bound by an Authenticate, and alone from the first word after it.
import type { CertificateRow } from '../../storage/certificate-rows.ts'
import type { MergeRow } from '../../storage/rows.ts'
import type { Lookups, Write } from '../../storage/store.ts'
import { originsOf } from '../identity/undo.ts'
import type { Certificate } from '../pki/certificate.ts'
import type { Cause } from '../runtime/ask.ts'
import { journalled } from './certificate-journal.ts'
import { rowOfCertificate } from './certificates.ts'
import { activeOf, isEarlier, isLiving } from './living-certificates.ts'

type Bound = {
  readonly fingerprint: string
  readonly hostId: string
  readonly at: number
  readonly cause: Cause
}

/**
 * Rows that make a certificate its host's.
 *
 * The certificate before it is not ended here: should the answer get lost, the device goes on with that one. Those of
 * hosts that are merged at this moment are ended, since nobody ever said that whoever holds them is this computer.
 * Undefined when it speaks for nobody any more.
 */
export function bindingRows(
  lookups: Lookups,
  { fingerprint, hostId, at, cause }: Bound,
  losers: readonly string[],
): readonly Write[] | undefined {
  const row = lookups.certificate(fingerprint)
  const former = row?.renews ? lookups.certificate(row.renews) : undefined
  if (row === undefined || !isLiving(row, former)) return undefined
  const isNew = row.status !== 'active' || row.host_id !== hostId
  const bound: CertificateRow = { ...row, status: 'active', host_id: hostId, bound_at: at }
  return [
    // Written as it is: when somebody ends it meanwhile, this commit is refused.
    ...(row.status === 'issued' && former ? [{ put: 'certificate', row: former } as const] : []),
    { put: 'certificate', row: bound },
    ...(isNew ? [journalled(bound, { event: 'certificate.bound', cause, at })] : []),
    ...losers
      .flatMap((loser) => activeOf(lookups, loser))
      .filter((other) => other.fingerprint !== fingerprint)
      .flatMap((other) => retirement(other, { at, cause, endedBy: fingerprint })),
  ]
}

/**
 * Rows that end every certificate its host had before this one.
 *
 * Written with the TokenUpdate that follows an Authenticate: a device that sends it has heard our answer and lives
 * with the new certificate. A certificate bound later stays, so the one before it cannot take its place back.
 */
export function succession(
  lookups: Lookups,
  { fingerprint, hostId, at, cause }: Bound,
): readonly Write[] {
  const own = lookups.certificate(fingerprint)
  if (own === undefined) return []
  return activeOf(lookups, hostId)
    .filter((other) => other.fingerprint !== fingerprint && isEarlier(other, own))
    .flatMap((other) => retirement(other, { at, cause, endedBy: fingerprint }))
}

/** Rows of the first message with a certificate that renews its host's: it is bound, and the other one ends. */
export function renewalRows(lookups: Lookups, bound: Bound): readonly Write[] | undefined {
  const rows = bindingRows(lookups, bound, [])
  if (rows === undefined) return undefined
  const { fingerprint, hostId, at, cause } = bound
  const others = activeOf(lookups, hostId).filter((other) => other.fingerprint !== fingerprint)
  return [
    ...rows,
    ...others.flatMap((other) => retirement(other, { at, cause, endedBy: fingerprint })),
  ]
}

/**
 * Rows that leave hosts which an operator makes one with one certificate: that of the host set apart, which is what the
 * operator was asked about, or else the one bound last.
 */
export function mergedRows(
  lookups: Lookups,
  { hostIds, setApart }: { readonly hostIds: readonly string[]; readonly setApart?: string },
  { at, cause, endedBy }: Ending,
): readonly Write[] {
  const all = hostIds.flatMap((hostId) => activeOf(lookups, hostId))
  const asked = setApart === undefined ? [] : activeOf(lookups, setApart)
  const last = (asked.length > 0 ? asked : all)
    .toSorted((one, other) => (isEarlier(one, other) ? -1 : 1))
    .at(-1)
  return all
    .filter((other) => other.fingerprint !== last?.fingerprint)
    .flatMap((other) => retirement(other, { at, cause, endedBy }))
}

/**
 * Rows that give two hosts their certificates back when their merge is undone: what it ended speaks again, and what was
 * bound since goes where the enrollment goes.
 */
export function partedRows(
  lookups: Lookups,
  { merge, isTheirs }: { readonly merge: MergeRow; readonly isTheirs: boolean },
  { at, cause }: Omit<Ending, 'endedBy'>,
): readonly Write[] {
  const { survivor_id: survivor, loser_id: loser } = merge
  const ids = originsOf({ hostId: survivor, merges: lookups.mergesOf(survivor) })
  const all = ids.flatMap((id) => lookups.certificatesOf(id).filter((row) => row.host_id === id))
  return all.flatMap((row): readonly Write[] => {
    if (row.status === 'retired' && row.ended_by === merge.id) {
      const revived: CertificateRow = { ...row, status: 'active', ended_at: null, ended_by: null }
      const note = journalled(revived, { event: 'certificate.revived', cause, at })
      return [{ put: 'certificate', row: revived, revives: true }, note]
    }
    const isSince = row.host_id === survivor && (row.bound_at ?? 0) > merge.at
    return isTheirs && isSince && row.status === 'active'
      ? [{ put: 'certificate', row: { ...row, host_id: loser } }]
      : []
  })
}

/** A certificate of a former server, taken over for the host whose enrollment it spoke for. */
export function adoptionRows(
  certificate: Certificate,
  { hostId, at, cause }: Omit<Bound, 'fingerprint'>,
): readonly Write[] {
  const row: CertificateRow = {
    ...rowOfCertificate(certificate),
    public_key_hash: certificate.spkiHash,
    origin: 'adopted',
    status: 'active',
    host_id: hostId,
    vouched_host_id: null,
    proven: null,
    profile: null,
    link_id: null,
    team: null,
    challenge_hash: null,
    transaction_id: null,
    renews: null,
    issued_at: at,
    first_use_by: null,
    bound_at: at,
    ended_at: null,
    ended_by: null,
  }
  return [{ put: 'certificate', row }, journalled(row, { event: 'certificate.adopted', cause, at })]
}

type Ending = {
  readonly at: number
  readonly cause: Cause
  /** The certificate that took its place, or the operator or merge that ended it. */
  readonly endedBy: string | null
}

function retirement(row: CertificateRow, { at, cause, endedBy }: Ending): readonly Write[] {
  const retired: CertificateRow = { ...row, status: 'retired', ended_at: at, ended_by: endedBy }
  return [
    { put: 'certificate', row: retired },
    journalled(retired, { event: 'certificate.retired', cause, at }),
  ]
}
