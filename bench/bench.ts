// `npm run bench`: how fast Muster is here, beside what this machine could do at best.
//
// Ends with an error only when something went wrong: slow is a finding, not a failure.
import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import type { Bench, Figure, Setup } from './figure.ts'
import { fleet } from './fleet.ts'
import { heap } from './heap.ts'
import { loadName } from './load.ts'
import { fsync, machineText } from './machine.ts'
import { arrivals } from './arrivals.ts'
import { cycles } from './cycles.ts'
import { certifiedIdles, idles, reads, signedIdles } from './polls.ts'
import { pushes } from './pushes.ts'
import { readers } from './readers.ts'
import { scep } from './scep.ts'
import { signatures } from './signatures.ts'
import { tableOf } from './table.ts'
import { waking } from './waking.ts'

const benches: readonly Bench[] = [
  fsync,
  reads,
  idles,
  signedIdles,
  certifiedIdles,
  cycles,
  waking,
  heap,
  fleet,
  readers,
  arrivals,
  signatures,
  scep,
  pushes,
]

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    hosts: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '2' },
    folder: { type: 'string', default: tmpdir() },
  },
})

const unknown = values.only.filter((name) => benches.every((bench) => bench.name !== name))
if (unknown.length > 0) {
  const names = benches.map(({ name }) => name).join(', ')
  process.stderr.write(`There is no bench ${unknown.join(', ')}; there are ${names}.\n`)
  process.exit(2)
}

const setup: Setup = {
  folder: values.folder,
  hosts: Number(values.hosts),
  seconds: Number(values.seconds),
  say: (line) => void process.stderr.write(`${line}\n`),
}
const start = performance.now()
const machine = machineText(setup.folder)
const figures: Figure[] = []
for (const bench of benches) {
  if (values.only.length > 0 && !values.only.includes(bench.name)) continue
  setup.say(bench.name)
  figures.push(...(await bench.run(setup)))
}
const tookS = ((performance.now() - start) / 1000).toFixed(0)
process.stdout.write(`${machine} · load by ${loadName} · took ${tookS} s\n\n${tableOf(figures)}\n`)
