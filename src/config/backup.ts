// Settings of the backups that the server makes by itself.
import { readDuration } from './enrollment.ts'
import { ok } from '../result.ts'
import { readWholeNumber, type Setting } from './setting.ts'

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
    read: readWholeNumber({ min: 1, max: backupsMax }),
    fallback: 7,
  },
  backupFolder: {
    flag: 'backupFolder',
    variable: 'MUSTER_BACKUP_FOLDER',
    read: ok,
    fallback: undefined,
  },
}
