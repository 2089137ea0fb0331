// Carries out what identity decided: events for every host concerned and all rows, in one commit.
import type { Identity } from '../../machines/host-context.ts'
import type { HostEvent } from '../../machines/host-events.ts'
import type { HostSnapshot } from '../../machines/host.ts'
import type { Store, Write } from '../../storage/store.ts'
import type { Consequences } from '../identity/decision.ts'
import { type Undo, undoOf } from '../identity/undo.ts'
import { fail, ok, type Result } from '../result.ts'
import type { Answer, Ask, AskFault } from '../runtime/ask.ts'
import type { Hosts } from '../runtime/hosts.ts'
import { type IdentityNote, journalled } from './identity-journal.ts'
import { holderOf } from './key-holder.ts'
import { absorbEvents, movedLastSeen, movedRows, partsOf, settleEvent } from './parts.ts'

export type Listed = { readonly identity: Identity; readonly quarantined: boolean }

/** Every event but XState's own says when it happened. */
export type TimedEvent = Extract<HostEvent, { readonly at: number }>

export type Outcome = Consequences & {
  /** The host it is about; the losers become part of it. */
  readonly hostId: string
  readonly losers: readonly string[]
}

export type CarryOut = {
  readonly store: Store
  readonly hosts: Hosts
  readonly at: number
  readonly cause: Ask['cause']
  /** Whether the rows it was decided on are still the same, now that all hosts concerned stand still. */
  readonly holds: () => boolean
  /** What the host hears once it is listed as decided. */
  readonly event?: (listed: Listed) => TimedEvent
  readonly writes?: readonly Write[]
  readonly seen?: 'mdm' | 'osquery'
  /** The key it enrols under: a host that held it until now is not that computer any more. */
  readonly enrollmentKey?: string
  /** Certificates tell hosts apart: a host that still owns the key's identifier keeps the key. */
  readonly certified?: boolean
}

export type CarriedOut = {
  readonly answer: Answer
  /** Nobody had seen the host before. */
  readonly created: boolean
}

/** Alone where it concerns one host only, else as one turn of all of them. */
export async function carryOut(
  outcome: Outcome,
  how: CarryOut,
): Promise<Result<CarriedOut, AskFault>> {
  const { hostId, losers } = outcome
  const { store, hosts, cause } = how
  const created = store.lookups.hostActor(hostId) === undefined
  const holder = holderOf(outcome, how)
  const others = otherAsks(outcome, { ...how, displaced: holder.displaced })
  // Keys that live on with another host go there as they were; what the host hears may change them.
  const [keys, writes] = parted(
    [...outcome.writes, ...(how.writes ?? []), ...holder.writes, ...notesOf(outcome, how)],
    isLivingKey,
  )
  const told = (snapshots: ReadonlyMap<string, HostSnapshot>): Omit<Ask, 'cause'> => ({
    events: eventsOf(outcome, how, snapshots),
    ...(how.seen && { seen: how.seen }),
  })
  const involved = [hostId, ...losers, ...Object.keys(others)]
  if (involved.length === 1) {
    const ask: Ask = { ...told(new Map()), cause, first: keys, writes }
    const asked = created ? await hosts.create(hostId, ask) : await hosts.ask(hostId, ask)
    return asked.ok ? ok({ answer: asked.value, created }) : asked
  }
  const joined = await hosts.together({
    hostIds: involved,
    fresh: created ? hostId : undefined,
    decide(snapshots) {
      // A claim that came meanwhile would stay behind on a host that is no more.
      if (!how.holds()) return fail({ kind: 'conflict' })
      const landing = told(snapshots)
      const yielding = landing.events.some(({ type }) => type === 'mdm.Authenticate')
      const moved = yielding ? movedLastSeen : movedRows
      return ok({
        cause,
        asks: {
          ...others,
          ...(yielding && yieldAsks(losers, how.at)),
          [hostId]: { ...landing, first: keys },
        },
        merged: Object.fromEntries(losers.map((loser) => [loser, hostId])),
        writes: [
          ...(yielding ? writes : writes.map((write) => withReplaced(write, snapshots))),
          ...losers.flatMap((loser) => moved(store.lookups, loser, hostId)),
        ],
      })
    },
  })
  if (!joined.ok) return joined
  const answer = joined.value.get(hostId)
  return answer === undefined ? fail({ kind: 'conflict' }) : ok({ answer, created })
}

const notesOf = (
  { hostId, losers, quarantine, release }: Outcome,
  { cause, at }: CarryOut,
): readonly Write[] => {
  const notes: readonly IdentityNote[] = [
    ...losers.flatMap((loser): readonly IdentityNote[] => [
      { hostId, event: 'identity.merged', other: loser },
      { hostId: loser, event: 'identity.merged_into', other: hostId },
    ]),
    ...quarantine.map((id): IdentityNote => ({ hostId: id, event: 'identity.quarantined' })),
    ...release.map((id): IdentityNote => ({ hostId: id, event: 'identity.released' })),
  ]
  return notes.map((note) => journalled(note, cause, at))
}

const isLivingKey = (write: Write): boolean =>
  'put' in write && write.put === 'agent' && write.row.revoked_at === null

const parted = (
  writes: readonly Write[],
  matches: (write: Write) => boolean,
): readonly [matching: readonly Write[], others: readonly Write[]] => [
  writes.filter(matches),
  writes.filter((write) => !matches(write)),
]

/** A split gives the survivor its MDM standing back, which no row but its actor's has. */
function withReplaced(write: Write, snapshots: ReadonlyMap<string, HostSnapshot>): Write {
  if (!('put' in write) || write.put !== 'merge') return write
  const [survivor, loser] = [write.row.survivor_id, write.row.loser_id].map((id) => {
    const snapshot = snapshots.get(id)
    return snapshot === undefined ? null : partsOf(snapshot).mdm
  })
  if (!survivor || !loser) return write
  const undo: Undo = { ...undoOf(write.row), replacedMdm: survivor }
  return { put: 'merge', row: { ...write.row, undo: JSON.stringify(undo) } }
}

/** Whom it absorbs, which of its keys end, how it is listed, and what was seen. */
function eventsOf(
  outcome: Outcome,
  { store, at, event }: CarryOut,
  snapshots: ReadonlyMap<string, HostSnapshot>,
): Ask['events'] {
  const { hostId, losers, revoked } = outcome
  const listed = outcome.settled.find((settled) => settled.hostId === hostId)
  if (listed === undefined) throw new Error('a decision settles the host it lands on')
  const happened = event?.(listed)
  const absorbed = losers.flatMap((loser) => snapshots.get(loser) ?? [])
  // Most sightings bring their identity along; details of a known agent and operators' words do not.
  const isListed = happened !== undefined && 'identity' in happened
  return [
    ...absorbed.flatMap((snapshot) => absorbEvents(snapshot, listed, at)),
    ...revocations(store, revoked, { hostIds: [hostId, ...losers], at }),
    ...(isListed ? [] : [settleEvent(listed, at)]),
    ...(happened === undefined ? [] : [happened]),
  ]
}

/** An Authenticate ends the MDM life of every host it makes one of, not only of the survivor. */
const yieldAsks = (
  losers: readonly string[],
  at: number,
): Readonly<Record<string, Omit<Ask, 'cause'>>> =>
  Object.fromEntries(losers.map((loser) => [loser, { events: [{ type: 'identity.yield', at }] }]))

/** Hosts that are listed anew or lose keys without being the one it is about. */
function otherAsks(
  { hostId, losers, settled, revoked }: Outcome,
  { store, at, enrollmentKey, displaced }: CarryOut & { readonly displaced: string | undefined },
): Readonly<Record<string, Omit<Ask, 'cause'>>> {
  const asks: Record<string, Omit<Ask, 'cause'>> = {}
  const owners = revoked.flatMap((hash) => store.lookups.agent(hash)?.host_id ?? [])
  const listed = new Map(settled.map((one) => [one.hostId, one]))
  for (const other of new Set([...listed.keys(), ...owners, ...(displaced ? [displaced] : [])])) {
    if (other === hostId || losers.includes(other)) continue
    const settledAs = listed.get(other)
    asks[other] = {
      events: [
        ...(settledAs === undefined ? [] : [settleEvent(settledAs, at)]),
        ...revocations(store, revoked, { hostIds: [other], at }),
        ...(enrollmentKey && other === displaced ? [displacement(enrollmentKey, at)] : []),
      ],
    }
  }
  return asks
}

const displacement = (channel: string, at: number): HostEvent => ({
  type: 'identity.displace',
  at,
  channel,
})

function revocations(
  store: Store,
  revoked: readonly string[],
  { hostIds, at }: { readonly hostIds: readonly string[]; readonly at: number },
): readonly HostEvent[] {
  const keyHashes = revoked.filter((hash) => {
    const owner = store.lookups.agent(hash)?.host_id
    return owner !== undefined && hostIds.includes(owner)
  })
  return keyHashes.length === 0 ? [] : [{ type: 'osquery.revoke', at, keyHashes }]
}
