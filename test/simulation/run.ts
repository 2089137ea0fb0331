// `npm run sim -- --seeds N [--seed S]`: runs seeds until one fails, and shows how it came to that and what it took.
import { parseArgs } from 'node:util'
import { shrink } from './shrink.ts'
import { simulate } from './simulation.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '0' },
    keep: { type: 'boolean', default: false },
    lines: { type: 'string', default: '120' },
  },
})
const [first, count, lines] = [Number(values.seed), Number(values.seeds), Number(values.lines)]

const startedAt = performance.now()
let steps = 0
let failures = 0
for (let seed = first; seed < first + count; seed += 1) {
  const outcome = await simulate(seed)
  steps += outcome.steps
  if (outcome.violation === undefined) continue
  failures += 1
  process.exitCode = 1
  if (failures === 1 && lines > 0) console.log(outcome.trace.slice(-lines).join('\n'))
  console.log(`seed ${seed}: ${outcome.violation}`)
  if (values.keep) continue
  const shrunk = await shrink(seed)
  console.log(`still fails with nothing but: ${shrunk?.needed.join(', ') || 'an ordinary day'}`)
  console.log(`  then: ${shrunk?.violation}`)
  break
}
const seconds = (performance.now() - startedAt) / 1_000
console.log(
  `${count} seeds from ${first}, ${failures} failed, ${steps} steps in ${seconds.toFixed(1)} s: ` +
    `${(count / seconds).toFixed(1)} seeds/s, ${Math.round(steps / seconds)} steps/s`,
)
