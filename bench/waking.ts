// What it costs to bring a host into memory, and that its history does not matter.
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { HostEvent } from '../machines/host-events.ts'
import { createActors } from '../src/runtime/actors.ts'
import { createHosts, type Hosts } from '../src/runtime/hosts.ts'
import { storedHost, wake } from '../src/runtime/resident.ts'
import { realWorld } from '../src/world.ts'
import { openStore } from '../storage/open.ts'
import type { Lookups } from '../storage/store.ts'
import { uuidOf } from './devices.ts'
import type { Ask } from '../src/runtime/ask.ts'
import { type Bench, median, timed } from './figure.ts'

const historic = 5_000
const openCommands = 3

/** Commands that come and finish within one turn while the history is made. */
const perTurn = 100

/** Wakes per round; the rounds of each kind take turns. */
const wakes = 500
const rounds = 15

/** The hosts by name, and the number each has its identifiers by. */
const numbers = { plain: 1, historic: 2, other: 3, busy: 4 } as const
type Name = keyof typeof numbers
const channelOf = (name: Name): string => uuidOf(numbers[name])

const cause: Ask['cause'] = { kind: 'sync', id: 'bench' }

export const waking: Bench = {
  name: 'waking',
  async run({ folder }) {
    const own = mkdtempSync(join(folder, 'muster-waking-'))
    const { store } = await openStore({
      folder: own,
      onFatal: (reason) => {
        throw reason
      },
    })
    // Two at most awake, so that a host that is asked in turn with a third must be woken.
    const hosts = createHosts({ store, world: realWorld, residentsMax: 1 })
    try {
      await live(hosts, 'plain', 0)
      await live(hosts, 'historic', historic)
      await live(hosts, 'other', 0)
      await live(hosts, 'busy', 0)
      await enqueued(hosts, 'busy')
      const { lookups } = store
      const flat = await ratios(
        () => idleWoken(hosts, 'historic'),
        () => idleWoken(hosts, 'plain'),
      )
      return [
        {
          what: 'Wake a host, beyond reading its rows',
          value: await beyondRead(lookups, 'plain'),
          unit: 'µs',
          target: { kind: 'at-most', value: 100 },
        },
        {
          what: `Wake a host with ${openCommands} open commands, beyond reading its rows`,
          value: await beyondRead(lookups, 'busy'),
          unit: 'µs',
        },
        {
          what: `Wake and Idle at ${historic.toLocaleString('en-US')} finished commands`,
          value: flat.value,
          unit: 'µs',
          target: { kind: 'ratio-at-most', value: 1.1 },
          yardstick: { what: 'at none', value: flat.beside, ratio: flat.ratio },
        },
      ]
    } finally {
      await hosts.drain()
      await store.close()
      rmSync(own, { recursive: true })
    }
  },
}

/** A host that enrolled and has finished so many commands. */
async function live(hosts: Hosts, id: Name, finished: number): Promise<void> {
  const at = Date.now()
  const channel = channelOf(id)
  sound(
    await hosts.create(id, {
      cause,
      events: [
        {
          type: 'mdm.Authenticate',
          at,
          channel,
          enrollmentType: 'Device',
          topic: 'bench',
          identity: { uuid: channel },
          quarantined: false,
          facts: { hostname: id, platform: 'darwin', model: 'Mac14,2', os_version: '15.5' },
        },
        {
          type: 'mdm.TokenUpdate',
          at,
          channel,
          kind: 'device',
          enrollmentType: 'Device',
          topic: 'bench',
          pushRef: 'push',
          userShortName: null,
          awaitingConfiguration: null,
          unlockTokenRef: null,
        },
      ],
    }),
  )
  for (let done = 0; done < finished; done += perTurn)
    sound(await hosts.ask(id, { cause, events: cyclesOf(id, done) }))
}

function cyclesOf(name: Name, from: number): readonly HostEvent[] {
  return Array.from({ length: perTurn }, (_, index) => {
    const channel = channelOf(name)
    const at = Date.now()
    const commandUUID = `done-${name}-${from + index}`
    return [
      enqueue(channel, commandUUID, from + index),
      { type: 'mdm.Idle', at, channel },
      {
        type: 'mdm.Acknowledged',
        at,
        channel,
        commandUUID,
        facts: {},
        resultRef: `${commandUUID}.result`,
        resultDigest: '0'.repeat(64),
        errorChain: [],
      },
    ] satisfies readonly HostEvent[]
  }).flat()
}

const enqueue = (channel: string, commandUUID: string, seq: number): HostEvent => ({
  type: 'operator.enqueue',
  at: Date.now(),
  commandUUID,
  channel,
  requestType: 'DeviceInformation',
  priority: 0,
  seq,
  expiresAt: Date.now() + 86_400_000,
  repeatable: true,
  requestRef: `${commandUUID}.request`,
  requestDigest: '0'.repeat(64),
})

async function enqueued(hosts: Hosts, id: Name): Promise<void> {
  const channel = channelOf(id)
  const events = Array.from({ length: openCommands }, (_, nth) =>
    enqueue(channel, `open-${nth}`, nth),
  )
  sound(await hosts.ask(id, { cause, events }))
}

/** Asks `id` and a third in turn, of which only one stays in memory. µs per Idle. */
async function idleWoken(hosts: Hosts, id: Name): Promise<number> {
  const idle = (one: Name): Ask => ({
    cause,
    events: [{ type: 'mdm.Idle', at: Date.now(), channel: channelOf(one) }],
  })
  const asks: readonly (readonly [Name, Ask])[] = [
    [id, idle(id)],
    ['other', idle('other')],
  ]
  const start = performance.now()
  for (let nth = 0; nth < wakes; nth += 1)
    for (const [one, ask] of asks) sound(await hosts.ask(one, ask))
  return ((performance.now() - start) / wakes / 2) * 1_000
}

/** Each pair is measured in the same moment, and the median of the pairs' ratios counts. */
async function ratios(one: () => Promise<number>, other: () => Promise<number>) {
  const pairs: (readonly [number, number])[] = []
  for (let round = 0; round <= rounds; round += 1) {
    const pair = [await one(), await other()] as const
    if (round > 0) pairs.push(pair)
  }
  return {
    value: median(pairs.map(([first]) => first)),
    beside: median(pairs.map(([, second]) => second)),
    ratio: median(pairs.map(([first, second]) => first / second)),
  }
}

/** The rows are read once; what is timed is making an actor of them and letting it go. */
async function beyondRead(lookups: Lookups, id: Name): Promise<number> {
  const actors = createActors()
  const rows = storedHost(lookups, id)
  if (rows === undefined) throw new Error(`${id} has no rows`)
  const perWakeMs = await timed({ rounds }, () => {
    for (let nth = 0; nth < wakes; nth += 1) wake(actors, rows).actor.stop()
  })
  return (perWakeMs / wakes) * 1_000
}

function sound<Value extends { readonly ok: boolean }>(result: Value): void {
  if (!result.ok) throw new Error(JSON.stringify(result))
}
