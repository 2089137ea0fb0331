// The runtime as its tests see it: real store, real machines, and a clock that they wind.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterAll, onTestFinished } from 'vitest'
import type { HostEvent } from '../../machines/host-events.ts'
import { createAlarms } from '../../src/runtime/alarms.ts'
import type { Answer, Ask, AskFault } from '../../src/runtime/ask.ts'
import { createHosts, type Hosts } from '../../src/runtime/hosts.ts'
import { createOutbox, type Performers } from '../../src/runtime/outbox.ts'
import type { Result } from '../../src/result.ts'
import { createSetApart } from '../../src/intake/set-apart.ts'
import type { SetApart } from '../../src/runtime/poison.ts'
import { createSealing, type Sealing } from '../../src/secrets/sealing.ts'
import { createVault } from '../../src/secrets/vault.ts'
import type { Faults } from '../../storage/faults.ts'
import { type OpenedStore, openStore } from '../../storage/open.ts'
import { type Clock, createClock } from './clock.ts'
import { meterStore, type MeteredStore } from './metered-store.ts'

export type House = {
  readonly folder: string
  readonly clock: Clock
  readonly hosts: Hosts
  readonly store: MeteredStore
  readonly opened: OpenedStore
  readonly sealing: Sealing
  /** What `onBug` was told. */
  readonly bugs: readonly { readonly hostId: string; readonly error: unknown }[]
  /** Lets time pass, with everything that becomes due meanwhile. */
  advance(ms: number): Promise<void>
  /** Waits until nothing is under way. */
  quiet(): Promise<void>
  /** Ends it as a killed process ends: whatever was only in memory is gone. */
  close(): Promise<void>
}

export type HouseOptions = {
  readonly folder?: string
  readonly clock?: Clock
  readonly faults?: Faults
  readonly residentsMax?: number
  readonly performers?: Performers
  /** For the whole file instead of one test: opening takes its time. */
  readonly lasting?: boolean
}

export async function openHouse(options: HouseOptions = {}): Promise<House> {
  const ends = options.lasting === true ? afterAll : onTestFinished
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'muster-test-'))
  const { clock = createClock(), performers = {} } = options
  const opened = await openStore({
    folder,
    onFatal: (reason) => {
      throw reason
    },
    ...(options.faults && { faults: options.faults }),
  })
  const store = meterStore(opened.store)
  const sealing = createSealing({
    vault: createVault(new Uint8Array(32)),
    blobs: opened.blobs,
    sealed: (ref) => store.lookups.sealed(ref),
  })
  const setApart = createSetApart({ sealing, world: clock })
  const house = runOn({ store, clock, performers, setApart, residentsMax: options.residentsMax })
  let closing: Promise<void> | undefined
  const close = (): Promise<void> =>
    (closing ??= house.stop().then(async () => opened.store.close()))
  ends(async () => {
    await close()
    rmSync(folder, { recursive: true, force: true })
  })
  return { folder, clock, store, opened, sealing, ...house, close }
}

type Runtime = Pick<House, 'hosts' | 'bugs' | 'advance' | 'quiet'> & { stop(): Promise<void> }

type RuntimeOptions = {
  readonly setApart?: SetApart
  readonly store: MeteredStore
  readonly clock: Clock
  readonly performers?: Performers
  readonly residentsMax?: number | undefined
}

/** A runtime on a store that is open already: two on one store are two processes to each other. */
export function runOn({ store, clock, residentsMax, ...rest }: RuntimeOptions): Runtime {
  const bugs: { hostId: string; error: unknown }[] = []
  const performers = Object.entries(rest.performers ?? {})
  let performing = 0
  const counted: Performers = Object.fromEntries(
    performers.map(([kind, perform]) => [
      kind,
      (row) => {
        performing += 1
        return perform(row).finally(() => (performing -= 1))
      },
    ]),
  )
  const hosts = createHosts({
    store,
    world: clock,
    performed: new Set(Object.keys(counted)),
    ...(rest.setApart && { setApart: rest.setApart }),
    onBug: (hostId, error) => void bugs.push({ hostId, error }),
    ...(residentsMax !== undefined && { residentsMax }),
  })
  const alarms = createAlarms({ store, hosts, world: clock })
  const outbox = createOutbox({ store, hosts, world: clock, performers: counted })

  async function quiet(): Promise<void> {
    for (let still = 0; still < 3; still += 1) {
      await setImmediate()
      if (store.pending > 0 || performing > 0) still = -1
    }
  }

  return {
    hosts,
    bugs,
    quiet,
    async advance(ms) {
      const until = clock.now() + ms
      await quiet()
      while (clock.runNext(until)) await quiet()
      clock.set(until)
    },
    async stop() {
      await Promise.all([alarms.stop(), outbox.stop()])
    },
  }
}

/** The same folder after the end of its process, and a new one's clock. */
export async function reopen(house: House, options: HouseOptions = {}): Promise<House> {
  await house.close()
  return openHouse({ folder: house.folder, clock: createClock(house.clock.now()), ...options })
}

export const asked = (...events: readonly HostEvent[]): Ask => ({
  events,
  cause: { kind: 'device', id: null },
})

/** Creates a host to which this happens first. */
export async function born(
  { hosts }: Pick<House, 'hosts'>,
  hostId: string,
  ...events: readonly HostEvent[]
): Promise<void> {
  valueOf(await hosts.create(hostId, asked(...events)))
}

export function valueOf<Value>(result: Result<Value, AskFault>): Value {
  if (!result.ok) throw new Error(`the host answered ${JSON.stringify(result.error)}`)
  return result.value
}

/** Tells a host something and gives its answer. Throws on a fault. */
export const tell = async (
  { hosts }: Pick<House, 'hosts'>,
  hostId: string,
  ...events: readonly HostEvent[]
): Promise<Answer> => valueOf(await hosts.ask(hostId, asked(...events)))

/** An outcome as plain values: what was answered, and where host and open commands stand. */
export const plain = (outcome: Result<Answer, AskFault>): unknown => {
  if (!outcome.ok) return outcome
  const { reply, changed, snapshot } = outcome.value
  return { reply, changed, value: snapshot.value, context: snapshot.context }
}

/** Where every command of the host stands, by CommandUUID. */
export async function commandStates(
  { opened }: Pick<House, 'opened'>,
  hostId: string,
): Promise<Readonly<Record<string, string>>> {
  const listed = await opened.queries.listCommands({ hostId, limit: 1_000, ascending: true })
  if (!listed.ok) throw new Error(listed.error.kind)
  return Object.fromEntries(
    listed.value.items.map(({ command_uuid, state }) => [command_uuid, state]),
  )
}

/** Waits for something that real I/O brings about. */
export async function until(condition: () => boolean): Promise<void> {
  for (let turns = 0; turns < 100_000; turns += 1) {
    if (condition()) return
    await setImmediate()
  }
  throw new Error('it never came about')
}
