import { randomFillSync } from 'node:crypto'
import type { World } from './runtime/world.ts'

/** The real one. */
export const realWorld: World = {
  now: () => Date.now(),
  later(task, delayMs) {
    const timer = setTimeout(task, delayMs)
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
  uuid: () => uuidV7(Date.now()),
  random: () => (randomFillSync(new Uint32Array(1))[0] ?? 0) / 2 ** 32,
}

/** RFC 9562: 48 bits of time, so that ids sort by age, and 74 of chance. */
function uuidV7(atMs: number): string {
  const bytes = randomFillSync(Buffer.alloc(16))
  bytes.writeUIntBE(atMs, 0, 6)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-')
}
