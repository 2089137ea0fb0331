// Memory of hosts that are awake and have nothing to do.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Bench } from './figure.ts'
import { filledFolder } from './fill.ts'

export const heap: Bench = {
  name: 'heap',
  async run(setup) {
    const path = await filledFolder(setup)
    const script = fileURLToPath(new URL('./heap-process.ts', import.meta.url))
    // Collecting garbage on demand takes a flag, so it takes a process.
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script, path])
    return [
      {
        what: 'Heap per resident idle host',
        value: Number(stdout),
        unit: 'kB',
        target: { kind: 'at-most', value: 6 },
      },
    ]
  },
}
