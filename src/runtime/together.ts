// Turns of several hosts that become durable as one: merging two, or taking one apart.
import type { HostSnapshot } from '../../machines/host.ts'
import { fail, ok, type Result } from '../result.ts'
import type { Write } from '../../storage/store.ts'
import type { Answer, Ask, AskFault } from './ask.ts'
import type { LastSeen } from './last-seen.ts'
import { hostActorWrite, hostRow } from './projection.ts'
import type { Poison } from './poison.ts'
import type { Resident } from './resident.ts'
import type { Slot, Slots } from './slots.ts'
import { advanceWrite, type Turned } from './turn.ts'
import { answerOf } from './turns.ts'

/** What each host is told, and the rows that belong to the whole. */
export type Joint = {
  readonly cause: Ask['cause']
  readonly asks: Readonly<Record<string, Omit<Ask, 'cause'>>>
  /** Hosts that from now on are part of another: loser's id to survivor's. */
  readonly merged?: Readonly<Record<string, string>>
  /** Written after the hosts' own rows. */
  readonly writes: readonly Write[]
}

export type Joining = {
  readonly hostIds: readonly string[]
  /** One of them that does not exist yet. */
  readonly fresh?: string | undefined
  /** One of them that was merged away and comes back. */
  readonly revived?: string | undefined
  readonly decide: (snapshots: ReadonlyMap<string, HostSnapshot>) => Result<Joint, AskFault>
}

type Means = {
  readonly slots: Slots
  readonly now: () => number
  readonly tryTurn: (slot: Slot, resident: Resident, ask: Ask) => Result<Turned, AskFault>
  readonly touch: LastSeen['touch']
  readonly commit: (hostId: string, writes: readonly Write[]) => Promise<Result<void, AskFault>>
  readonly poison: Poison
}

/** What each host that was told something answered. */
export type Joined = ReadonlyMap<string, Answer>

/** Hosts are held in the order of their ids, so that two joint turns never wait for each other. */
export async function joinTurns(joining: Joining, means: Means): Promise<Result<Joined, AskFault>> {
  const { slots } = means
  const held: Slot[] = []
  const releases: (() => void)[] = []
  for (const hostId of [...new Set(joining.hostIds)].toSorted()) {
    const slot = slots.of(hostId)
    const release = await hold(slot)
    if (release === undefined) {
      for (const free of releases) free()
      return fail({ kind: 'overloaded' })
    }
    held.push(slot)
    releases.push(release)
  }
  try {
    return await turnHeld(joining, means, held)
  } finally {
    for (const slot of held) slots.letGo(slot)
    for (const release of releases) release()
  }
}

/** Waits for the host's turn to come and keeps it until released. */
function hold(slot: Slot): Promise<(() => void) | undefined> {
  const granted = Promise.withResolvers<(() => void) | undefined>()
  const posted = slot.mailbox.post(() => {
    const released = Promise.withResolvers<void>()
    granted.resolve(released.resolve)
    return released.promise
  })
  if (!posted) granted.resolve(undefined)
  return granted.promise
}

async function turnHeld(
  joining: Joining,
  means: Means,
  held: readonly Slot[],
): Promise<Result<Joined, AskFault>> {
  const residents = new Map<Slot, Resident>()
  for (const slot of held) {
    const woken = wakeHeld(joining, means, slot)
    if (!woken.ok) return woken
    residents.set(slot, woken.value)
  }
  const snapshots = [...residents].map(
    ([slot, { actor }]) => [slot.hostId, actor.snapshot()] as const,
  )
  const joint = joining.decide(new Map(snapshots))
  if (!joint.ok) return joint
  const taken = takeTurns(joint.value, means, residents)
  if (!taken.ok) return refuseTurn(joining, means, taken.error)
  const retired = [...residents.values()].flatMap((resident) => {
    const into = joint.value.merged?.[resident.id]
    if (into === undefined) return []
    const told = taken.value.get(resident.id)
    return retire(resident, told?.version ?? resident.version, { into, at: means.now() })
  })
  const writes = [
    ...[...taken.value.values()].flatMap((turned) => turned.writes),
    ...retired,
    ...joint.value.writes,
  ]
  const fences = writes.length === 0 ? [] : fencesOf(joint.value, residents, taken.value)
  const committed = await means.commit(joining.hostIds.join(' '), [...fences, ...writes])
  if (!committed.ok) return committed
  for (const [hostId, { seen }] of Object.entries(joint.value.asks))
    if (seen !== undefined) means.touch(hostId, seen)
  return ok(new Map([...taken.value].map(([hostId, turn]) => [hostId, answerOf(turn, true)])))
}

/** It was decided on all their states, so that none of them may have moved on, told something or not. */
const fencesOf = (
  { merged }: Joint,
  residents: ReadonlyMap<Slot, Resident>,
  taken: ReadonlyMap<string, Turned>,
): readonly Write[] =>
  [...residents.values()].flatMap(({ id, saved, version }) => {
    const isFenced = (taken.get(id)?.version ?? version) > version || merged?.[id] !== undefined
    return saved === undefined || isFenced ? [] : [advanceWrite(id, version)]
  })

/** The turn of one host that ends those of all. */
type Thrown = { readonly hostId: string; readonly ask: Ask; readonly fault: AskFault }

/**
 * What no turn survives is set apart with the host that threw, as if it had been told alone. An operator sees
 * it fail and asks no more, and a host that was never there has nothing to show it with.
 */
function refuseTurn(
  { fresh }: Joining,
  { poison }: Means,
  { hostId, ask, fault }: Thrown,
): Promise<Result<never, AskFault>> | Result<never, AskFault> {
  if (ask.cause.kind === 'operator' || hostId === fresh) return fail(fault)
  return poison.refuse(hostId, ask, fault)
}

function takeTurns(
  joint: Joint,
  means: Means,
  residents: ReadonlyMap<Slot, Resident>,
): Result<ReadonlyMap<string, Turned>, Thrown> {
  const taken = new Map<string, Turned>()
  for (const [slot, resident] of residents) {
    const { hostId } = slot
    const told = joint.asks[hostId]
    if (told === undefined) continue
    const ask = { ...told, cause: joint.cause }
    const turned = means.tryTurn(slot, resident, ask)
    if (!turned.ok) return fail({ hostId, ask, fault: turned.error })
    taken.set(hostId, turned.value)
  }
  for (const [hostId, told] of Object.entries(joint.asks))
    means.poison.forget(hostId, { ...told, cause: joint.cause })
  return ok(taken)
}

function wakeHeld(
  { fresh, revived }: Joining,
  { slots, now }: Means,
  slot: Slot,
): Result<Resident, AskFault> {
  if (slot.hostId === fresh) return slots.begin(slot, now())
  const woken = slots.wake(slot, { evenMerged: slot.hostId === revived })
  // Its listed columns look as they always did, and yet must be written: it is no longer merged away.
  if (woken.ok && slot.hostId === revived) woken.value.projected = 'merged away'
  return woken
}

/** The host stays as it was, for a split to find, but under another's name and behind a new fence. */
function retire(
  resident: Resident,
  version: number,
  { into, at }: { readonly into: string; readonly at: number },
): readonly Write[] {
  const snapshot = resident.actor.snapshot()
  return [
    hostActorWrite(snapshot, version + 1),
    { put: 'host', row: { ...hostRow(snapshot, at), merged_into: into } },
  ]
}
