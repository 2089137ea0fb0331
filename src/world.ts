import { randomFillSync } from 'node:crypto'
import type { Store } from '../storage/store.ts'
import { isDamage } from './damage.ts'
import { createSteady } from './runtime/steady.ts'
import type { World } from './runtime/world.ts'

const hands = {
  now: () => Date.now(),
  elapsed: () => Math.trunc(performance.now()),
  later(task: () => void, delayMs: number) {
    const timer = setTimeout(task, delayMs)
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
}

/** The real one. Its steady time is this process's alone. */
export const realWorld: World = {
  now: hands.now,
  steady: createSteady(hands).now,
  later: hands.later,
  uuid: () => uuidV7(Date.now()),
  random: () => (randomFillSync(new Uint32Array(1))[0] ?? 0) / 2 ** 32,
}

export type LastingWorld = { readonly world: World; stop(): void }

/** The real one, with a steady time that goes on from where the last process on this store left it. */
export async function openWorld(store: Store): Promise<LastingWorld> {
  const steady = createSteady({
    ...hands,
    mark: markIn(store),
    keep: async (at) => (await store.commit([{ put: 'clock', row: { id: 1, at } }])).ok,
  })
  await steady.settled()
  return { world: { ...realWorld, steady: steady.now }, stop: steady.stop }
}

/** One that is damaged is written anew: until then this start goes by the wall clock alone. */
function markIn({ lookups }: Store): number | undefined {
  try {
    return lookups.clock()?.at
  } catch (error) {
    if (!isDamage(error)) throw error
    return undefined
  }
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
