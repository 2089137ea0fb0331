// What was asked of a device and what it answered, as people may see it: bytes that were kept, without their secrets.
import { redact } from '../../protocol/mdm/secrets.ts'
import { buildPlist } from '../../protocol/plist/build.ts'
import { type JsonValue, plistToJson } from '../../protocol/plist/json.ts'
import { readPlist } from '../../protocol/plist/read.ts'
import type { PlistValue } from '../../protocol/plist/value.ts'

/** As structured JSON. What cannot be read was never taken, so it is our bug. */
export function shownBody(bytes: Uint8Array, isRevealed: boolean): JsonValue {
  const value = readOwn(bytes)
  return plistToJson(isRevealed ? value : redact(value).value)
}

/** As a property list: byte for byte unless it holds secrets, then built anew without them. */
export function bareBody(bytes: Uint8Array): Uint8Array {
  const { value, redacted } = redact(readOwn(bytes))
  return redacted === 0 ? bytes : new TextEncoder().encode(buildPlist(value))
}

function readOwn(bytes: Uint8Array): PlistValue {
  const read = readPlist(bytes)
  if (read.ok) return read.value
  throw new Error(`a kept command body is no property list: ${read.error.kind}`)
}
