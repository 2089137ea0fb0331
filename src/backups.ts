// Backups of a running server: what makes them, and the schedule if there is one.
import { join } from 'node:path'
import packageJson from '../package.json' with { type: 'json' }
import { machineVersions } from '../machines/versions.ts'
import type { Store } from '../storage/store.ts'
import { type Backups, createBackups } from './backup/backups.ts'
import { createSchedule, type Schedule, type ScheduleOptions } from './backup/schedule.ts'
import type { BackupConfig } from './config/backup.ts'
import type { Keep } from './keep.ts'
import type { Live } from './runtime/live.ts'
import type { World } from './runtime/world.ts'

export type OpenedBackups = {
  readonly backups: Backups
  readonly schedule: Schedule | undefined
  stop(): Promise<void>
}

type Options = {
  readonly config: BackupConfig
  readonly keep: Keep
  readonly store: Store
  readonly live: Live
  readonly world: World
  readonly log: ScheduleOptions['log']
}

export function openBackups({ config, keep, store, live, world, log }: Options): OpenedBackups {
  const backups = createBackups({
    ...keep,
    store,
    live,
    world,
    version: packageJson.version,
    machines: versions,
  })
  const schedule = config.backupEvery === undefined ? undefined : scheduleOf(config, keep.folder)
  const running = schedule && createSchedule({ ...schedule, backups, world, log })
  return {
    backups,
    schedule,
    async stop() {
      await running?.stop()
    },
  }
}

/** Version of each machine whose snapshots this program writes. */
export const versions: Readonly<Record<string, number>> = {
  host: machineVersions.host.version,
  command: machineVersions.command.version,
}

const scheduleOf = (config: BackupConfig, data: string): Schedule => ({
  everyMs: config.backupEvery ?? 0,
  keep: config.backupKeep,
  folder: config.backupFolder ?? join(data, 'backups'),
})
