// What nobody catches ends the process, at once and with a word: a server in an unknown state must not go on.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, test, vi } from 'vitest'
import { dropFolder, newFolder, startMuster } from './muster.ts'

const folder = newFolder()
afterAll(() => dropFolder(folder))
vi.setConfig({ testTimeout: 60_000 })

/** Runs in the server's process before the server does. */
const planted = join(folder, 'planted.mjs')
writeFileSync(
  planted,
  `process.on('SIGUSR2', () => {
    if (process.env.PLANTED === 'rejected promise') void Promise.reject(new Error('planted'))
    else throw new Error('planted')
  })`,
)

for (const [what, origin] of [
  ['thrown exception', 'uncaughtException'],
  ['rejected promise', 'unhandledRejection'],
] as const)
  test(`a ${what} that nobody catches is one line of the log and exit code 70, and the next start is as after a kill`, async () => {
    const env = { NODE_OPTIONS: `--import=${pathToFileURL(planted).href}`, PLANTED: what }
    const muster = await startMuster(join(folder, origin), env)
    const over = new Promise((resolve) => muster.process.once('exit', resolve))
    muster.process.kill('SIGUSR2')
    expect(await over).toBe(70)
    const lines = muster.logLines()
    expect(lines).toHaveLength(1)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 60,
      origin,
      err: { message: 'planted' },
    })
    const again = await startMuster(join(folder, origin))
    expect(await again.end('SIGTERM')).toBe(0)
  })
