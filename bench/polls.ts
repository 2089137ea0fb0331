// What nearly all traffic is: agents and devices that ask whether there is anything, and there is not.
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { sayAll } from './client.ts'
import { authenticate, type Call, distributedRead, enroll, idle, tokenUpdate } from './devices.ts'
import { type Bench, type Figure, median, type Setup, type Target } from './figure.ts'
import { knownDevices } from './known-devices.ts'
import { answersPerSecond, type Load } from './load.ts'
import { enrollSecret, type ServerProcess, startBare, startMuster } from './servers.ts'

/** Hosts that poll in turn: more than caches of one entry hide. */
const pollers = 256

/** Each server is loaded this often, in turns, so that a disturbance meets all of them. */
const rounds = 5

type Poll = {
  readonly what: string
  readonly target: Target
  /** Begins in an empty data folder; what comes of it is what the server is started with, and what is said to it. */
  readonly prepare: (folder: string) => Promise<Prepared>
}

type Prepared = {
  readonly env: Readonly<Record<string, string>>
  readonly calls: (port: number) => Promise<readonly [Call, ...Call[]]>
}

const unprepared =
  (calls: Prepared['calls']): Poll['prepare'] =>
  async () => ({ env: {}, calls })

export const reads: Bench = poll('reads', {
  what: 'osquery empty read over HTTP',
  target: { kind: 'ratio-at-least', value: 0.6 },
  prepare: unprepared(async (port) => {
    const enrolled = await sayAll(
      port,
      numbered(pollers, (nth) => enroll(nth, enrollSecret)),
    )
    const keys = enrolled.map(({ body }) => (JSON.parse(body) as { node_key: string }).node_key)
    const calls = keys.map(distributedRead)
    // The first read of each gets the detail queries, the others nothing.
    await sayAll(port, calls)
    return filled(calls)
  }),
})

export const idles: Bench = poll('idles', {
  what: 'MDM Idle with an empty queue over HTTP',
  target: { kind: 'ratio-at-least', value: 0.3 },
  prepare: unprepared(idleAfterEnrolment((call) => call)),
})

export const signedIdles: Bench = poll('signed', {
  what: 'MDM Idle with a signature over HTTP',
  target: { kind: 'at-least', value: 4_000 },
  async prepare(folder) {
    const { env, signed } = await knownDevices(folder, pollers)
    const known = { ...env, MUSTER_DEVICE_AUTH: 'signature' }
    return { env: known, calls: idleAfterEnrolment(signed) }
  },
})

export const certifiedIdles: Bench = poll('certified', {
  what: 'MDM Idle with a certificate header over HTTP',
  target: { kind: 'at-least', value: 6_000 },
  async prepare(folder) {
    const { env, certified } = await knownDevices(folder, pollers)
    const known = { ...env, MUSTER_DEVICE_AUTH: 'header', MUSTER_PROXIES: '127.0.0.1' }
    return { env: known, calls: idleAfterEnrolment(certified) }
  },
})

function idleAfterEnrolment(proven: (call: Call, nth: number) => Call): Prepared['calls'] {
  const saying = (call: (nth: number) => Call) => (nth: number) => proven(call(nth), nth)
  return async (port) => {
    await sayAll(port, numbered(pollers, saying(authenticate)))
    await sayAll(port, numbered(pollers, saying(tokenUpdate)))
    return filled(numbered(pollers, saying(idle)))
  }
}

export const numbered = (count: number, call: (nth: number) => Call): readonly Call[] =>
  Array.from({ length: count }, (_, nth) => call(nth))

function filled(calls: readonly Call[]): readonly [Call, ...Call[]] {
  const [first, ...others] = calls
  if (first === undefined) throw new Error('there is nothing to say')
  return [first, ...others]
}

function poll(name: string, options: Poll): Bench {
  return {
    name,
    async run(setup) {
      const folder = mkdtempSync(join(setup.folder, 'muster-polls-'))
      const { env, calls } = await options.prepare(folder)
      const bare = await startBare()
      const muster = await startMuster(folder, env)
      try {
        return await compare({ muster, bare }, { ...options, calls }, setup)
      } finally {
        await muster.stop()
        await bare.stop()
        rmSync(folder, { recursive: true })
      }
    },
  }
}

type Rivals = { readonly muster: ServerProcess; readonly bare: ServerProcess }

async function compare(
  { muster, bare }: Rivals,
  { what, target, calls: saying }: Pick<Poll, 'what' | 'target'> & Pick<Prepared, 'calls'>,
  { folder, seconds, say }: Setup,
): Promise<readonly Figure[]> {
  const calls = await saying(muster.port)
  const loadOn = (server: ServerProcess, path: string): (() => Promise<Loaded>) => {
    const [head, ...others] = calls
    const to = (call: Call): Call => ({ ...call, path })
    const load = { port: server.port, calls: [to(head), ...others.map(to)], folder } as const
    return () => loaded(server, { ...load, seconds })
  }
  const rivals = {
    ours: loadOn(muster, calls[0].path),
    ignored: loadOn(bare, '/ignored'),
    read: loadOn(bare, '/read'),
  }
  const rates: Round[] = []
  for (let round = 0; round <= rounds; round += 1) {
    const [ours, ignored, read] = [await rivals.ours(), await rivals.ignored(), await rivals.read()]
    // The first round only warms the compilers up.
    if (round > 0) rates.push({ ours, ignored, read })
    say(`${what}: round ${round} of ${rounds}`)
  }
  return [
    { ...rateBeside(rates, 'ignored'), what, target },
    { ...rateBeside(rates, 'read'), what },
    { ...cpuBeside(rates, 'ignored'), what: `${what}: processor time` },
    { ...cpuBeside(rates, 'read'), what: `${what}: processor time` },
  ]
}

/** `cpuUs` is per answer: it does not mind what else the machine does. */
type Loaded = { readonly rate: number; readonly cpuUs: number }
type Round = { readonly [Rival in 'ours' | 'ignored' | 'read']: Loaded }

async function loaded(server: ServerProcess, load: Load): Promise<Loaded> {
  const before = server.cpuMs() ?? Number.NaN
  const rate = await answersPerSecond(load)
  const cpuMs = (server.cpuMs() ?? Number.NaN) - before
  return { rate, cpuUs: (cpuMs * 1_000) / (rate * load.seconds) }
}

const names = { ignored: 'bare route, body ignored', read: 'bare route, body read' } as const
type Beside = keyof typeof names

/** Ratios are taken within a round and then the median, so that both sides had the same moment. */
const rateBeside = (rounds: readonly Round[], beside: Beside) => ({
  value: median(rounds.map(({ ours }) => ours.rate)),
  unit: '/s',
  yardstick: {
    what: names[beside],
    value: median(rounds.map((round) => round[beside].rate)),
    ratio: median(rounds.map((round) => round.ours.rate / round[beside].rate)),
  },
})

/** The ratio is turned round, to be read as that of the rates. */
const cpuBeside = (rounds: readonly Round[], beside: Beside) => ({
  value: median(rounds.map(({ ours }) => ours.cpuUs)),
  unit: 'µs',
  yardstick: {
    what: names[beside],
    value: median(rounds.map((round) => round[beside].cpuUs)),
    ratio: median(rounds.map((round) => round[beside].cpuUs / round.ours.cpuUs)),
  },
})
