// npm run test:overload -- --seconds 60 --rounds 3 --times 10 --computers 400
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { sayAll } from '../../bench/client.ts'
import { type Call, distributedRead, enroll, idle } from '../../bench/devices.ts'
import { createChecks } from '../crash/check.ts'
import { createMemory } from '../crash/memory.ts'
import { startVictim } from '../crash/victim.ts'
import { dropFolder, enrollSecret, newFolder } from '../e2e/muster.ts'
import { type Greed, greeds, startGreedy } from './greedy.ts'
import { enrolled, sleep } from './honest.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    rounds: { type: 'string', default: '3' },
    times: { type: 'string', default: '10' },
    computers: { type: 'string', default: '400' },
    only: { type: 'string', default: '' },
  },
})
const [seconds, rounds, times, computers] = [
  Number(values.seconds),
  Number(values.rounds),
  Number(values.times),
  Number(values.computers),
]
const talk = (line: string): void => void process.stdout.write(`${line}\n`)

/** Of what honest clients get alone, whatever others do. */
const leastShare = 0.8

/** Until they get that much again once the others have gone. */
const recoveredWithinS = 30

const aloneS = 10

/** Until every function was compiled and the heap has the size it keeps. */
const warmS = 30

const folder = newFolder()
const memory = createMemory()
const victim = startVictim(folder, 'error')
const url = (await victim.ready) ?? ''
apart()
const port = Number(new URL(url).port)
const keys = await sayAll(
  port,
  Array.from({ length: 16 }, (_, nth) => enroll(4_000_000 + nth, enrollSecret)),
)
const calls = callsOf(keys.map(({ body }) => String(JSON.parse(body)['node_key'])))
const honest = await enrolled({ port, memory, count: computers * times, from: 1 })
talk(
  `load ${loadavg()[0]?.toFixed(1)} · ${computers * times} honest computers, ${computers} at a time · ${rssMb()} MB`,
)

type Round = { readonly share: number; readonly recoveryS: number; readonly grownMb: number }

/** What may come on top of the honest computers there are; each begins something and tells how to end it. */
const loads: Readonly<Record<string, (rate: number) => Promise<() => Promise<string>>>> = {
  ...Object.fromEntries(
    Object.entries(greeds).map(([name, greed]) => [
      name,
      (rate: number) => besideGreedy(greed, rate),
    ]),
  ),
  'comes with nine others as honest': allAtOnce,
}

honest.want(computers)
await measured(warmS)
const outcomes: (readonly [name: string, rounds: readonly Round[]])[] = []
for (const [name, load] of Object.entries(loads)) {
  if (!name.includes(values.only)) continue
  talk(`\nbeside whoever ${name}`)
  const all: Round[] = []
  for (let round = 0; round < rounds; round += 1) all.push(await beside(load))
  outcomes.push([name, all])
}
await honest.stop()

talk('')
let isHeld = true
for (const [name, all] of outcomes) {
  const share = medianOf(all.map((round) => round.share))
  const recoveryS = Math.max(...all.map((round) => round.recoveryS))
  const grownMb = medianOf(all.map((round) => round.grownMb))
  isHeld &&= share >= leastShare && recoveryS <= recoveredWithinS
  talk(
    `beside whoever ${name}: ${percent(share)} of what honest ones get alone (${all.map((round) => percent(round.share)).join(', ')}), that again ${recoveryS} s after, memory ${grownMb} MB`,
  )
}
talk(`refusals and losses: ${JSON.stringify(honest.failures())}`)
await sleep(500)
createChecks(folder).whole(memory)
const said = await victim.kill()
if (said !== '') memory.broke('the server said', said.slice(0, 500))
talk(`violations ${memory.violations.length} of ${memory.acknowledged} answers`)
for (const violation of memory.violations.slice(0, 10)) talk(`  ${violation}`)
dropFolder(folder)
process.exit(memory.violations.length === 0 && isHeld ? 0 : 1)

/** In turns, so that a machine that others use is equally busy with and without them. */
async function beside(load: (rate: number) => Promise<() => Promise<string>>): Promise<Round> {
  const before = await measured(aloneS)
  report('  alone', before)
  const stop = await load(before.rate)
  await measured(2)
  const fromMb = rssMb()
  const meanwhile = await measured(seconds / rounds)
  const grownMb = rssMb() - fromMb
  report('  beside them', meanwhile)
  const heard = await stop()
  const recoveryS = await recovery(before.rate * leastShare)
  const after = await measured(aloneS)
  report('  alone again', after)
  const share = (2 * meanwhile.rate) / (before.rate + after.rate)
  talk(`  ${percent(share)}; ${heard}; memory ${grownMb} MB more; as before in ${recoveryS} s`)
  return { share, recoveryS, grownMb }
}

async function besideGreedy(greed: Greed, rate: number): Promise<() => Promise<string>> {
  const stop = await startGreedy({ port, greed, perSecond: rate * (times - 1), calls })
  return async () => {
    const { due, sent, taken } = await stop()
    return `of theirs ${due} due, ${sent} sent, ${taken} taken`
  }
}

/** All the computers at once; here all are honest, so what all of them get is what counts. */
function allAtOnce(): Promise<() => Promise<string>> {
  honest.want(Infinity)
  return Promise.resolve(() => {
    honest.want(computers)
    return Promise.resolve(`${computers * times} honest ones at once`)
  })
}

/** Whole seconds until honest clients get so much in one of them. */
async function recovery(rate: number): Promise<number> {
  for (let second = 1; second < 2 * recoveredWithinS; second += 1)
    if ((await measured(1)).rate >= rate) return second
  return Infinity
}

type Measured = {
  readonly rate: number
  readonly p50: number
  readonly p99: number
  /** Cores that the server and that the honest clients kept busy. */
  readonly cores: { readonly server: number; readonly clients: number }
}

/** What honest computers get, all together. */
async function measured(forS: number): Promise<Measured> {
  honest.latencies()
  const [from, began, clientUs, serverMs] = [
    honest.done(),
    performance.now(),
    process.cpuUsage(),
    cpuMs(),
  ]
  await sleep(forS * 1_000)
  const tookMs = performance.now() - began
  const rate = (honest.done() - from) / (tookMs / 1_000)
  const { user, system } = process.cpuUsage(clientUs)
  const cores = { server: (cpuMs() - serverMs) / tookMs, clients: (user + system) / 1_000 / tookMs }
  const sorted = honest.latencies()
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0
  return { rate, p50: at(0.5), p99: at(0.99), cores }
}

function report(what: string, { rate, p50, p99, cores }: Measured): void {
  talk(
    `${what}: ${rate.toFixed(0)}/s, p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, ${rssMb()} MB, busy cores ${cores.server.toFixed(2)} server, ${cores.clients.toFixed(2)} clients, load ${loadavg()[0]?.toFixed(1)}`,
  )
}

/** Server and clients on cores of their own, so that what asking costs is not taken for what answering costs. */
function apart(): void {
  const cores = availableParallelism()
  if (cores < 2) return
  const half = Math.ceil(cores / 2)
  pin(victim.pid, `0-${half - 1}`)
  pin(process.pid, `${half}-${cores - 1}`)
}

function pin(pid: number, cores: string): void {
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', cores, String(pid)])
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`
}

function medianOf(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor((numbers.length - 1) / 2)] ?? NaN
}

/** Processor time of all the server's threads; the kernel counts in hundredths of a second. */
function cpuMs(): number {
  const fields = readFileSync(`/proc/${victim.pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

function rssMb(): number {
  const [, kb] =
    /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${victim.pid}/status`, 'latin1')) ?? []
  return Math.round(Number(kb) / 1_000)
}

function callsOf(nodeKeys: readonly string[]): readonly [Call, ...Call[]] {
  const [first, ...others] = nodeKeys.map(distributedRead)
  if (first === undefined) throw new Error('nobody is greedy')
  return [first, ...others, ...nodeKeys.map((_, nth) => idle(1 + nth))]
}
