// One CommandUUID for many targets, as NanoMDM has it: here each gets a command of its own, and its name leads back.
import { digestOf } from '../secrets/sealing.ts'

/** Hexadecimal digits that tell one target's copy of a command from another's. */
const suffixDigits = 8

/** Apple's own form is shorter; longer ones leave no room for the suffix. */
const sharedCharsMax = 55

/** The CommandUUID that one of several targets gets: the shared one, and a suffix that follows from the channel. */
export function uuidFor(commandUUID: string, channel: string): string {
  const suffix = digestOf(new TextEncoder().encode(channel)).slice(0, suffixDigits)
  return `${commandUUID.slice(0, sharedCharsMax)}-${suffix}`
}

/** The UUID whoever enqueued knows a command by: what `uuidFor` was given, or the UUID itself. */
export function sharedUuidOf(commandUUID: string, channel: string): string {
  const shared = commandUUID.slice(0, Math.max(commandUUID.length - suffixDigits - 1, 0))
  return shared !== '' && uuidFor(shared, channel) === commandUUID ? shared : commandUUID
}
