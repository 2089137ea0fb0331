import { fail, ok, type Result } from '../../result.ts'
import { type PlistLimits, plistLimits } from '../plist/limits.ts'
import { readPlist } from '../plist/read.ts'
import { type Dict, isBytes, isDict } from '../plist/value.ts'
import type { MessageFault } from './message-fault.ts'

/** The root dictionary of a message that may still be bytes. */
export function readBody(
  body: Dict | Uint8Array,
  limits: PlistLimits = plistLimits,
): Result<Dict, MessageFault> {
  if (!isBytes(body)) return ok(body)
  const read = readPlist(body, limits)
  if (!read.ok) {
    const { kind, at, detail } = read.error
    return fail({
      kind: 'bad-plist',
      plist: read.error,
      detail: `${kind} at byte ${at}: ${detail}`,
    })
  }
  return isDict(read.value)
    ? ok(read.value)
    : fail({ kind: 'not-a-dict', detail: 'the root is not a dictionary' })
}
