import type { Identity } from '../../machines/host-context.ts'
import type { ClaimKind, ClaimRow, ClaimStatus } from '../../storage/rows.ts'
import { outranks } from './trust.ts'

/** How a host is listed once identity is through with it. */
export type Settled = {
  readonly hostId: string
  readonly identity: Identity
  readonly quarantined: boolean
}

/** What a host is listed by: of each kind its surest claim. A disputed one is shown, for it is what was seen. */
export function identityOf(claims: readonly ClaimRow[]): Identity {
  return {
    serial: surest(claims, 'serial'),
    uuid: surest(claims, 'uuid'),
    udid: surest(claims, 'udid'),
    enrollment_id: surest(claims, 'enrollment_id'),
  }
}

function surest(claims: readonly ClaimRow[], kind: ClaimKind): string | null {
  const [first, ...rest] = claims.filter((row) => row.kind === kind && row.status !== 'superseded')
  if (first === undefined) return null
  return rest.reduce((best, row) => (isSurer(row, best) ? row : best), first).value
}

function isSurer(one: ClaimRow, other: ClaimRow): boolean {
  if (one.status !== other.status) return sureness[one.status] > sureness[other.status]
  if (one.source !== other.source) return outranks(one.source, other.source)
  return one.value < other.value
}

export const sureness: Readonly<Record<ClaimStatus, number>> = {
  superseded: 0,
  disputed: 1,
  shared: 2,
  active: 3,
}
