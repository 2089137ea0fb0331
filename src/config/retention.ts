// Settings of how long things are kept.
import { readDuration } from './enrollment.ts'
import type { Setting } from './setting.ts'

/** Ages in milliseconds. */
export type RetentionConfig = {
  readonly keepJournalMs: number
  /** Finished commands, with what was asked and answered. */
  readonly keepCommandsMs: number
  /** What devices answered; never longer than its command. */
  readonly keepResultsMs: number
  /** Certificates that another one replaced or that were never used, counted from their end. */
  readonly keepCertificatesMs: number
  /** Files of osquery logs that are full. */
  readonly keepLogsMs: number
  /** Deliveries of webhooks that are over. */
  readonly keepDeliveriesMs: number
}

const dayMs = 86_400_000
/** A year, and time to look back at its beginning. */
const yearMs = 400 * dayMs

const setting = (
  flag: Setting<number>['flag'],
  variable: string,
  fallback: number,
): Setting<number> => ({
  flag,
  variable,
  read: readDuration({ min: '1h', max: '3650d' }),
  fallback,
})

export const retentionSettings: {
  readonly [Name in keyof RetentionConfig]: Setting<RetentionConfig[Name]>
} = {
  keepJournalMs: setting('keepJournal', 'MUSTER_KEEP_JOURNAL', yearMs),
  keepCommandsMs: setting('keepCommands', 'MUSTER_KEEP_COMMANDS', yearMs),
  keepResultsMs: setting('keepResults', 'MUSTER_KEEP_RESULTS', yearMs),
  keepCertificatesMs: setting('keepCertificates', 'MUSTER_KEEP_CERTIFICATES', yearMs),
  keepLogsMs: setting('keepLogs', 'MUSTER_KEEP_LOGS', yearMs),
  keepDeliveriesMs: setting('keepDeliveries', 'MUSTER_KEEP_DELIVERIES', 7 * dayMs),
}
