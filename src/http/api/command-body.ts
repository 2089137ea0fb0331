// What was asked of a device and what it answered: sealed bytes, shown without their secrets.
import { buildPlist } from '../../protocol/plist/build.ts'
import { type JsonValue, plistToJson } from '../../protocol/plist/json.ts'
import { readPlist } from '../../protocol/plist/read.ts'
import { redact } from '../../protocol/mdm/secrets.ts'
import { fail, ok, type Result } from '../../result.ts'
import type { Problem } from '../problem.ts'
import type { ApiDeps } from './deps.ts'

/** Null when there is none: not reported yet, or deleted with its host. */
export async function bodyOf(
  { sealing }: Pick<ApiDeps, 'sealing'>,
  ref: string | null,
): Promise<Result<Uint8Array | null, Problem>> {
  if (ref === null) return ok(null)
  const opened = await sealing.open(ref)
  if (opened.ok) return opened
  return opened.error === 'missing'
    ? ok(null)
    : fail({ kind: 'internal', detail: 'The body was sealed under another master key.' })
}

/** As structured JSON. What cannot be read was never taken, so it is our bug. */
export function bodyJson(bytes: Uint8Array | null, isRevealed: boolean): JsonValue | null {
  if (bytes === null) return null
  const value = readOwn(bytes)
  return plistToJson(isRevealed ? value : redact(value).value)
}

/** As a property list: byte for byte unless it holds secrets, then built anew without them. */
export function bodyPlist(bytes: Uint8Array, isRevealed: boolean): Uint8Array {
  if (isRevealed) return bytes
  const { value, redacted } = redact(readOwn(bytes))
  return redacted === 0 ? bytes : new TextEncoder().encode(buildPlist(value))
}

function readOwn(bytes: Uint8Array) {
  const read = readPlist(bytes)
  if (read.ok) return read.value
  throw new Error(`a kept command body is no property list: ${read.error.kind}`)
}
