// What was asked of a device and what it answered, as people may see it: bytes that were kept, without their secrets.
import { commandToJson } from '../../protocol/mdm/payload-json.ts'
import { redact } from '../../protocol/mdm/secrets.ts'
import { buildPlist } from '../../protocol/plist/build.ts'
import { type JsonValue, plistToJson } from '../../protocol/plist/json.ts'
import { keptLimits } from '../../protocol/plist/limits.ts'
import { readPlist } from '../../protocol/plist/read.ts'
import { isDict, type PlistValue } from '../../protocol/plist/value.ts'

/** As structured JSON; a command in the form that can be sent again. What cannot be read was never taken, so it is our bug. */
export function shownBody(bytes: Uint8Array, isRevealed: boolean): JsonValue {
  const value = readOwn(bytes)
  const shown = isRevealed ? value : redact(value).value
  return isCommand(shown) ? commandToJson(shown) : plistToJson(shown)
}

/** As a property list: byte for byte unless it holds secrets, then built anew without them. */
export function bareBody(bytes: Uint8Array): Uint8Array {
  const { value, redacted } = redact(readOwn(bytes))
  return redacted === 0 ? bytes : new TextEncoder().encode(buildPlist(value))
}

const isCommand = (value: PlistValue): boolean => isDict(value) && isDict(value['Command'])

function readOwn(bytes: Uint8Array): PlistValue {
  const read = readPlist(bytes, keptLimits)
  if (read.ok) return read.value
  throw new Error(`a kept command body is no property list: ${read.error.kind}`)
}
