import type { Json, JsonObject } from './json.ts'
import { member } from './json.ts'

/** Longer than any name, model or version in the field, short enough to show on a page. */
const textCharsMax = 512

/**
 * A non-empty text member, fit to store and show: well-formed Unicode, no NUL, trimmed.
 *
 * Numbers become text, since agents differ on which columns are numeric. Anything else, and anything
 * longer than 512 characters, counts as absent: half an identifier would be another computer's. So does one with
 * U+FFFD, which stands for bytes that were lost.
 */
export function textOf(row: JsonObject, name: string): string | undefined {
  const text = plainText(member(row, name))
  return text === undefined ||
    text === '' ||
    text.length > textCharsMax ||
    text.includes('\u{FFFD}')
    ? undefined
    : text
}

/** The same for text that only people read: cut at 512 characters instead of dropped. */
export function shownTextOf(row: JsonObject, name: string): string | undefined {
  const text = plainText(member(row, name))
  return text === undefined || text === '' ? undefined : text.slice(0, textCharsMax).toWellFormed()
}

function plainText(value: Json | undefined): string | undefined {
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'string') return undefined
  return value.replaceAll('\u0000', '').toWellFormed().trim()
}
