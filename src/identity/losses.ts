import { joined } from './conflicts.ts'
import type { SightingDraft } from './draft.ts'
import type { KnownHost } from './known.ts'
import type { Claim } from './normalise.ts'
import type { Sighting } from './sighting.ts'
import { isCurrent, isStrong, isTelling, outranks } from './trust.ts'
import type { Reading } from './verdict.ts'

/** Takes from a host the claims that it loses to the sighting. */
export function giveWay(
  { ledger, sighting }: SightingDraft,
  { verdict, matched, against, host }: Reading,
): void {
  if (verdict === 'corrected')
    for (const row of against) ledger.put({ ...row, status: 'superseded' })
  if (verdict === 'shares') for (const row of matched) ledger.put({ ...row, status: 'shared' })
  if (verdict === 'yields') {
    const status = stands(host, sighting) ? 'superseded' : 'disputed'
    for (const row of matched) ledger.put({ ...row, status })
  }
}

/** A host that more than the losing evidence speaks for stays in order without the claim it lost. */
export const stands = (host: KnownHost, { trust }: Sighting): boolean =>
  host.claims.some((row) => isCurrent(row) && !outranks(trust, row.source))

/** Ends the keys of hosts that gave way and opens the conflicts that are left. */
export function recordConflicts(
  draft: SightingDraft,
  readings: readonly Reading[],
  hostId: string,
): void {
  for (const { verdict, host, matched } of readings) {
    if (verdict !== 'yields') continue
    draft.revokeAgents(host)
    if (stands(host, draft.sighting)) continue
    draft.quarantine(host.hostId)
    draft.open({
      kind: 'contradiction',
      hostId: host.hostId,
      others: [hostId],
      claim: matched[0],
      seen: host.claims.filter(isCurrent),
      contradicts: draft.ledger.of(hostId).filter(isCurrent),
    })
  }
  for (const claim of draft.sighting.claims) if (isStrong(claim)) joinClones(draft, claim, hostId)
}

/** One conflict stands for a clone set, however many join it. */
function joinClones(draft: SightingDraft, claim: Claim, hostId: string): void {
  const { known, ledger } = draft
  const isShared = ledger.row(claim, hostId)?.status === 'shared'
  const wasShared = known.hosts
    .get(hostId)
    ?.claims.some((row) => row.value === claim.value && row.status === 'shared')
  if (!isShared || wasShared === true) return
  const open = [...known.hosts.values()]
    .flatMap((host) => host.conflicts)
    .find((row) => row.kind === 'clone' && row.claim_value === claim.value)
  const others = ledger.on(claim).filter((row) => row.host_id !== hostId)
  if (open === undefined)
    draft.open({
      kind: 'clone',
      hostId: others[0]?.host_id ?? hostId,
      others: [hostId],
      claim,
      seen: draft.sighting.claims,
      contradicts: others.flatMap((row) => ledger.of(row.host_id)).filter(isTelling),
    })
  else if (open.resolved_at === null) draft.write({ put: 'conflict', row: joined(open, hostId) })
}
