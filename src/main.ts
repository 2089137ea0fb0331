// The program. The only reader of process.env.
import process from 'node:process'
import { readConfig } from './config.ts'
import { serve } from './serve.ts'

const config = readConfig({}, process.env)
if (!config.ok) {
  process.stderr.write(`${config.error}\n`)
  process.exit(2)
}
const running = await serve(config.value, (line) => process.stdout.write(`${line}\n`))
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => {
    void running.stop().then(() => process.exit(0))
  })
