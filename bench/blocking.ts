// `node bench/blocking.ts`: how long the worst bodies keep a running server from everybody else.
//
// The server runs here; who sends is a thread of its own. Between two ticks of a timer the server can have
// done one thing only, so the most time between two ticks is the longest that anybody had to wait. Told as
// this thread's own CPU time, in which others on the machine do not count, and as it passed.
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { readConfig } from '../src/config/config.ts'
import { serve } from '../src/serve.ts'
import type { FromSender } from './blocking-sender.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    show: { type: 'string', default: '20' },
  },
})

const folder = mkdtempSync(join(tmpdir(), 'muster-blocking-'))
const enrollSecret = 'enroll-secret-of-the-blocking-bench'
const adminToken = 'muster_admin-token-of-the-blocking-bench'
const config = readConfig(
  {},
  {
    MUSTER_DATA: folder,
    MUSTER_DEVICE_AUTH: 'none',
    MUSTER_LISTEN: '127.0.0.1:0',
    MUSTER_ENROLL_SECRET: enrollSecret,
    MUSTER_ADMIN_TOKEN: adminToken,
    MUSTER_LOG_LEVEL: 'silent',
  },
)
if (!config.ok) throw new Error(config.error)
const running = await serve(config.value, () => {})

/** Milliseconds of CPU this thread has used. */
const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}

const longest = { cpu: 0, wall: 0 }
let before = { cpu: cpuMs(), wall: performance.now() }
const ticks = setInterval(() => {
  const now = { cpu: cpuMs(), wall: performance.now() }
  longest.cpu = Math.max(longest.cpu, now.cpu - before.cpu)
  longest.wall = Math.max(longest.wall, now.wall - before.wall)
  before = now
}, 1)

type Figure = {
  readonly name: string
  readonly status: number
  readonly cpu: number
  readonly wall: number
}
const figures: Figure[] = []

await new Promise<void>((resolve, reject) => {
  const sender = new Worker(new URL('blocking-sender.ts', import.meta.url), {
    workerData: {
      url: running.url,
      adminToken,
      enrollSecret,
      runs: Number(values.runs),
      only: values.only,
    },
  })
  sender.on('error', reject)
  sender.on('exit', () => resolve())
  sender.on('message', (message: FromSender) => {
    if (message.kind === 'answered')
      figures.push({ name: message.name, status: message.status, ...longest })
    longest.cpu = 0
    longest.wall = 0
    sender.postMessage('go on')
  })
})
clearInterval(ticks)
await running.stop()
rmSync(folder, { recursive: true })

const sorted = figures.toSorted((a, b) => b.cpu - a.cpu)
const middle = (of: (figure: Figure) => number): number =>
  figures.map(of).toSorted((a, b) => a - b)[figures.length >> 1] ?? 0
const ms = (value: number): string => value.toFixed(1).padStart(6)
console.log(`load ${loadavg()[0]?.toFixed(1)}, ${figures.length} bodies answered`)
console.log(
  `${ms(middle(({ cpu }) => cpu))} ms CPU, ${ms(middle(({ wall }) => wall))} ms passed: the median body`,
)
for (const { name, status, cpu, wall } of sorted.slice(0, Number(values.show)))
  console.log(`${ms(cpu)} ms CPU, ${ms(wall)} ms passed  ${status} ${name}`)
