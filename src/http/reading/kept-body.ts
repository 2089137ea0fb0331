// What was asked of a device and what it answered, as people may see it: bytes that were kept, without their secrets.
import { commandToJson } from '../../protocol/mdm/payload-json.ts'
import { redact } from '../../protocol/mdm/secrets.ts'
import { buildPlist } from '../../protocol/plist/build.ts'
import { type JsonValue, plistToJson } from '../../protocol/plist/json.ts'
import { cutLists } from '../../protocol/plist/cut-lists.ts'
import { keptLimits, lenientLimits, reportLimits } from '../../protocol/plist/limits.ts'
import { readPlist } from '../../protocol/plist/read.ts'
import { isDict, type PlistValue } from '../../protocol/plist/value.ts'

export type ShownBody = {
  /** Null when the bytes are no property list. */
  readonly content: JsonValue | null
  readonly condition?: BodyCondition
}

/** `mended`: what a strict reader refuses is shown as far as it could be read. `cut`: lists are shown without their ends. */
export type BodyCondition = {
  readonly kind: 'mended' | 'cut' | 'unreadable'
  readonly reason: string
}

/** As structured JSON; a command in the form that can be sent again. */
export function shownBody(bytes: Uint8Array, isRevealed: boolean): ShownBody {
  const { value, condition } = readKept(bytes)
  if (value === undefined) return { content: null, ...(condition && { condition }) }
  const shown = isRevealed ? value : redact(value).value
  return {
    content: isCommand(shown) ? commandToJson(shown) : plistToJson(shown),
    ...(condition && { condition }),
  }
}

/**
 * As a property list: byte for byte unless it holds secrets, then built anew without them. Null when it cannot be read,
 * so that nothing says what in it is secret.
 */
export function bareBody(bytes: Uint8Array): Uint8Array | null {
  const read = readPlist(bytes, keptLimits)
  const value = read.ok ? read.value : readWidely(bytes)?.value
  if (value === undefined) return null
  const bare = redact(value)
  return bare.redacted === 0 ? bytes : new TextEncoder().encode(buildPlist(bare.value))
}

const isCommand = (value: PlistValue): boolean => isDict(value) && isDict(value['Command'])

type Kept = { readonly value?: PlistValue; readonly condition?: BodyCondition }

function readKept(bytes: Uint8Array): Kept {
  const read = readPlist(bytes, keptLimits)
  if (read.ok) return { value: read.value }
  const { kind, at, detail } = read.error
  const reason = `${kind} at byte ${at}: ${detail}`
  const wide = readWidely(bytes)
  if (wide === undefined) return { condition: { kind: 'unreadable', reason } }
  const { value, isCut } = cutLists(wide.value, keptLimits.nodesMax)
  if (isCut) return { value, condition: { kind: 'cut', reason } }
  return { value, ...(wide.isMended && { condition: { kind: 'mended', reason } }) }
}

/** What devices report may be larger than what operators send, and odd. */
function readWidely(
  bytes: Uint8Array,
): { readonly value: PlistValue; readonly isMended: boolean } | undefined {
  const large = readPlist(bytes, { ...reportLimits, keepsReals: true })
  if (large.ok) return { value: large.value, isMended: false }
  const odd = readPlist(bytes, { ...lenientLimits(new Set()), keepsReals: true })
  return odd.ok ? { value: odd.value, isMended: true } : undefined
}
