import type { ClaimRow } from '../../storage/rows.ts'
import { fail, ok } from '../result.ts'
import type { Result } from '../result.ts'
import { unite } from './absorb.ts'
import { byAge } from './candidates.ts'
import type { Consequences, Fresh } from './decision.ts'
import { openDraft } from './draft.ts'
import type { KnownHost, KnownHosts } from './known.ts'
import { isStrong, isTelling } from './trust.ts'

export type Merged = Consequences & {
  /** The oldest of the hosts. */
  readonly hostId: string
  readonly losers: readonly string[]
}

export type MergeFault =
  | { readonly kind: 'one-host' }
  /** They say different things of themselves: an operator has to say which of them is right. */
  | { readonly kind: 'differ'; readonly claims: readonly ClaimRow[] }

/**
 * Makes one host of all the hosts known, on an operator's word. Where they contradict each other the
 * claims of `prefer` stay and the others' become history; whose claims lose, their agents enrol again.
 */
export function mergeHosts(
  known: KnownHosts,
  prefer: string | undefined,
  fresh: Fresh,
): Result<Merged, MergeFault> {
  const [oldest, ...losers] = [...known.hosts.values()].toSorted(byAge)
  if (oldest === undefined || losers.length === 0) return fail({ kind: 'one-host' })
  const differing = differences([oldest, ...losers])
  const preferred = prefer === undefined ? undefined : known.hosts.get(prefer)
  if (differing.length > 0 && preferred === undefined)
    return fail({ kind: 'differ', claims: differing })

  const draft = openDraft(known, fresh)
  const beaten = differing.filter((row) => preferred !== undefined && losesTo(preferred, row))
  for (const row of beaten) draft.ledger.put({ ...row, status: 'superseded' })
  const revoked = new Set(beaten.map((row) => row.host_id))
  unite(draft, [oldest, ...losers], revoked)
  const hostId = oldest.hostId
  if (oldest.quarantined && !isDisputed(draft.ledger.of(hostId))) draft.release(hostId)
  return ok({ hostId, losers: losers.map((loser) => loser.hostId), ...draft.consequences(hostId) })
}

const isDisputed = (rows: readonly ClaimRow[]): boolean =>
  rows.some((row) => isStrong(row) && row.status === 'disputed')

/** The claims of those kinds on which some two of the hosts have nothing in common. */
function differences(hosts: readonly KnownHost[]): readonly ClaimRow[] {
  const claims = hosts.map((host) => host.claims.filter((row) => isStrong(row) && isTelling(row)))
  return claims.flatMap((mine) =>
    mine.filter((row) =>
      claims.some((theirs) => {
        const ofKind = theirs.filter(({ kind }) => kind === row.kind)
        return ofKind.length > 0 && ofKind.every(({ value }) => value !== row.value)
      }),
    ),
  )
}

function losesTo(preferred: KnownHost, row: ClaimRow): boolean {
  const ofKind = preferred.claims.filter(
    ({ kind, status }) => kind === row.kind && status !== 'superseded',
  )
  return ofKind.length > 0 && ofKind.every(({ value }) => value !== row.value)
}
