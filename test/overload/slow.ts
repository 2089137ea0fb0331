// node test/overload/slow.ts --sockets 5000 --seconds 10 --rounds 6
import { readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { startVictim } from '../crash/victim.ts'
import { dropFolder, newFolder } from '../e2e/muster.ts'
import { holdSlowly } from './slow-sockets.ts'
import { askSteadily, enrolledCalls, type Steady } from './steady.ts'

const { values } = parseArgs({
  options: {
    sockets: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '6' },
    computers: { type: 'string', default: '100' },
  },
})
const [sockets, seconds, rounds, computers] = [
  Number(values.sockets),
  Number(values.seconds),
  Number(values.rounds),
  Number(values.computers),
]

/** Slow ones first need to be there. */
const joinedAfterS = 5

const talk = (line: string): void => void process.stdout.write(`${line}\n`)
const folder = newFolder()
const victim = startVictim(folder, 'error')
const url = await victim.ready
if (url === undefined) throw new Error(`no start: ${await victim.kill()}`)
const port = Number(new URL(url).port)
const calls = await enrolledCalls(port, computers)
await askSteadily({ port, calls, seconds: joinedAfterS })
talk(`load ${loadavg()[0]?.toFixed(1)}, ${rssMB()} MB`)

// In turns, so that a machine that others use is equally busy with and without them.
const [without, beside]: [Steady[], Steady[]] = [[], []]
let mostMB = rssMB()
for (let round = 0; round < rounds; round += 1) {
  without.push(told('without', await askSteadily({ port, calls, seconds })))
  const slow = holdSlowly({ port, sockets, seconds: seconds + joinedAfterS })
  await new Promise((resolve) => setTimeout(resolve, joinedAfterS * 1_000))
  beside.push(told(`beside ${sockets} slow ones`, await askSteadily({ port, calls, seconds })))
  mostMB = Math.max(mostMB, rssMB())
  const { opened, open, ended, failed } = await slow
  talk(
    `  slow sockets: ${open} open, ${opened} opened, ${ended} ended, ${failed} failed; ${rssMB()} MB`,
  )
}
const p99 = (all: readonly Steady[]): number => medianOf(all.map(({ waitedMs }) => waitedMs.p99))
const refused = beside.reduce((sum, steady) => sum + steady.refused, 0)
const ratio = p99(beside) / p99(without)
talk(
  `p99 ${p99(beside).toFixed(1)} ms beside them, ${p99(without).toFixed(1)} ms without (medians of ${rounds}, ratio ${ratio.toFixed(2)}); ` +
    `refused ${refused}; at most ${mostMB} MB; load ${loadavg()[0]?.toFixed(1)}`,
)
const said = await victim.kill()
if (said !== '') talk(`the server said: ${said.slice(0, 500)}`)
dropFolder(folder)
process.exit(refused === 0 && ratio <= 2 && said === '' ? 0 : 1)

function told(what: string, steady: Steady): Steady {
  const { answered, refused: not, waitedMs } = steady
  talk(
    `${what}: ${answered} answered, ${not} not, p50 ${waitedMs.p50.toFixed(1)} ms, p99 ${waitedMs.p99.toFixed(1)} ms`,
  )
  return steady
}

function rssMB(): number {
  const kB = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${victim.pid}/status`, 'latin1'))?.[1]
  return Math.round(Number(kB) / 1_024)
}

function medianOf(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN
}
