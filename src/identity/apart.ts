import { isSetApartClone } from './agents.ts'
import { byAge } from './candidates.ts'
import type { SightedKind } from './conflicts.ts'
import type { Decision } from './decision.ts'
import type { SightingDraft } from './draft.ts'
import type { KnownHost } from './known.ts'
import { land } from './landing.ts'
import type { ClaimRef } from './ledger.ts'
import { isCurrent, isStrong, isVouchedFor } from './trust.ts'
import { isForeign, says } from './verdict.ts'
import type { Sighting } from './sighting.ts'
import type { Reading } from './verdict.ts'

export type Apart = {
  readonly reason: SightedKind
  readonly readings: readonly Reading[]
  readonly bound: KnownHost | undefined
}

/**
 * A sighting that may not be taken for the hosts it names. It lands on the host of its credential, else
 * on the one set apart for the same sighting before, else on a new quarantined one. Nobody else changes.
 */
export function standApart(draft: SightingDraft, apart: Apart): Decision {
  const { fresh, ledger, sighting } = draft
  const home = apart.bound ?? setApartBefore(draft, apart.readings)
  const hostId = home?.hostId ?? fresh.hostId
  if (sighting.rivals?.get(hostId) === 'present') return { kind: 'agent-present', hostId }
  land(ledger, sighting, { hostId, atMs: fresh.atMs, apart: true })

  const disputed = sighting.claims.find(
    (claim) => isStrong(claim) && ledger.row(claim, hostId)?.status === 'disputed',
  )
  if (isNewDispute(home, disputed))
    draft.open({
      kind: apart.reason,
      hostId,
      others: apart.readings.map(({ host }) => host.hostId).filter((id) => id !== hostId),
      claim: disputed,
      seen: sighting.claims,
      contradicts: apart.readings.flatMap((reading) =>
        reading.against.length > 0 ? reading.against : reading.matched,
      ),
    })
  if (home !== undefined) return { kind: 'attach', hostId, ...draft.consequences(hostId) }

  draft.quarantine(hostId)
  const consequences = draft.consequences(hostId)
  if (apart.reason !== 'proposed-merge') return { kind: 'quarantine', hostId, ...consequences }
  const candidates = apart.readings.map(({ host }) => host.hostId)
  return { kind: 'propose-merge', hostId, candidates, ...consequences }
}

/** The host that already makes every strong claim of this sighting, whatever their status. */
function setApartBefore(draft: SightingDraft, readings: readonly Reading[]): KnownHost | undefined {
  const holders = readings.filter(({ verdict }) => verdict === 'holds').map(({ host }) => host)
  const strong = draft.sighting.claims.filter(isStrong)
  return [...draft.known.hosts.values()]
    .filter((host) => !holders.includes(host))
    .filter((host) => draft.sighting.rivals?.get(host.hostId) !== 'clone')
    .filter((host) => !isSetApartClone(host) || hasInstance(draft.sighting, host))
    .filter((host) => !(isForeign(draft.sighting, host) && isVouchedFor(host)))
    .filter(({ claims }) => {
      const made = claims.filter((row) => isCurrent(row) && says(draft.sighting, row))
      return made.filter(isStrong).length === strong.length
    })
    .toSorted(
      (one, other) => Number(other.quarantined) - Number(one.quarantined) || byAge(one, other),
    )
    .at(0)
}

/** Clones are told apart by their instance alone. */
const hasInstance = (sighting: Sighting, { claims }: KnownHost): boolean =>
  claims.some((row) => !isStrong(row) && says(sighting, row))

/** A dispute on record before this sighting is no news, whatever became of its conflict. */
function isNewDispute(home: KnownHost | undefined, claim: ClaimRef | undefined): boolean {
  if (home === undefined) return true
  if (claim === undefined) return false
  return !home.claims.some(
    (row) => row.kind === claim.kind && row.value === claim.value && row.status === 'disputed',
  )
}
