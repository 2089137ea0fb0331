// CommandUUIDs of commands that were enqueued for several targets while a CommandUUID was unique in the fleet (schema 2):
// each target got it with a suffix. Such commands may still be open, and scripts know them by the CommandUUID without it.
import { digestOf } from '../secrets/sealing.ts'

/** Hexadecimal digits that tell one target's copy of a command from another's. */
const suffixDigits = 8

function withSuffix(commandUUID: string, channel: string): string {
  const suffix = digestOf(new TextEncoder().encode(channel)).slice(0, suffixDigits)
  return `${commandUUID}-${suffix}`
}

/** The CommandUUID without the suffix, or as it is. */
export function sharedUuidOf(commandUUID: string, channel: string): string {
  const shared = commandUUID.slice(0, Math.max(commandUUID.length - suffixDigits - 1, 0))
  return shared !== '' && withSuffix(shared, channel) === commandUUID ? shared : commandUUID
}
