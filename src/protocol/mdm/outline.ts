import {
  emptyDict,
  isArray,
  isBytes,
  isDate,
  isWholeReal,
  type Dict,
  type PlistValue,
} from '../plist/value.ts'

/**
 * A large message as a small one: what stands near its root, which is all that is ever looked at before the
 * message itself is sealed and kept.
 *
 * Keeps types and order. Lists and dictionaries lose their later entries, those far from the root all of them;
 * text is cut, and data beyond the bound is emptied.
 */
export function outlineOf(message: Dict): Dict {
  const left: Left = { values: valuesMax, chars: charsMax, bytes: bytesMax }
  const outline = emptyDict()
  for (const [key, value] of Object.entries(message).slice(0, keysMax))
    outline[key] = outlined(left, value, 1)
  return outline
}

/** What may still be kept. */
type Left = { values: number; chars: number; bytes: number }

function outlined(left: Left, value: PlistValue, depth: number): PlistValue {
  if (typeof value === 'string') return cut(left, value)
  if (typeof value !== 'object' || isDate(value) || isWholeReal(value)) return value
  if (isBytes(value)) return kept(left, value)
  if (isArray(value)) {
    const items = room(left, depth, Math.min(value.length, itemsMax))
    return value.slice(0, items).map((item) => outlined(left, item, depth + 1))
  }
  const dict = emptyDict()
  const entries = Object.entries(value)
  const most = room(left, depth, Math.min(entries.length, entriesMax))
  for (const [key, item] of entries.slice(0, most)) dict[key] = outlined(left, item, depth + 1)
  return dict
}

/** How many of a container's entries are kept, taken from what is left. */
function room(left: Left, depth: number, most: number): number {
  const entries = depth > depthMax ? 0 : Math.min(most, left.values)
  left.values -= entries
  return entries
}

function cut(left: Left, text: string): string {
  const chars = Math.min(text.length, textMax, left.chars)
  left.chars -= chars
  return chars === text.length ? text : text.slice(0, chars).toWellFormed()
}

function kept(left: Left, bytes: Uint8Array): Uint8Array {
  if (bytes.length > left.bytes) return new Uint8Array()
  left.bytes -= bytes.length
  return bytes
}

/** Apple's longest message has some thirty keys of its own. */
const keysMax = 1_000
/** DeviceInformation has a hundred answers. */
const entriesMax = 500
/** An error chain is read up to its sixteenth link. */
const itemsMax = 16
/** A dictionary in a list: the links of an error chain. */
const depthMax = 2
/** Ten containers full of answers. */
const valuesMax = 4_000
/** Twice what a field of a message may have, so that one that is too long still is. */
const textMax = 8_192
const charsMax = 256 * 1_024
/** A whole check-in: its data is what it is sent for. */
const bytesMax = 1_024 * 1_024
