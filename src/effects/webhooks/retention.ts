// What is over stays for people to look at and to send again, but not for ever.
import type { Queries } from '../../../storage/queries.ts'
import type { Lookups } from '../../../storage/store.ts'
import type { World } from '../../runtime/world.ts'
import type { Keep } from './subscribers.ts'

/** Long enough for a receiver's outage to be noticed and made up for. */
const keptMs = 7 * 86_400_000

/** Delivered or given up, of all webhooks together: some 100 MB. */
const keptMax = 200_000

/** Rows in one commit, and how often to look. */
const clearedAtOnce = 250
const everyMs = 600_000
const restMs = 50

export type RetentionOptions = {
  readonly lookups: Lookups
  readonly queries: Pick<Queries, 'deliveryCut'>
  readonly world: World
  readonly keep: Keep
  /** How long (ms) they stay. @default seven days */
  readonly keptMs?: number | undefined
  /** @default 200,000 */
  readonly kept?: number
}

export function createRetention(options: RetentionOptions): { stop(): Promise<void> } {
  const { lookups, queries, world, keep } = options
  let stopped = false
  let running: Promise<void> = Promise.resolve()

  function later(ms: number): void {
    if (stopped) return
    world.later(() => {
      if (stopped) return
      // What cannot be read, such as a damaged page, is looked at again, and ends nothing else.
      running = clear()
        .catch(() => false)
        .then((more) => later(more ? restMs : everyMs))
    }, ms)
  }

  /** One batch. True when there is more. */
  async function clear(): Promise<boolean> {
    const cut = await queries.deliveryCut({ kept: options.kept ?? keptMax })
    const until = Math.max(world.now() - (options.keptMs ?? keptMs), cut.ok ? (cut.value ?? 0) : 0)
    const ended = lookups.endedDeliveries(until, clearedAtOnce)
    const done = await keep(
      ended.flatMap(({ id, payload_ref }) => [
        { drop: 'delivery', id },
        { drop: 'sealed', ref: payload_ref },
      ]),
    )
    return done && ended.length === clearedAtOnce
  }

  later(restMs)
  return {
    async stop() {
      stopped = true
      await running
    },
  }
}
