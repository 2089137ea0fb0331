// The world as the machines' tests see it: a host with its commands, and everything they ask for.
import { type ActorRefFrom, createActor, type InspectionEvent } from 'xstate'
import { commandMachine, type CommandSnapshot } from '../../machines/command.ts'
import { type EffectAction, type Effects, effects, type Reply } from '../../machines/effects.ts'
import type { HostEvent } from '../../machines/host-events.ts'
import { hostMachine, type HostSnapshot } from '../../machines/host.ts'
import { dotted } from '../../machines/standing.ts'

type Stored = { readonly [key: string]: unknown }

/** What the store keeps of one host: its own snapshot without children, and each open child's. */
export type StoredHost = {
  readonly host: Stored
  readonly commands: Readonly<Record<string, Stored>>
}

export type World = {
  /** Lets the host take the events in order; gives what was asked of the world meanwhile. */
  send(...events: readonly HostEvent[]): readonly EffectAction[]
  /** The last reply an event got, or undefined when the host's state does not take it. */
  ask(event: HostEvent): Reply | undefined
  snapshot(): HostSnapshot
  /** The three regions, dotted: `enrolled.ready assigned unenrolled`. */
  standing(): string
  /** State of every command ever enqueued, finished ones included. */
  commands(): Readonly<Record<string, CommandSnapshot['value']>>
  command(commandUUID: string): CommandSnapshot
  store(): StoredHost
  stop(): void
}

type Options = {
  readonly stored?: StoredHost
  readonly inspect?: (event: InspectionEvent) => void
}

/** Effects that are only collected, in the order in which they were asked for. */
export function collector(asked: EffectAction[]): typeof effects {
  const names = Object.keys(effects) as readonly (keyof Effects)[] // the keys of a literal
  return Object.fromEntries(
    names.map((type) => [
      type,
      // An effect is called with its own params, which is what EffectAction pairs.
      (_args: unknown, params: unknown) => void asked.push({ type, params } as EffectAction),
    ]),
  ) as typeof effects
}

export const machineWith = (actions: typeof effects): typeof hostMachine =>
  hostMachine.provide({ actions, actors: { command: commandMachine.provide({ actions }) } })

/** A host that exists since time 0, fresh or as it was stored. */
export function createWorld({ stored, inspect }: Options = {}): World {
  const asked: EffectAction[] = []
  const machine = machineWith(collector(asked))
  const actor = createActor(machine, {
    input: { id: 'host-1', at: 0 },
    ...(inspect && { inspect }),
    ...(stored && { snapshot: restored(stored) }),
  })
  const seen = new Map<string, ActorRefFrom<typeof commandMachine>>()
  actor.subscribe({ error: () => {} })
  actor.start()
  const look = (): void => {
    for (const [id, child] of Object.entries(actor.getSnapshot().children))
      if (child !== undefined) seen.set(id, child)
  }
  look()
  const world: World = {
    send(...events) {
      asked.length = 0
      for (const event of events) {
        actor.send(event)
        look()
      }
      const snapshot = actor.getSnapshot()
      if (snapshot.status === 'error') throw new Error('the host failed', { cause: snapshot.error })
      return [...asked]
    },
    ask: (event) => replyIn(world.send(event)),
    snapshot: () => actor.getSnapshot(),
    standing: () => standingOf(actor.getSnapshot()),
    commands: () =>
      Object.fromEntries([...seen].map(([id, child]) => [id, child.getSnapshot().value])),
    command(commandUUID) {
      const child = seen.get(commandUUID)
      if (child === undefined) throw new Error(`no command ${commandUUID} was ever enqueued`)
      return child.getSnapshot()
    },
    store: () => storedOf(actor.getSnapshot()),
    stop: () => void actor.stop(),
  }
  return world
}

/** A host to which all this has happened. */
export function after(...events: readonly HostEvent[]): World {
  const world = createWorld()
  world.send(...events)
  return world
}

/** The one reply of a turn. Two would mean that two regions answered one message. */
export function replyIn(asked: readonly EffectAction[]): Reply | undefined {
  const replies = asked.filter((effect) => effect.type === 'reply')
  if (replies.length > 1) throw new Error('one event was answered twice')
  return replies[0]?.params
}

/** The command a talking channel gets, if any. Throws when it is not answered at all. */
export function nextOf(world: World, event: HostEvent): string | undefined {
  const reply = world.ask(event)
  if (reply?.kind === 'command') return reply.commandUUID
  if (reply?.kind === 'nothing') return undefined
  throw new Error(`${event.type} got no answer for a device`)
}

export const standingOf = ({ value }: HostSnapshot): string =>
  [value.mdm, value.dep, value.osquery].map((state) => dotted(state)).join(' ')

export function storedOf(snapshot: HostSnapshot): StoredHost {
  const commands: Record<string, Stored> = {}
  for (const [id, child] of Object.entries(snapshot.children))
    if (child?.getSnapshot().status === 'active')
      commands[id] = asText(commandMachine.getPersistedSnapshot(child.getSnapshot()))
  return { host: asText(hostMachine.getPersistedSnapshot({ ...snapshot, children: {} })), commands }
}

/** Through JSON and back, as every stored snapshot goes. */
const asText = (snapshot: unknown): Stored => JSON.parse(JSON.stringify(snapshot)) as Stored

function restored({ host, commands }: StoredHost): never {
  const children = Object.fromEntries(
    Object.entries(commands).map(([id, snapshot]) => [
      id,
      { snapshot, src: 'command', syncSnapshot: false },
    ]),
  )
  // What getPersistedSnapshot gave is what createActor takes; its type is wider.
  return { ...host, children } as never
}
