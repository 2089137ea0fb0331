// What a running server does for its data by itself: backups, and removing what is old.
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Store } from '../storage/store.ts'
import { type OpenedBackups, openBackups } from './backups.ts'
import type { Config } from './config/config.ts'
import type { Keep } from './keep.ts'
import { createRetention } from './retention.ts'
import type { Live } from './runtime/live.ts'
import type { World } from './runtime/world.ts'

type Options = {
  readonly config: Config
  readonly keep: Keep
  readonly store: Store
  readonly live: Live
  readonly world: World
  readonly log: Logger
  /** A time for what is removed for its age. */
  readonly ageNow: () => number
}

export function openUpkeep(options: Options): OpenedBackups {
  const { config, keep, log, world, ageNow } = options
  const backups = openBackups(options)
  const retention = createRetention({
    ...options,
    world: { later: world.later, now: ageNow },
    limits: config,
    queries: keep.queries,
    logFolder: join(keep.folder, 'logs'),
    removed: (counts) => log.info(counts, 'what was older than its setting was removed'),
  })
  return {
    ...backups,
    async stop() {
      await Promise.all([backups.stop(), retention.stop()])
    },
  }
}
