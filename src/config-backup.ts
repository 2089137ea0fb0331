// Settings of the backups that the server makes by itself.
import { readDuration } from './config-enrollment.ts'
import { fail, ok, type Result } from './result.ts'
import type { Setting } from './setting.ts'

export type BackupConfig = {
  /** The server makes none by itself when undefined. */
  readonly backupEvery: number | undefined
  readonly backupKeep: number
  /** `backups` in the data folder when undefined. */
  readonly backupFolder: string | undefined
}

const backupsMax = 10_000

export const backupSettings: {
  readonly [Name in keyof BackupConfig]: Setting<BackupConfig[Name]>
} = {
  backupEvery: {
    flag: 'backupEvery',
    variable: 'MUSTER_BACKUP_EVERY',
    read: readDuration({ min: '1m', max: '365d' }),
    fallback: undefined,
  },
  backupKeep: {
    flag: 'backupKeep',
    variable: 'MUSTER_BACKUP_KEEP',
    read: readKeep,
    fallback: 7,
  },
  backupFolder: {
    flag: 'backupFolder',
    variable: 'MUSTER_BACKUP_FOLDER',
    read: ok,
    fallback: undefined,
  },
}

function readKeep(text: string): Result<number, string> {
  const keep = Number(text)
  return /^\d+$/.test(text) && keep >= 1 && keep <= backupsMax
    ? ok(keep)
    : fail(`must be a whole number from 1 to ${backupsMax}`)
}
