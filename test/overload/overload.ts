// npm run test:overload -- --seconds 60 --times 10 --computers 400
import { readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { sayAll } from '../../bench/client.ts'
import { type Call, distributedRead, enroll, idle } from '../../bench/devices.ts'
import { createChecks } from '../crash/check.ts'
import { createMemory } from '../crash/memory.ts'
import { startVictim } from '../crash/victim.ts'
import { dropFolder, enrollSecret, newFolder } from '../e2e/muster.ts'
import { greedy } from './greedy.ts'
import { enrolled, type Honest, sleep } from './honest.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    times: { type: 'string', default: '10' },
    computers: { type: 'string', default: '400' },
  },
})
const [seconds, times, computers] = [
  Number(values.seconds),
  Number(values.times),
  Number(values.computers),
]
const talk = (line: string): void => void process.stdout.write(`${line}\n`)

const folder = newFolder()
const memory = createMemory()
const victim = startVictim(folder, 'error')
const url = (await victim.ready) ?? ''
const port = Number(new URL(url).port)

/** Of the peak, for honest clients, whatever others do. */
const leastShare = 0.8

const greedyCount = 16
const keys = await sayAll(
  port,
  Array.from({ length: greedyCount }, (_, nth) => enroll(4_000_000 + nth, enrollSecret)),
)
const honest = await enrolled({ port, memory, count: computers, from: 1 })
talk(`load ${loadavg()[0]?.toFixed(1)} · ${computers} honest computers · ${rssMb()} MB`)

const warmS = 5
honest.want(Infinity)
await sleep(warmS * 1_000)
const before = await measured(honest, 10)
report('peak, honest computers alone, one wish after another', before)
const peak = before.rate

honest.want(peak)
report('the same number of wishes, at their own times', await measured(honest, 10))

const greed = greedy({
  port,
  connections: 64,
  perSecond: peak * (times - 1),
  depth: 32,
  calls: callsOf(keys.map(({ body }) => String(JSON.parse(body)['node_key']))),
})
const beside: number[] = []
for (let part = 0; part < seconds / 10; part += 1) {
  const now = await measured(honest, 10)
  report('with greedy clients beside them', now)
  beside.push(now.rate)
}
const { due, sent, taken } = greed.figures()
talk(`greedy: ${due} due, ${sent} sent, ${taken} taken`)
greed.stop()
report('after the greedy have gone', await measured(honest, 5))
const recovered = await measured(honest, 5)
report('', recovered)
await honest.stop()
const goodput = beside.reduce((sum, rate) => sum + rate, 0) / beside.length / peak
talk(
  `honest goodput ${percent(goodput)} of peak, ${percent(recovered.rate / peak)} once they had gone`,
)
talk(`refusals and losses: ${JSON.stringify(honest.failures())}`)
await sleep(500)
createChecks(folder).whole(memory)
const said = await victim.kill()
if (said !== '') memory.broke('the server said', said.slice(0, 500))
talk(`violations ${memory.violations.length} of ${memory.acknowledged} answers`)
for (const violation of memory.violations.slice(0, 10)) talk(`  ${violation}`)
dropFolder(folder)
const isProved = memory.violations.length === 0 && goodput >= leastShare
process.exit(isProved && recovered.rate / peak >= leastShare ? 0 : 1)

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

function percent(part: number): string {
  return `${Math.round(part * 100)} %`
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
