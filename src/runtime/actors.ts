// The only file that knows how XState starts, stores and restores an actor.
import { type ActorRefFrom, createActor } from 'xstate'
import { commandMachine, type CommandSnapshot } from '../../machines/command.ts'
import { type EffectAction, type Effects, effects } from '../../machines/effects.ts'
import { hostMachine, type HostSnapshot } from '../../machines/host.ts'
import type { HostEvent } from '../../machines/host-events.ts'
import { machineVersions, upgradeSnapshot } from '../../machines/versions.ts'

/** A live host actor. What it and its commands ask of the world during a turn comes back from `send`. */
export type HostActor = {
  /** Throws when the machine did: the actor is then beyond use. */
  send(events: readonly HostEvent[]): readonly EffectAction[]
  snapshot(): HostSnapshot
  /** The commands that were there at the end of any of the events of the last turn. */
  children(): ReadonlyMap<string, CommandActor>
  stop(): void
}

export type CommandActor = { snapshot(): CommandSnapshot }

type StoredActor = { readonly version: number; readonly snapshot: string }

export type Actors = {
  start(id: string, at: number): HostActor
  /** Brings a host back with its open commands. Older snapshots are upgraded first. Throws on unknown states. */
  restore(host: StoredActor, commands: Readonly<Record<string, StoredActor>>): HostActor
}

/** Snapshots as text, at the machine's present version. */
export const hostText = (snapshot: HostSnapshot): string =>
  JSON.stringify(hostMachine.getPersistedSnapshot({ ...snapshot, children: {} }))

export const commandText = (snapshot: CommandSnapshot): string =>
  JSON.stringify(commandMachine.getPersistedSnapshot(snapshot))

export const hostVersion = machineVersions.host.version
export const commandVersion = machineVersions.command.version

export function createActors(): Actors {
  let asked: EffectAction[] = []
  const collect = Object.fromEntries(
    (Object.keys(effects) as (keyof Effects)[]).map((type) => [
      type,
      // Each effect is called with its own params, which is what EffectAction pairs.
      (_args: unknown, params: unknown) => void asked.push({ type, params } as EffectAction),
    ]),
  ) as typeof effects
  const machine = hostMachine.provide({
    actions: collect,
    actors: { command: commandMachine.provide({ actions: collect }) },
  })

  function live(actor: ActorRefFrom<typeof machine>): HostActor {
    // Without an observer XState throws a machine's error from a timer, which would end the process.
    actor.subscribe({ error: () => {} })
    actor.start()
    assertSound(actor.getSnapshot())
    // A command that was not understood would be neither offered nor expired, and nobody would know.
    let met = openChildren(actor.getSnapshot())
    for (const [id, child] of met) {
      const { status, error } = child.snapshot()
      if (status === 'error') throw new Error(`command ${id} failed`, { cause: error })
    }
    return {
      send(events) {
        asked = []
        met = noChildren
        for (const event of events) {
          actor.send(event)
          const snapshot = actor.getSnapshot()
          assertSound(snapshot)
          met = both(met, openChildren(snapshot))
        }
        return asked
      },
      snapshot: () => actor.getSnapshot(),
      children: () => met,
      stop() {
        actor.stop()
      },
    }
  }

  return {
    start: (id, at) => live(createActor(machine, { input: { id, at } })),
    restore(host, commands) {
      const children = Object.fromEntries(
        Object.entries(commands).map(([id, command]) => [
          id,
          { snapshot: stored('command', command), src: 'command', syncSnapshot: false },
        ]),
      )
      const snapshot = { ...stored('host', host), children }
      // A stored snapshot is what getPersistedSnapshot gave, which is what createActor takes.
      return live(createActor(machine, { snapshot: snapshot as never, input: { id: '', at: 0 } }))
    },
  }
}

const stored = (id: 'host' | 'command', row: StoredActor): { readonly [key: string]: unknown } =>
  upgradeSnapshot(id, row.version, JSON.parse(row.snapshot) as { readonly [key: string]: unknown })

function assertSound({ status, error }: HostSnapshot): void {
  if (status === 'error') throw new Error('a host machine failed', { cause: error })
}

type Children = ReadonlyMap<string, CommandActor>

/** One for all: nearly every host awake has none, and an empty map of its own takes 0.2 kB. */
const noChildren: Children = new Map()

function openChildren({ children }: HostSnapshot): Children {
  const open = new Map<string, CommandActor>()
  for (const [id, child] of Object.entries(children)) {
    // A host spawns nothing but commands.
    const ref = child as ActorRefFrom<typeof commandMachine> | undefined
    if (ref !== undefined) open.set(id, { snapshot: () => ref.getSnapshot() })
  }
  return open.size === 0 ? noChildren : open
}

const both = (earlier: Children, later: Children): Children =>
  earlier.size === 0 ? later : new Map([...earlier, ...later])
