// Apple asked us to leave a device alone for a while: also when something new is asked for it meanwhile.
import type { World } from '../../runtime/world.ts'

export type Cooldown = {
  start(key: string, forMs: number): void
  /** How long (ms) it still lasts; 0 when it is over. */
  wait(key: string): number
}

/** Beyond this the oldest are forgotten: what that costs is a push too early. */
const keysMax = 10_000

export function createCooldown(world: World): Cooldown {
  const until = new Map<string, number>()
  return {
    start(key, forMs) {
      until.delete(key)
      until.set(key, world.steady() + forMs)
      const [oldest] = until.keys()
      if (until.size > keysMax && oldest !== undefined) until.delete(oldest)
    },
    wait(key) {
      const wait = (until.get(key) ?? 0) - world.steady()
      if (wait <= 0) until.delete(key)
      return Math.max(0, wait)
    },
  }
}
