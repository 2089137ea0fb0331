import type { PlistFaultKind } from './fault.ts'
import type { PlistLimits } from './limits.ts'

/**
 * A place in a document. The first fault stays; functions answer `undefined` from then on. Each
 * character is looked at a bounded number of times, whatever the document says.
 */
export type XmlCursor = {
  readonly text: string
  readonly limits: PlistLimits
  /** No entity, carriage return or CDATA end anywhere: text is what it looks like. */
  readonly plain: boolean
  at: number
  /** Where the tag read last began. */
  tagAt: number
  nodes: number
  fault: XmlFault | undefined
}

/** As `PlistFault`, but `at` counts UTF-16 units. */
export type XmlFault = {
  readonly kind: PlistFaultKind
  readonly at: number
  readonly detail: string
}

/** Notes the first fault. */
export function stop(cursor: XmlCursor, fault: XmlFault): undefined {
  cursor.fault ??= fault
}

/**
 * The next tag's inside, without its angle brackets, after whitespace and comments: `dict`, `/dict`,
 * `true/`. Anything else than a tag is a fault.
 */
export function nextTag(cursor: XmlCursor): string | undefined {
  if (!skipMisc(cursor)) return undefined
  const { text, at } = cursor
  if (text.charCodeAt(at) !== lessThan) return stop(cursor, expected(cursor))
  const close = text.indexOf('>', at)
  if (close < 0) return stop(cursor, { kind: 'truncated', at, detail: 'a tag has no end' })
  // Our longest tag has nine characters; whatever is longer carries attributes or is no tag of ours.
  if (close - at > tagCharsMax) {
    return stop(cursor, { kind: 'bad-markup', at, detail: 'a tag with more than a name' })
  }
  cursor.tagAt = at
  cursor.at = close + 1
  return text.slice(at + 1, close)
}

/** Skips whitespace and comments; false when a comment is broken. */
export function skipMisc(cursor: XmlCursor): boolean {
  const { text } = cursor
  let at = skipBlank(text, cursor.at)
  while (text.charCodeAt(at + 1) === exclamation && text.startsWith('<!--', at)) {
    const dashes = text.indexOf('--', at + 4)
    if (dashes < 0 || text.charCodeAt(dashes + 2) !== greaterThan) {
      stop(cursor, { kind: 'bad-markup', at, detail: 'a comment does not end as it should' })
      return false
    }
    at = skipBlank(text, dashes + 3)
  }
  cursor.at = at
  return true
}

/** Nothing but XML's four blanks. `trim` would take no-break spaces for blanks too. */
export const isBlank = (text: string): boolean => /^[ \t\r\n]*$/.test(text)

function skipBlank(text: string, from: number): number {
  let at = from
  for (; ; at += 1) {
    const code = text.charCodeAt(at)
    if (code !== 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) return at
  }
}

function expected(cursor: XmlCursor): XmlFault {
  const { at, text } = cursor
  return at >= text.length
    ? { kind: 'truncated', at, detail: 'the document ends early' }
    : { kind: 'bad-markup', at, detail: 'text where a tag should be' }
}

const tagCharsMax = 64
const exclamation = 0x21
const lessThan = 0x3c
const greaterThan = 0x3e
