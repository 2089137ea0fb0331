// What one host hands another: as events for the machines, and as rows that go along.
import type { FactName, HostContext, Identity } from '../../machines/host-context.ts'
import type { HostEvent, Parts } from '../../machines/host-events.ts'
import type { HostSnapshot } from '../../machines/host.ts'
import type { Lookups, Write } from '../../storage/store.ts'

type Listed = { readonly identity: Identity; readonly quarantined: boolean }

/** Everything of a host that can belong to another. */
export const partsOf = (snapshot: HostSnapshot): Parts => ({
  mdm: mdmPart(snapshot),
  depDevices: snapshot.context.depDevices,
  agents: snapshot.context.agents,
})

function mdmPart({ value, context }: HostSnapshot): Parts['mdm'] {
  if (value.mdm === 'unenrolled') return null
  const { epoch, enrolledAt, channels, unlockTokenRef, bootstrapTokenRef } = context
  const state = typeof value.mdm === 'string' ? value.mdm : value.mdm.enrolled
  return { state, epoch, enrolledAt, channels, unlockTokenRef, bootstrapTokenRef }
}

export const settleEvent = (
  { identity, quarantined }: Listed,
  at: number,
  change: {
    readonly facts?: HostContext['facts']
    readonly forget?: readonly FactName[]
  } = {},
): HostEvent => ({
  type: 'identity.settle',
  at,
  identity,
  quarantined,
  facts: change.facts ?? {},
  forget: change.forget ?? [],
})

/** The survivor takes over what the other was, and is listed as decided. */
export const absorbEvents = (
  loser: HostSnapshot,
  listed: Listed,
  at: number,
): readonly HostEvent[] => [
  { type: 'identity.absorb', at, parts: partsOf(loser) },
  settleEvent(listed, at, { facts: loser.context.facts }),
]

/** Rows the runtime keeps beside the actors: they go where the commands go. */
export function movedRows(lookups: Lookups, from: string, to: string): readonly Write[] {
  const alarms = lookups.alarmsOf(from).flatMap((alarm): readonly Write[] => [
    { drop: 'alarm', host_id: from, name: alarm.name },
    { put: 'alarm', row: { ...alarm, host_id: to } },
  ])
  return [...alarms, ...movedLastSeen(lookups, from, to)]
}

/** The later of both, by either protocol. */
export function movedLastSeen(lookups: Lookups, from: string, to: string): readonly Write[] {
  const theirs = lookups.lastSeen(from)
  const ours = lookups.lastSeen(to)
  if (theirs === undefined) return []
  const row = {
    host_id: to,
    at: Math.max(theirs.at, ours?.at ?? 0),
    mdm_at: later(theirs.mdm_at, ours?.mdm_at ?? null),
    osquery_at: later(theirs.osquery_at, ours?.osquery_at ?? null),
  }
  return [{ put: 'last_seen', row }]
}

const later = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? (one ?? other) : Math.max(one, other)
