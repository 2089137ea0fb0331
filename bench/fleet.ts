// What a fleet's size costs: the same questions and polls at a thousand hosts, a hundred thousand, and more.
import { readFileSync } from 'node:fs'
import { type Client, openClient, sayAll } from './client.ts'
import { type Call, distributedRead, enroll, idle } from './devices.ts'
import { type Bench, type Figure, median, type Setup, type Target, timed } from './figure.ts'
import { filledFolder } from './fill.ts'
import { hasOpen, managed, nodeKeyOf, withAgent } from './fill-hosts.ts'
import { answersPerSecond } from './load.ts'
import { adminToken, enrollSecret, type ServerProcess, startMuster } from './servers.ts'

/** Fleets beside the one that was asked for. */
const sizes = [1_000, 100_000] as const

/** Rounds in which every fleet is asked in turn, so that all meet the same moments of the machine. */
const rounds = 5
const asksPerRound = 5

/** Hosts that poll in turn. */
const pollers = 256

/** Hosts that are asleep and wake; fewer than are kept awake. */
const sleepers = 400

type Question = {
  readonly what: string
  readonly path: string | ((hosts: number) => string)
  readonly mostMs?: number
}

/** Of hosts numbered to the same length: the number of sevens, and the ten that go on from there. */
const elevenOf = (hosts: number): string => '7'.repeat(String(hosts - 1).length - 1)

const questions: readonly Question[] = [
  { what: 'list of 1,000', path: '/hosts?limit=1000', mostMs: 50 },
  { what: 'page of 100 by hostname', path: '/hosts?limit=100&sort=hostname', mostMs: 10 },
  {
    what: 'page of 100 enrolled by osquery and not by MDM',
    path: '/hosts?limit=100&mdm=!enrolled&osquery=enrolled',
    mostMs: 10,
  },
  { what: 'page of 100 last seen', path: '/hosts?limit=100&sort=-last_seen_at', mostMs: 10 },
  { what: 'page of 100 by presence', path: '/hosts?limit=100&presence=missing', mostMs: 10 },
  {
    what: 'page of 100 by presence and state',
    path: '/hosts?limit=100&presence=missing&mdm=enrolled',
    mostMs: 10,
  },
  { what: 'page of 100 by model', path: '/hosts?limit=100&sort=model', mostMs: 10 },
  {
    what: 'search that finds 11 hosts',
    path: (hosts) => `/hosts?limit=100&q=bench-${elevenOf(hosts)}`,
    mostMs: 10,
  },
  { what: 'search that finds one in ninety', path: '/hosts?limit=100&q=bench-77' },
  { what: 'one host', path: '/hosts/C02B00000770' },
  { what: 'one host: journal', path: '/hosts/C02B00000770/journal' },
  { what: 'page of 100 commands', path: '/commands?limit=100', mostMs: 10 },
  { what: 'counts and presence', path: '/hosts/summary', mostMs: 5 },
]

/** Starts of the process: one alone may meet a busy moment. */
const starts = 3

type Fleet = {
  readonly hosts: number
  readonly muster: ServerProcess
  readonly client: Client
  readonly readyMs: number
  readonly idleMb: number
  readonly polls: Readonly<Record<'read' | 'idle', readonly [Call, ...Call[]]>>
  /** By what was asked. */
  readonly times: Map<string, number[]>
}

export const fleet: Bench = {
  name: 'fleet',
  async run(setup) {
    const fleets: Fleet[] = []
    try {
      for (const hosts of new Set([...sizes.filter((size) => size < setup.hosts), setup.hosts]))
        fleets.push(await start({ ...setup, hosts }))
      for (let round = 1; round <= rounds; round += 1) {
        for (const one of fleets) await ask(one)
        for (const one of fleets) await poll(one, setup)
        for (const one of fleets) await enrol(one, round)
        setup.say(`fleet: round ${round} of ${rounds}`)
      }
      return fleets.flatMap((one) => figuresOf(one, fleets[0] ?? one))
    } finally {
      for (const { client, muster } of fleets) {
        client.close()
        await muster.stop()
      }
    }
  },
}

async function start(setup: Setup): Promise<Fleet> {
  const { hosts, say } = setup
  const path = await filledFolder(setup)
  const readyMs: number[] = []
  for (let nth = 1; nth < starts; nth += 1) {
    const muster = await startMuster(path)
    readyMs.push(muster.readyMs)
    await muster.stop()
  }
  const muster = await startMuster(path)
  readyMs.push(muster.readyMs)
  const idleMb = megabytesOf(muster)
  const times = new Map<string, number[]>()
  const { port } = muster
  const polls = {
    read: pollsOf(hosts, withAgent, (nth) => distributedRead(nodeKeyOf(nth))),
    idle: pollsOf(hosts, (nth) => managed(nth) && !hasOpen(nth), idle),
  }
  for (const [kind, calls] of Object.entries(polls)) {
    const [began, cold] = [performance.now(), calls.slice(-sleepers)]
    await sayAll(port, cold)
    times.set(`${kind}: asleep`, [(performance.now() - began) / cold.length])
    // The first read of each gets the detail queries, the others nothing.
    await sayAll(port, calls.slice(0, pollers))
  }
  say(`fleet: ${hosts} hosts are served`)
  return {
    hosts,
    muster,
    client: await openClient(port),
    readyMs: median(readyMs),
    idleMb,
    polls,
    times,
  }
}

/** Spread over the whole fleet; first those that poll, then those that sleep until they are woken once. */
function pollsOf(
  hosts: number,
  fits: (nth: number) => boolean,
  call: (nth: number) => Call,
): readonly [Call, ...Call[]] {
  const step = Math.max(1, Math.floor(hosts / 4_000))
  const [first, ...others] = Array.from({ length: hosts / step }, (_, index) => {
    // Off the beat of the mix, which has a period of twenty.
    return (index * step + (index % 20)) % hosts
  })
    .filter((nth, index, all) => fits(nth) && all.indexOf(nth) === index)
    .slice(0, pollers + sleepers)
    .map(call)
  if (first === undefined) throw new Error(`nobody of ${hosts} polls`)
  return [first, ...others]
}

async function ask({ hosts, client, times }: Fleet): Promise<void> {
  for (const { what, path } of questions) {
    const address = typeof path === 'string' ? path : path(hosts)
    note(times, what, await timed({ rounds: asksPerRound, warm: 1 }, () => get(client, address)))
  }
}

async function poll({ muster: { port }, polls, times }: Fleet, setup: Setup): Promise<void> {
  const [firstRead, ...reads] = polls.read
  const [firstIdle, ...idles] = polls.idle
  const { folder, seconds } = setup
  const awake = pollers - 1
  const load = { port, folder, seconds }
  const read = await answersPerSecond({ ...load, calls: [firstRead, ...reads.slice(0, awake)] })
  const idled = await answersPerSecond({ ...load, calls: [firstIdle, ...idles.slice(0, awake)] })
  note(times, 'osquery empty reads', read)
  note(times, 'MDM Idle with an empty queue', idled)
}

/** New computers, whose rows go into every index there is. */
const newcomers = 200

async function enrol({ muster: { port }, times }: Fleet, round: number): Promise<void> {
  const first = 3_000_000 + Math.floor(Math.random() * 9_000) * 1_000 + round * newcomers
  const calls = Array.from({ length: newcomers }, (_, nth) => enroll(first + nth, enrollSecret))
  const began = performance.now()
  await sayAll(port, calls)
  note(times, 'osquery enrolments', (newcomers * 1_000) / (performance.now() - began))
}

function note(times: Fleet['times'], what: string, value: number): void {
  times.set(what, [...(times.get(what) ?? []), value])
}

function figuresOf(one: Fleet, smallest: Fleet): readonly Figure[] {
  const of = (what: string): string => `${one.hosts.toLocaleString('en-US')} hosts: ${what}`
  const valueOf = ({ times }: Fleet, what: string): number => median(times.get(what) ?? [])
  const beside = (what: string): Pick<Figure, 'value' | 'yardstick'> => {
    const value = valueOf(one, what)
    if (one === smallest) return { value }
    const least = valueOf(smallest, what)
    const name = `at ${smallest.hosts.toLocaleString('en-US')}`
    return { value, yardstick: { what: name, value: least, ratio: value / least } }
  }
  const most = (value: number): Target => ({ kind: 'at-most', value })
  return [
    {
      what: of('process started until ready'),
      value: one.readyMs,
      unit: 'ms',
      target: most(2_000),
    },
    { what: of('memory of the process once ready'), value: one.idleMb, unit: 'MB' },
    { what: of('memory of the process at the end'), value: megabytesOf(one.muster), unit: 'MB' },
    ...questions.map(({ what, mostMs }): Figure => {
      const target = mostMs === undefined ? {} : { target: most(mostMs) }
      return { ...beside(what), what: of(what), unit: 'ms', ...target }
    }),
    ...['osquery empty reads', 'MDM Idle with an empty queue', 'osquery enrolments'].map(
      (what): Figure => ({ ...beside(what), what: of(what), unit: '/s' }),
    ),
    ...(['read', 'idle'] as const).map((kind): Figure => {
      const what = { read: 'first read of a sleeping host', idle: 'first Idle of a sleeping host' }
      return { ...beside(`${kind}: asleep`), what: of(what[kind]), unit: 'ms' }
    }),
  ]
}

/** Resident memory as Linux counts it. */
function megabytesOf({ pid }: ServerProcess): number {
  const [, kb] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? []
  return Number(kb) / 1_000
}

async function get(client: Client, path: string): Promise<void> {
  const said = await client.say({
    method: 'GET',
    path: `/api/v1${path}`,
    headers: { Authorization: `Bearer ${adminToken}` },
    body: '',
  })
  if (said.status !== 200) throw new Error(`${path}: ${said.status} ${said.body}`)
}
