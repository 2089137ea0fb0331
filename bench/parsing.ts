// `node bench/parsing.ts`: how long the worst body of an allowed size occupies the thread that reads it.
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { readCommand } from '../src/protocol/mdm/command.ts'
import { readLogBody, readWriteBody } from '../src/protocol/osquery/batch.ts'
import { bodyLimits } from '../src/protocol/osquery/limits.ts'
import { readPlist } from '../src/protocol/plist/read.ts'
import { type WorstBody, worstBodies } from './worst-bodies.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    show: { type: 'string', default: '25' },
  },
})

const read: Readonly<Record<WorstBody['as'], (bytes: Uint8Array) => { readonly ok: boolean }>> = {
  plist: (bytes) => readPlist(bytes),
  command: (bytes) => readCommand(bytes),
  log(bytes) {
    const lines = Array.from(readLogBody(bytes, bodyLimits.log).lines)
    return { ok: lines.length > 0 }
  },
  write(bytes) {
    return { ok: readWriteBody(bytes, bodyLimits['distributed/write']).fault === undefined }
  },
}

/** Milliseconds of this thread alone: others on the machine do not count. */
const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}

const figures = worstBodies
  .filter(({ name }) => name.includes(values.only))
  .map(({ name, as, make }) => {
    const bytes = make()
    const took: number[] = []
    let ok = false
    for (let run = 0; run < Number(values.runs); run += 1) {
      const before = cpuMs()
      ok = read[as](bytes).ok
      took.push(cpuMs() - before)
    }
    const sorted = took.toSorted((a, b) => a - b)
    return {
      name: `${as}: ${name}`,
      mb: bytes.length / 1e6,
      ok,
      median: sorted[sorted.length >> 1] ?? 0,
      max: sorted.at(-1) ?? 0,
    }
  })
  .toSorted((a, b) => b.max - a.max)

console.log(`load ${loadavg()[0]?.toFixed(1)}, ${figures.length} bodies, ${values.runs} runs each`)
for (const { name, mb, ok, median, max } of figures.slice(0, Number(values.show)))
  console.log(
    `${max.toFixed(0).padStart(5)} ms at most, ${median.toFixed(0).padStart(5)} median  ${mb.toFixed(1).padStart(5)} MB ${ok ? 'taken  ' : 'refused'} ${name}`,
  )
