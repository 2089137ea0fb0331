import type {
  AgentRow,
  ClaimRow,
  ConflictRow,
  DepDeviceRow,
  EnrollmentRow,
  MergeRow,
} from '../../storage/rows.ts'
import type { Lookups } from '../../storage/store.ts'
import type { Sighting } from './sighting.ts'
import { isTelling } from './trust.ts'
import type { Undo } from './undo.ts'

/** The rows of one live host that identity decides by and moves. */
export type KnownHost = {
  readonly hostId: string
  readonly firstSeenAtMs: number
  readonly quarantined: boolean
  readonly claims: readonly ClaimRow[]
  readonly enrollments: readonly EnrollmentRow[]
  readonly depDevices: readonly DepDeviceRow[]
  readonly agents: readonly AgentRow[]
  /** Open and resolved. */
  readonly conflicts: readonly ConflictRow[]
  /** Of hosts into this one, undone ones too. */
  readonly merges: readonly MergeRow[]
}

/** All that a sighting could be about: the rows on each of its claims, and every host that has one. */
export type KnownHosts = {
  readonly claims: readonly ClaimRow[]
  readonly hosts: ReadonlyMap<string, KnownHost>
}

export type KnownLookups = Pick<
  Lookups,
  | 'host'
  | 'claimsOn'
  | 'claimsOf'
  | 'enrollmentsOf'
  | 'depDevicesOf'
  | 'agentsOf'
  | 'conflictsOf'
  | 'mergesOf'
>

/** Reads what `resolve` needs. Nothing is remembered between calls, so a restart changes no decision. */
export function knownFor(sighting: Sighting, lookups: KnownLookups): KnownHosts {
  const claims = sighting.claims.flatMap(({ kind, value }) => lookups.claimsOn(kind, value))
  const ids = new Set(claims.map((claim) => claim.host_id))
  if (sighting.credential !== undefined) ids.add(sighting.credential.hostId)
  const hosts = new Map<string, KnownHost>()
  for (const id of ids) {
    const host = knownHost(id, lookups)
    if (host !== undefined) hosts.set(id, host)
  }
  return { claims: [...claims, ...sharedElsewhere(claims, hosts, lookups)], hosts }
}

/** The same for hosts that an operator names, with every row on every claim of theirs. */
export function knownAmong(hostIds: readonly string[], lookups: KnownLookups): KnownHosts {
  const hosts = new Map<string, KnownHost>()
  for (const id of hostIds) {
    const host = knownHost(id, lookups)
    if (host !== undefined) hosts.set(id, host)
  }
  const claims = [...hosts.values()].flatMap((host) =>
    host.claims.flatMap(({ kind, value }) => lookups.claimsOn(kind, value)),
  )
  return { claims, hosts }
}

/** What `split` needs: the survivor, and whoever claims by now what it or the loser claimed then. */
export function knownForSplit(undo: Undo, lookups: KnownLookups): KnownHosts {
  const { hosts, claims } = knownAmong([undo.survivorId], lookups)
  const then = undo.claims.before.flatMap(({ kind, value }) => lookups.claimsOn(kind, value))
  return { hosts, claims: [...claims, ...then] }
}

/** Whether a decision on the one is a decision on the other. */
export const isSameKnown = (one: KnownHosts, other: KnownHosts): boolean =>
  textOf(one) === textOf(other)

/** Rows of one query come in one order of columns, so equal rows are equal text. */
const textOf = ({ claims, hosts }: KnownHosts): string => JSON.stringify([claims, [...hosts]])

/** Who else shares what these hosts share: the last one of a clone set owns its UUID again. */
function sharedElsewhere(
  claims: readonly ClaimRow[],
  hosts: ReadonlyMap<string, KnownHost>,
  lookups: KnownLookups,
): readonly ClaimRow[] {
  const matched = new Set(claims.filter(isTelling).map((claim) => claim.host_id))
  return [...hosts.values()]
    .filter((host) => matched.has(host.hostId))
    .flatMap((host) => host.claims.filter((claim) => claim.status === 'shared'))
    .flatMap(({ kind, value }) => lookups.claimsOn(kind, value))
}

/** One host as identity sees it; undefined when it is gone or was merged away. */
function knownHost(hostId: string, lookups: KnownLookups): KnownHost | undefined {
  const row = lookups.host(hostId)
  if (row === undefined || row.merged_into !== null) return undefined
  return {
    hostId,
    firstSeenAtMs: row.first_seen_at,
    quarantined: row.quarantined === 1,
    claims: lookups.claimsOf(hostId),
    enrollments: lookups.enrollmentsOf(hostId),
    depDevices: lookups.depDevicesOf(hostId),
    agents: lookups.agentsOf(hostId),
    conflicts: lookups.conflictsOf(hostId),
    merges: lookups.mergesOf(hostId),
  }
}
