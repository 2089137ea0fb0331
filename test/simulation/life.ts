// One life of the server: the real runtime and intakes over the durable rows, until it is killed.
import { createCommands } from '../../src/intake/commands.ts'
import { createDepIntake } from '../../src/intake/dep.ts'
import { createMdmIntake } from '../../src/intake/mdm.ts'
import { createOsqueryIntake } from '../../src/intake/osquery.ts'
import { createReconcile } from '../../src/intake/reconcile.ts'
import { createSight } from '../../src/intake/sight.ts'
import { createTurnstile } from '../../src/intake/turnstile.ts'
import { createAlarms } from '../../src/runtime/alarms.ts'
import { createHosts, type Hosts } from '../../src/runtime/hosts.ts'
import { createOutbox, type Performers } from '../../src/runtime/outbox.ts'
import { createSteady } from '../../src/runtime/steady.ts'
import type { World } from '../../src/runtime/world.ts'
import { createSealing } from '../../src/secrets/sealing.ts'
import { createVault } from '../../src/secrets/vault.ts'
import type { Store } from '../../storage/store.ts'
import type { Dice } from './dice.ts'
import type { PlantedBug } from './planted-bug.ts'
import type { Owner, Schedule } from './schedule.ts'

export type Life = Owner & {
  readonly hosts: Hosts
  readonly doors: Doors
  /** The time by which things are due. */
  readonly steady: () => number
}

export type Doors = ReturnType<typeof openDoors>

export type LifeOptions = {
  readonly schedule: Schedule
  /** Milliseconds since 1970 as the machine believes; it may jump. */
  readonly wallClock: () => number
  readonly dice: Dice
  readonly owner: Owner
  readonly store: Store
  readonly performers: Performers
  readonly bug: PlantedBug | undefined
  readonly failed: (error: unknown) => void
}

const noBug: PlantedBug = { name: 'none' }

/** Few enough that hosts are let go and woken all the time. */
const residentsMax = 2

export function openLife(options: LifeOptions): Life {
  const { dice, owner, bug = noBug } = options
  const natural = createWorld(options)
  const { world, store, tools } = surroundings(options, natural)
  const runtime = createHosts({
    store,
    world,
    residentsMax,
    performed: new Set(Object.keys(options.performers)),
    onBug: (_hostId, error) => options.failed(error),
  })
  const hosts = bug.hosts?.(runtime, tools) ?? runtime
  createAlarms({ store: bug.alarmStore?.(store) ?? store, hosts, world })
  const performers = bug.performers?.(options.performers, tools) ?? options.performers
  createOutbox({ store, hosts, world, performers })
  const doors = openDoors({ store, hosts, world, dice, bug })
  return Object.assign(owner, { hosts, doors, steady: natural.steady })
}

/** Time, chance and rows as the parts of this life are to find them. */
function surroundings({ bug = noBug, performers, store }: LifeOptions, natural: World) {
  const world = bug.world?.(natural) ?? natural
  const tools = { world, performers }
  return { world, tools, store: bug.store?.(store, tools) ?? store }
}

/** One vault for all runs: deriving its keys takes longer than a whole run. */
const vault = createVault(new Uint8Array(32))

function openDoors(means: {
  readonly store: Store
  readonly hosts: Hosts
  readonly world: World
  readonly dice: Dice
  readonly bug: PlantedBug
}) {
  const { store, hosts, world, dice, bug } = means
  const { lookups } = store
  const turnstile = bug.turnstile ?? createTurnstile()
  const sight = createSight({ store, hosts, world, turnstile })
  const nowhere = async () => ({ ok: false, error: { kind: 'missing' } }) as const
  const sealing = createSealing({
    vault,
    blobs: { put: nowhere, get: nowhere },
    sealed: (ref) => lookups.sealed(ref),
  })
  return {
    mdm: createMdmIntake({
      hosts,
      lookups: bug.mdmLookups?.(lookups) ?? lookups,
      sealing,
      sight,
      world,
    }),
    dep: createDepIntake({ hosts, lookups, sight, world }),
    osquery: createOsqueryIntake({
      hosts,
      lookups,
      sight,
      world,
      mint: () => dice.hex(32),
      agentCooldownMs: 600_000,
      isEnrollSecret: () => true,
      logs: { appendLogs: async () => ({ ok: true }), appendLines: async () => ({ ok: true }) },
    }),
    commands: createCommands({ store, hosts, sealing, world }),
    reconcile: createReconcile({ store, hosts, world }),
  }
}

function createWorld({ schedule, wallClock, dice, owner, store, bug = noBug }: LifeOptions): World {
  const mine = schedule.of(owner)
  const later: World['later'] = (task, delayMs) => mine.after(delayMs, 'timer', task)
  const steady = createSteady({
    now: wallClock,
    elapsed: schedule.now,
    later,
    mark: bug.forgetsClock === true ? undefined : store.lookups.clock()?.at,
    keep: async (at) => (await store.commit([{ put: 'clock', row: { id: 1, at } }])).ok,
  })
  return {
    now: wallClock,
    steady: steady.now,
    random: dice.roll,
    later,
    uuid() {
      const time = wallClock().toString(16).padStart(12, '0')
      return `${time.slice(0, 8)}-${time.slice(8)}-7${dice.hex(3)}-8${dice.hex(3)}-${dice.hex(12)}`
    },
  }
}
