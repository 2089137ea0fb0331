// One enrollment key, two hosts: which of them the key leads to once both are enrolled under it.
import type { ClaimRow } from '../../storage/rows.ts'
import type { Write } from '../../storage/store.ts'
import { normalise } from '../identity/normalise.ts'
import type { CarryOut, Outcome } from './consequences.ts'

export type KeyHolder = {
  /** A host that held the key until now and is not that computer any more. */
  readonly displaced: string | undefined
  /** Rows, to be written last, that leave the key with the host that holds it. */
  readonly writes: readonly Write[]
}

/**
 * While devices are believed the last one that enrols has the key, since nothing else tells two from each other.
 * With certificates it goes to whoever owns the identifier: a stranger that names it takes nothing away.
 */
export function holderOf(
  { hostId, losers, writes }: Outcome,
  { store: { lookups }, enrollmentKey, certified }: CarryOut,
): KeyHolder {
  const row = enrollmentKey === undefined ? undefined : lookups.enrollment(enrollmentKey)
  if (row === undefined || row.host_id === hostId || losers.includes(row.host_id)) return nobody
  const owns = (id: string): boolean =>
    isNamed(claimsAfter(lookups.claimsOf(id), writes, id), row.key)
  // Both own it when one has as its EnrollmentID what is the other's UDID.
  return certified === true && (owns(row.host_id) || !owns(hostId))
    ? { displaced: undefined, writes: [{ put: 'enrollment', row }] }
    : { displaced: row.host_id, writes: [] }
}

const nobody: KeyHolder = { displaced: undefined, writes: [] }

function claimsAfter(
  before: readonly ClaimRow[],
  writes: readonly Write[],
  hostId: string,
): readonly ClaimRow[] {
  const put = writes.flatMap((write) =>
    'put' in write && write.put === 'claim' && write.row.host_id === hostId ? [write.row] : [],
  )
  const isPut = ({ kind, value }: ClaimRow): boolean =>
    put.some((row) => row.kind === kind && row.value === value)
  return [...before.filter((row) => !isPut(row)), ...put]
}

function isNamed(claims: readonly ClaimRow[], key: string): boolean {
  const names = [{ udid: key }, { enrollmentId: key }].flatMap((raw) => normalise(raw).claims)
  return claims.some(
    ({ kind, value, status }) =>
      status === 'active' && names.some((name) => name.kind === kind && name.value === value),
  )
}
