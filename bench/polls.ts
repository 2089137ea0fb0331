// What nearly all traffic is: agents and devices that ask whether there is anything, and there is not.
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { sayAll } from './client.ts'
import { authenticate, type Call, distributedRead, enroll, idle, tokenUpdate } from './devices.ts'
import { type Bench, type Figure, median, type Setup } from './figure.ts'
import { answersPerSecond, type Load } from './load.ts'
import { enrollSecret, type ServerProcess, startBare, startMuster } from './servers.ts'

/** Hosts that poll in turn: more than caches of one entry hide. */
const pollers = 256

/** Each server is loaded this often, in turns, so that a disturbance meets all of them. */
const rounds = 5

type Poll = {
  readonly what: string
  readonly ratio: number
  readonly calls: (port: number) => Promise<readonly [Call, ...Call[]]>
}

export const reads: Bench = poll('reads', {
  what: 'osquery empty read over HTTP',
  ratio: 0.6,
  async calls(port) {
    const enrolled = await sayAll(
      port,
      numbered(pollers, (nth) => enroll(nth, enrollSecret)),
    )
    const keys = enrolled.map(({ body }) => (JSON.parse(body) as { node_key: string }).node_key)
    const calls = keys.map(distributedRead)
    // The first read of each gets the detail queries, the others nothing.
    await sayAll(port, calls)
    return filled(calls)
  },
})

export const idles: Bench = poll('idles', {
  what: 'MDM Idle with an empty queue over HTTP',
  ratio: 0.3,
  async calls(port) {
    await sayAll(port, numbered(pollers, authenticate))
    await sayAll(port, numbered(pollers, tokenUpdate))
    return filled(numbered(pollers, idle))
  },
})

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
      const bare = await startBare()
      const muster = await startMuster(folder)
      try {
        return await compare({ muster, bare }, options, setup)
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
  { what, ratio, calls: prepare }: Poll,
  { folder, seconds, say }: Setup,
): Promise<readonly Figure[]> {
  const calls = await prepare(muster.port)
  const rates: { readonly [rival: string]: number[] } = { ours: [], ignored: [], read: [] }
  const [first] = calls
  const load = ({ port }: ServerProcess, path: string): Load => {
    const [head, ...others] = calls
    const to = (call: Call): Call => ({ ...call, path })
    return { port, calls: [to(head), ...others.map(to)], seconds, folder }
  }
  const loads = {
    ours: load(muster, first.path),
    ignored: load(bare, '/ignored'),
    read: load(bare, '/read'),
  }
  for (let round = 0; round <= rounds; round += 1) {
    for (const [rival, one] of Object.entries(loads)) {
      const rate = await answersPerSecond(round === 0 ? { ...one, seconds: 1 } : one)
      // The first round only warms the compilers up.
      if (round > 0) rates[rival]?.push(rate)
    }
    say(`${what}: round ${round} of ${rounds}`)
  }
  const value = median(rates['ours'] ?? [])
  const ratioTo = (rival: string): number =>
    median((rates['ours'] ?? []).map((ours, nth) => ours / (rates[rival]?.[nth] ?? Number.NaN)))
  const yardstick = (rival: string, name: string) => ({
    what: name,
    value: median(rates[rival] ?? []),
    ratio: ratioTo(rival),
  })
  return [
    {
      what,
      value,
      unit: '/s',
      target: { kind: 'ratio-at-least', value: ratio },
      yardstick: yardstick('ignored', 'bare route, body ignored'),
    },
    {
      what,
      value,
      unit: '/s',
      yardstick: yardstick('read', 'bare route, body read'),
    },
  ]
}
