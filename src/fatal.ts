// What nobody caught: whatever threw may have left anything half done, so the process says so and ends.
import process from 'node:process'
import { pino } from 'pino'
import type { Config } from './config/config.ts'

/** As sysexits.h has it: an internal software error. Whoever supervises the server starts it anew. */
export const exitSoftware = 70

/**
 * From now on an exception or a rejection that reaches the top ends the process with one line of the log.
 *
 * Every answer so far is on the disk, and a start takes no longer than after a kill: ending is safe, going on is not.
 */
export function endWhenBroken({ logLevel }: Pick<Config, 'logLevel'>): void {
  const log = pino({ level: logLevel }, process.stderr)
  process.on('uncaughtException', (err, origin) => {
    log.fatal({ err, origin }, 'nobody expected this, so the server ends')
    process.exit(exitSoftware)
  })
}
