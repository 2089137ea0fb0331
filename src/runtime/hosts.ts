// The actor system. Decide, then commit, then act: nothing is answered before it is durable.
import type { HostSnapshot } from '../../machines/host.ts'
import { fail, ok, type Result } from '../result.ts'
import type { Store } from '../../storage/store.ts'
import type { Answer, Ask, AskFault } from './ask.ts'
import { createLastSeen, type LastSeen } from './last-seen.ts'
import { createLive, type Live } from './live.ts'
import type { SetApart } from './poison.ts'
import type { Resident, ResidentCommand } from './resident.ts'
import { createSlots, type Slot } from './slots.ts'
import { type Joined, type Joining, joinTurns } from './together.ts'
import { createTurns } from './turns.ts'
import type { World } from './world.ts'

export type HostsOptions = {
  readonly store: Store
  readonly world: World
  /** Kinds of effects somebody performs; others leave no row. */
  readonly performed?: ReadonlySet<string>
  /** @default 20,000 */
  readonly residentsMax?: number
  /** A machine threw: worth a line in the log. */
  readonly onBug?: (hostId: string, error: unknown) => void
  /** Keeps events at which a machine throws again and again; without it they are tried for ever. */
  readonly setApart?: SetApart
}

/** A host as last made durable. */
export type HostView = {
  readonly snapshot: HostSnapshot
  readonly version: number
  readonly commands: ReadonlyMap<string, ResidentCommand>
  /** Whether it was in memory before we looked. */
  readonly resident: boolean
  readonly waiting: number
}

export type Hosts = {
  /** Resolves once everything the events caused is durable. Never rejects. */
  ask(hostId: string, ask: Ask): Promise<Result<Answer, AskFault>>
  /** As `ask`, for a host that does not exist yet. */
  create(hostId: string, ask: Ask): Promise<Result<Answer, AskFault>>
  /**
   * Stops several hosts, lower id first, decides on their states, and commits all as one.
   * They are let go afterwards, so that what moved between them is read anew.
   */
  together(joining: Joining): Promise<Result<Joined, AskFault>>
  /** The host's state after whatever is under way. */
  look(hostId: string): Promise<Result<HostView, AskFault>>
  readonly live: Live
  readonly lastSeen: LastSeen
  stats(): { readonly resident: number; readonly waiting: number }
  /** Resolves when no host has work left and last-seen times are written. */
  drain(): Promise<void>
}

export function createHosts(options: HostsOptions): Hosts {
  const { store, world } = options
  const live = createLive()
  const lastSeen = createLastSeen(store, store.lookups, world)
  const onBug = options.onBug ?? (() => {})
  const slots = createSlots({
    lookups: store.lookups,
    residentsMax: options.residentsMax,
    onBug,
  })
  const turns = createTurns({ ...options, onBug, slots, live, lastSeen })

  /** Queues a job whose outcome is the answer; a full mailbox answers at once. */
  function post<Value>(
    hostId: string,
    job: (slot: Slot, answer: (outcome: Result<Value, AskFault>) => void) => Promise<void> | void,
  ): Promise<Result<Value, AskFault>> {
    const slot = slots.of(hostId)
    const { promise, resolve } = Promise.withResolvers<Result<Value, AskFault>>()
    const posted = slot.mailbox.post(() => job(slot, resolve) ?? undefined)
    return posted ? promise : Promise.resolve(fail({ kind: 'overloaded' }))
  }

  return {
    live,
    lastSeen,
    stats: slots.stats,
    ask: (hostId, ask) =>
      post(hostId, (slot, answer) => turns.take({ slot, woken: slots.wake(slot), ask }, answer)),
    create: (hostId, ask) =>
      post(hostId, (slot, answer) =>
        turns.take({ slot, woken: slots.begin(slot, world.now()), ask }, answer),
      ),
    together: (joining) =>
      joinTurns(joining, {
        slots,
        now: () => world.now(),
        tryTurn: turns.tryTurn,
        commit: turns.commit,
        poison: turns.poison,
        touch: lastSeen.touch,
      }),
    look(hostId) {
      const resident = slots.isResident(hostId)
      return post(hostId, (slot, answer) => {
        const woken = slots.wake(slot)
        answer(woken.ok ? ok(viewOf(woken.value, slot, resident)) : woken)
      })
    },
    async drain() {
      while (!slots.idle()) await new Promise<void>((resolve) => world.later(resolve, 5))
      await lastSeen.flush()
    },
  }
}

const viewOf = (resident: Resident, slot: Slot, wasResident: boolean): HostView => ({
  snapshot: resident.actor.snapshot(),
  version: resident.version,
  commands: resident.commands,
  resident: wasResident,
  waiting: slot.mailbox.waiting(),
})
