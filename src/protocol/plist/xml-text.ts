import { xmlIllegal } from './value.ts'
import { isBlank, stop, type XmlCursor } from './xml-cursor.ts'

/** An element that holds text. */
export type TextElement = 'key' | 'string' | 'integer' | 'real' | 'date' | 'data'

/**
 * The text up to the element's closing tag: the five entities and character references resolved, CDATA
 * taken as it stands, line ends as XML 1.0 section 2.11 wants them. Comments inside text are refused,
 * as CoreFoundation does.
 */
export function readText(cursor: XmlCursor, element: TextElement): string | undefined {
  let read = ''
  for (;;) {
    const { text, at } = cursor
    const next = text.indexOf('<', at)
    if (next < 0) return stop(cursor, { kind: 'truncated', at, detail: `<${element}> has no end` })
    const part = cursor.plain ? text.slice(at, next) : decode(cursor, next)
    if (part === undefined) return undefined
    cursor.at = next
    read += part
    if (!text.startsWith('<![CDATA[', next))
      return closes(cursor, element) ? detach(read) : undefined
    const end = text.indexOf(']]>', next)
    if (end < 0) return stop(cursor, { kind: 'truncated', at: next, detail: 'CDATA has no end' })
    read += unixLines(text.slice(next + '<![CDATA['.length, end))
    cursor.at = end + ']]>'.length
  }
}

/** The text of a scalar exactly as it stands: numbers, dates and data need no entities. */
export function readRaw(cursor: XmlCursor, element: TextElement): string | undefined {
  const { text, at } = cursor
  const next = text.indexOf('<', at)
  if (next < 0) return stop(cursor, { kind: 'truncated', at, detail: `<${element}> has no end` })
  cursor.at = next
  return closes(cursor, element) ? text.slice(at, next) : undefined
}

function closes(cursor: XmlCursor, element: TextElement): boolean {
  const { text, at } = cursor
  const behind = at + 2 + element.length
  if (text.charCodeAt(at + 1) === slash && text.startsWith(element, at + 2)) {
    const close = text.indexOf('>', behind)
    if (close === behind || (close > 0 && isBlank(text.slice(behind, close)))) {
      cursor.at = close + 1
      return true
    }
    if (close < 0) stop(cursor, { kind: 'truncated', at, detail: 'a tag has no end' })
  }
  stop(cursor, { kind: 'bad-markup', at, detail: `markup inside <${element}>` })
  return false
}

/**
 * A slice keeps the whole document it was cut from alive, and a UDID may be kept for as long as a host
 * is. Joining and cutting again copies it; below 13 characters the engine copies by itself.
 */
const detach = (text: string): string => (text.length < 13 ? text : ` ${text}`.slice(1))

const unixLines = (text: string): string =>
  text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text

/** Resolves references between the cursor and `end`. */
function decode(cursor: XmlCursor, end: number): string | undefined {
  const raw = cursor.text.slice(cursor.at, end)
  const forbidden = raw.indexOf(']]>')
  if (forbidden >= 0) {
    const at = cursor.at + forbidden
    return stop(cursor, {
      kind: 'bad-markup',
      at,
      detail: 'the end of a CDATA section without one',
    })
  }
  const parts: string[] = []
  let from = 0
  for (let amp = raw.indexOf('&'); amp >= 0; amp = raw.indexOf('&', from)) {
    const semicolon = raw.indexOf(';', amp)
    const name = raw.slice(amp + 1, Math.min(semicolon, amp + referenceCharsMax))
    const character = reference(name) ?? oddReference(cursor, name)
    if (semicolon < 0 && cursor.limits.lenient !== undefined) break
    if (semicolon < 0 || character === undefined) {
      const at = cursor.at + amp
      return stop(cursor, { kind: 'bad-entity', at, detail: 'not one of the five entities' })
    }
    parts.push(unixLines(raw.slice(from, amp)), character)
    from = semicolon + 1
  }
  parts.push(unixLines(raw.slice(from)))
  return parts.join('')
}

/** `amp`, `#10`, `#x1F600`: what stands between ampersand and semicolon. */
function reference(name: string): string | undefined {
  if (!name.startsWith('#')) return entities.get(name)
  const [, decimal, hex] = /^#(?:([0-9]{1,7})|x([0-9a-fA-F]{1,6}))$/.exec(name) ?? []
  const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal)
  const surrogate = code >= 0xd800 && code <= 0xdfff
  if (Number.isNaN(code) || code > 0x10ffff || surrogate) return undefined
  const character = String.fromCodePoint(code)
  return xmlIllegal.test(character) ? undefined : character
}

/** A number that is no character is U+FFFD in a lenient reading; another name stands for itself. */
function oddReference({ limits }: XmlCursor, name: string): string | undefined {
  if (limits.lenient === undefined) return undefined
  return name.startsWith('#') ? '\uFFFD' : `&${name};`
}

const entities: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])

// `#x10FFFF`, and one more to see that it is too long.
const referenceCharsMax = 10
const slash = 0x2f
