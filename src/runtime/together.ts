// Turns of several hosts that become durable as one: merging two, or taking one apart.
import type { HostSnapshot } from '../../machines/host.ts'
import { fail, type Result } from '../result.ts'
import type { Write } from '../../storage/store.ts'
import type { Ask, AskFault } from './ask.ts'
import type { Resident } from './resident.ts'
import type { Slot, Slots } from './slots.ts'
import type { Turned } from './turn.ts'

/** What each host is told, and the rows that belong to the whole. */
export type Joint = {
  readonly cause: Ask['cause']
  readonly asks: Readonly<Record<string, Omit<Ask, 'cause'>>>
  /** Written after the hosts' own rows. */
  readonly writes: readonly Write[]
}

type Joining = {
  readonly hostIds: readonly string[]
  readonly decide: (snapshots: ReadonlyMap<string, HostSnapshot>) => Result<Joint, AskFault>
  readonly slots: Slots
  readonly tryTurn: (slot: Slot, resident: Resident, ask: Ask) => Result<Turned, AskFault>
  readonly commit: (writes: readonly Write[]) => Promise<Result<void, AskFault>>
}

/** Hosts are held in the order of their ids, so that two joint turns never wait for each other. */
export async function joinTurns(joining: Joining): Promise<Result<void, AskFault>> {
  const { slots } = joining
  const held: Slot[] = []
  const releases: (() => void)[] = []
  for (const hostId of joining.hostIds.toSorted()) {
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
    return await turnHeld(joining, held)
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

async function turnHeld(joining: Joining, held: readonly Slot[]): Promise<Result<void, AskFault>> {
  const residents = new Map<Slot, Resident>()
  for (const slot of held) {
    const woken = joining.slots.wake(slot)
    if (!woken.ok) return woken
    residents.set(slot, woken.value)
  }
  const snapshots = new Map(
    [...residents].map(([slot, { actor }]) => [slot.hostId, actor.snapshot()]),
  )
  const joint = joining.decide(snapshots)
  if (!joint.ok) return joint
  const writes: Write[] = []
  for (const [slot, resident] of residents) {
    const ask = joint.value.asks[slot.hostId]
    if (ask === undefined) continue
    const turned = joining.tryTurn(slot, resident, { ...ask, cause: joint.value.cause })
    if (!turned.ok) return turned
    writes.push(...turned.value.writes)
  }
  return joining.commit([...writes, ...joint.value.writes])
}
