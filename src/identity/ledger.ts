import type { ClaimKind, ClaimRow } from '../../storage/rows.ts'
import type { IdentityWrite } from './decision.ts'

/** The claims a decision looks at, changed in place of the table until the decision is whole. */
export type Ledger = {
  row(claim: ClaimRef, hostId: string): ClaimRow | undefined
  /** Every row on one identifier, of those the ledger was opened with or given since. */
  on(claim: ClaimRef): readonly ClaimRow[]
  of(hostId: string): readonly ClaimRow[]
  put(row: ClaimRow): void
  drop(row: ClaimRow): void
  /** What differs from the rows it was opened with; owners give up before others take over. */
  writes(): readonly IdentityWrite[]
}

export type ClaimRef = { readonly kind: ClaimKind; readonly value: string }

export function openLedger(opened: readonly ClaimRow[]): Ledger {
  const before = new Map(opened.map((row) => [keyOf(row, row.host_id), row]))
  const now = new Map(before)
  return {
    row: (claim, hostId) => now.get(keyOf(claim, hostId)),
    on: ({ kind, value }) =>
      [...now.values()].filter((row) => row.kind === kind && row.value === value),
    of: (hostId) => [...now.values()].filter((row) => row.host_id === hostId),
    put: (row) => void now.set(keyOf(row, row.host_id), row),
    drop: (row) => void now.delete(keyOf(row, row.host_id)),
    writes: () => {
      const gone = [...before.values()].filter((row) => !now.has(keyOf(row, row.host_id)))
      const changed = [...now.values()].filter(
        (row) => !sameClaim(before.get(keyOf(row, row.host_id)), row),
      )
      const put = (row: ClaimRow): IdentityWrite => ({ put: 'claim', row })
      return [
        ...gone.map(({ kind, value, host_id }): IdentityWrite => ({
          drop: 'claim',
          kind,
          value,
          host_id,
        })),
        ...changed.filter((row) => row.status !== 'active').map(put),
        ...changed.filter((row) => row.status === 'active').map(put),
      ]
    },
  }
}

function sameClaim(one: ClaimRow | undefined, other: ClaimRow): boolean {
  return (
    one !== undefined &&
    keyOf(one, one.host_id) === keyOf(other, other.host_id) &&
    one.status === other.status &&
    one.source === other.source &&
    one.first_seen === other.first_seen &&
    one.last_seen === other.last_seen
  )
}

const keyOf = ({ kind, value }: ClaimRef, hostId: string): string =>
  JSON.stringify([kind, value, hostId])
