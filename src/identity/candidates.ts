import type { ClaimRow } from '../../storage/rows.ts'
import { isSetApartClone } from './agents.ts'
import type { KnownHost, KnownHosts } from './known.ts'
import type { Sighting } from './sighting.ts'
import { isCurrent, isStrong, isVouchedFor } from './trust.ts'
import { isForeign, readHost, says } from './verdict.ts'
import type { Reading } from './verdict.ts'

/**
 * Every host the sighting might be, or has to be told from: the owners of its strong identifiers, the
 * host its credential is bound to, and those that only a second look finds.
 */
export function candidates(
  sighting: Sighting,
  known: KnownHosts,
  bound: KnownHost | undefined,
): readonly Reading[] {
  return [...known.hosts.values()]
    .filter(
      (host) =>
        host === bound ||
        owns(sighting, host) ||
        isTwin(sighting, host, known) ||
        isFoundByInstance(sighting, host, known),
    )
    .map((host) => readHost(sighting, host))
}

const owns = (sighting: Sighting, { claims }: KnownHost): boolean =>
  claims.some((row) => isStrong(row) && row.status === 'active' && says(sighting, row))

/**
 * A host that was set apart over exactly what is seen here. Its disputed claims match nobody, but once
 * the sighting is clear the twin must not stay behind as a ghost.
 */
function isTwin(sighting: Sighting, host: KnownHost, known: KnownHosts): boolean {
  const strong = host.claims.filter((row) => isStrong(row) && isCurrent(row))
  if (!host.quarantined || strong.length === 0 || isSetApartClone(host)) return false
  if (isVouchedFor(host) && !mayTakeAlong(sighting, host)) return false
  if (!strong.every((row) => says(sighting, row))) return false
  if (tellingClaims(sighting, known).length > 0)
    return strong.every(({ status }) => status !== 'shared')
  // Of clones that nothing tells apart, one host stands for all.
  return host.claims.filter(isInstance).map(valueOf).join() === instancesOf(sighting).join()
}

/**
 * A device is behind the twin, perhaps the same computer and perhaps a squatter. Only a device that proves itself
 * settles which: the device list and agents cannot tell.
 */
function mayTakeAlong(sighting: Sighting, host: KnownHost): boolean {
  const { source, trust, vouched } = sighting
  return source === 'mdm' && (vouched || trust === 'apple' || !isForeign(sighting, host))
}

/** An instance finds its host only where nothing stronger is there to compare. */
function isFoundByInstance(sighting: Sighting, host: KnownHost, known: KnownHosts): boolean {
  const row = host.claims.find((claim) => isInstance(claim) && says(sighting, claim))
  if (row === undefined || readHost(sighting, host).against.length > 0) return false
  const isBare = !host.claims.some((claim) => isStrong(claim) && isCurrent(claim))
  const saysNothingElse = tellingClaims(sighting, known).length === 0
  if (row.status === 'active') return isBare || saysNothingElse
  return isBare && !sighting.claims.some(isStrong) && oldestBare(row, known) === host.hostId
}

/** Strong claims of a sighting that clones do not share. */
export const tellingClaims = (sighting: Sighting, known: KnownHosts): Sighting['claims'] =>
  sighting.claims.filter(
    (claim) =>
      isStrong(claim) &&
      !known.claims.some(
        ({ kind, value, status }) =>
          status === 'shared' && kind === claim.kind && value === claim.value,
      ),
  )

function oldestBare({ value }: ClaimRow, known: KnownHosts): string | undefined {
  return [...known.hosts.values()]
    .filter(({ claims }) => claims.some((row) => isInstance(row) && row.value === value))
    .filter(({ claims }) => !claims.some((row) => isStrong(row) && isCurrent(row)))
    .toSorted(byAge)
    .at(0)?.hostId
}

/** Oldest first; ids settle ties, so that every process decides alike. */
export const byAge = (one: KnownHost, other: KnownHost): number =>
  one.firstSeenAtMs - other.firstSeenAtMs || (one.hostId < other.hostId ? -1 : 1)

const isInstance = ({ kind }: Pick<ClaimRow, 'kind'>): boolean => kind === 'osquery_instance'
const valueOf = ({ value }: { readonly value: string }): string => value
const instancesOf = (sighting: Sighting): readonly string[] =>
  sighting.claims.filter(isInstance).map(valueOf)
