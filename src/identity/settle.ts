import { unite } from './absorb.ts'
import { byAge, tellingClaims } from './candidates.ts'
import { settledBy } from './conflicts.ts'
import type { Decision } from './decision.ts'
import type { SightingDraft } from './draft.ts'
import { giveWay, recordConflicts, stands } from './losses.ts'
import type { KnownHost } from './known.ts'
import { land } from './landing.ts'
import { isStrong, isTelling } from './trust.ts'
import { isSame } from './verdict.ts'
import type { Reading } from './verdict.ts'

/**
 * A sighting that can be decided: weaker claims give way, clones share, all hosts that are the same
 * computer become the oldest of them, and the sighting lands there, or on a new host if there is none.
 */
export function settle(draft: SightingDraft, readings: readonly Reading[]): Decision {
  const { fresh, ledger, sighting } = draft
  for (const reading of readings) giveWay(draft, reading)
  const group = readings.filter(isSame)
  const [oldest, ...losers] = group.map(({ host }) => host).toSorted(byAge)
  if (oldest === undefined) return begin(draft, readings)

  const hostId = oldest.hostId
  const survivor = gather(draft, group, [oldest, ...losers])
  land(ledger, sighting, { hostId, atMs: fresh.atMs, apart: false })
  recordConflicts(draft, readings, hostId)
  clear(draft, survivor)
  const consequences = draft.consequences(hostId)
  return losers.length > 0
    ? { kind: 'merge', hostId, losers: losers.map((host) => host.hostId), ...consequences }
    : { kind: 'attach', hostId, ...consequences }
}

/** A host of its own: nobody else is this computer. */
function begin(draft: SightingDraft, readings: readonly Reading[]): Decision {
  const { fresh, ledger, sighting } = draft
  const { hostId } = fresh
  const isLost = isIndistinct(draft)
  land(ledger, sighting, { hostId, atMs: fresh.atMs, apart: isLost })
  recordConflicts(draft, readings, hostId)
  if (isLost) draft.quarantine(hostId)
  return { kind: isLost ? 'quarantine' : 'create', hostId, ...draft.consequences(hostId) }
}

/** Makes one host of the group, and ends the keys that came in under what loses. */
function gather(
  draft: SightingDraft,
  group: readonly Reading[],
  hosts: readonly [KnownHost, ...KnownHost[]],
): KnownHost {
  const [oldest, ...losers] = hosts
  const revoked = group
    .filter(({ host, verdict }) => verdict === 'corrected' || isTaken(draft, host, losers))
    .map(({ host }) => host.hostId)
  if (losers.length === 0 && revoked.length > 0) draft.revokeAgents(oldest)
  return unite(draft, hosts, new Set(revoked))
}

/** Better evidence than an agent's takes this host into another, or the other way round if it is the older one. */
function isTaken(
  { sighting }: SightingDraft,
  host: KnownHost,
  losers: readonly KnownHost[],
): boolean {
  if (losers.length === 0 || sighting.trust === 'agent') return false
  return losers.includes(host) || !stands(host, sighting)
}

/** Nothing in the sighting tells it from the clones it resembles. */
function isIndistinct({ sighting, known, ledger }: SightingDraft): boolean {
  const instances = sighting.claims.filter((claim) => !isStrong(claim))
  return (
    sighting.claims.some(isStrong) &&
    tellingClaims(sighting, known).length === 0 &&
    instances.every((claim) => ledger.on(claim).length > 0)
  )
}

/** A clone set outlives one of its members' troubles, and a bug of ours has nothing to do with who is who. */
const lasting: ReadonlySet<string> = new Set(['clone', 'failing'])

/** Once nothing of a host is disputed any more, its quarantine and its conflicts are over. */
function clear(draft: SightingDraft, survivor: KnownHost): void {
  const rows = draft.ledger.of(survivor.hostId)
  if (rows.some((row) => isStrong(row) && row.status === 'disputed')) return
  if (!rows.some(isTelling)) return
  if (survivor.quarantined) draft.release(survivor.hostId)
  for (const conflict of survivor.conflicts)
    if (conflict.resolved_at === null && !lasting.has(conflict.kind))
      draft.write({ put: 'conflict', row: settledBy(conflict, 'evidence', draft.fresh.atMs) })
}
