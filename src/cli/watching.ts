import type { Command } from 'commander'
import type { Result } from '../result.ts'
import type { Call } from './call.ts'
import { rest } from './client.ts'
import type { Fault } from './fault.ts'
import { durationMs } from './options.ts'

/** Often enough to look alive, seldom enough to cost a server nothing. */
const intervalMsDefault = 2_000

export const addWatch = (command: Command): Command =>
  command
    .option('-w, --watch', 'show it again whenever it changes, until interrupted')
    .option('--interval <duration>', 'how often --watch looks (default 2s)', durationMs)

/** To the top left, and nothing left over from before. */
const clearScreen = '\u001B[H\u001B[2J'

/**
 * Shows something again whenever its text changes, until the run is ended from outside.
 *
 * A terminal is repainted; a pipe gets one text after the other.
 */
export async function watching(
  call: Call,
  look: () => Promise<Result<string, Fault>>,
): Promise<Result<never, Fault>> {
  const { io, options, signal } = call
  let before: string | undefined
  for (;;) {
    const text = await look()
    if (!text.ok) return text
    if (text.value !== before) {
      await io.stdout.write(io.stdout.isTTY ? clearScreen + text.value : text.value)
      before = text.value
    }
    const rested = await rest(options.number('interval') ?? intervalMsDefault, signal)
    if (!rested.ok) return rested
  }
}
