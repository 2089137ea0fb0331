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
import { enrolled, type Honest, sleep } from './honest.ts'

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
const honest = await enrolled({ port, memory, count: computers, from: 1 })
talk(`load ${loadavg()[0]?.toFixed(1)} · ${computers} honest computers · ${rssMb()} MB`)
honest.want(Infinity)
await measured(honest, 5)

type Round = { readonly share: number; readonly recoveryS: number; readonly grownMb: number }

const outcomes: (readonly [name: string, rounds: readonly Round[]])[] = []
for (const [name, greed] of Object.entries(greeds)) {
  if (!name.includes(values.only)) continue
  talk(`\nwhoever ${name}`)
  const all: Round[] = []
  for (let round = 0; round < rounds; round += 1) all.push(await beside(greed))
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

/** In turns, so that a machine that others use is equally busy with and without the greedy. */
async function beside(greed: Greed): Promise<Round> {
  const before = await measured(honest, aloneS)
  report('  honest ones alone', before)
  const stop = await startGreedy({ port, greed, perSecond: before.rate * (times - 1), calls })
  await measured(honest, 2)
  const fromMb = rssMb()
  const meanwhile = await measured(honest, seconds / rounds)
  const grownMb = rssMb() - fromMb
  const { due, sent, taken } = await stop()
  report('  beside the greedy', meanwhile)
  const recoveryS = await recovery(before.rate * leastShare)
  const after = await measured(honest, aloneS)
  report('  alone again', after)
  const share = (2 * meanwhile.rate) / (before.rate + after.rate)
  talk(
    `  ${percent(share)}; greedy: ${due} due, ${sent} sent, ${taken} taken; memory ${grownMb} MB more; recovered in ${recoveryS} s`,
  )
  return { share, recoveryS, grownMb }
}

/** Whole seconds until honest clients get so much in one of them. */
async function recovery(rate: number): Promise<number> {
  for (let second = 1; second < 2 * recoveredWithinS; second += 1)
    if ((await measured(honest, 1)).rate >= rate) return second
  return Infinity
}

type Measured = { readonly rate: number; readonly p50: number; readonly p99: number }

async function measured(crowd: Honest, forS: number): Promise<Measured> {
  crowd.latencies()
  const [from, began] = [crowd.done(), performance.now()]
  await sleep(forS * 1_000)
  const rate = (crowd.done() - from) / ((performance.now() - began) / 1_000)
  const sorted = crowd.latencies()
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0
  return { rate, p50: at(0.5), p99: at(0.99) }
}

function report(what: string, { rate, p50, p99 }: Measured): void {
  talk(
    `${what}: ${rate.toFixed(0)}/s, p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, ${rssMb()} MB, load ${loadavg()[0]?.toFixed(1)}`,
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
