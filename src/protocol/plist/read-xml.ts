import { bytesOfBase64 } from './base64.ts'
import type { PlistFaultKind } from './fault.ts'
import { mayRepeat, mayReplace, type PlistLimits } from './limits.ts'
import { dateOf, integerOf, realIn, realOf } from './scalar.ts'
import { type Dict, emptyDict, legalText, type PlistValue, xmlIllegal } from './value.ts'
import { nextTag, stop, type XmlCursor, type XmlFault } from './xml-cursor.ts'
import { readEpilogue, readPrologue, type XmlEncoding } from './xml-prologue.ts'
import { readRaw, readText, type TextElement } from './xml-text.ts'

/** What a document says, or why it says nothing. `at` counts UTF-16 units. */
export type XmlReading =
  | { readonly ok: true; readonly value: PlistValue }
  | { readonly ok: false; readonly error: XmlFault }

/** Reads `<plist>` with one value inside. The text is already decoded and within `bytesMax`. */
export function readXml(
  given: string,
  limits: PlistLimits,
  encoding: XmlEncoding = 'UTF-8',
): XmlReading {
  const text = limits.lenient === undefined ? given : legalText(given)
  const illegal = text.search(xmlIllegal)
  if (illegal >= 0) {
    return { ok: false, error: { kind: 'illegal-character', at: illegal, detail: notInXml } }
  }
  const plain = !/[&\r]|\]\]>/.test(text)
  const cursor: XmlCursor = { text, limits, plain, at: 0, tagAt: 0, nodes: 0, fault: undefined }
  const value = readDocument(cursor, encoding)
  if (cursor.fault !== undefined) return { ok: false, error: cursor.fault }
  if (value === undefined) throw new Error('a document without a value must have a fault')
  return { ok: true, value }
}

const notInXml = 'a control character that XML cannot carry'

function readDocument(cursor: XmlCursor, encoding: XmlEncoding): PlistValue | undefined {
  if (!readPrologue(cursor, encoding)) return undefined
  const value = readNext(cursor, 0)
  return value !== undefined && readEpilogue(cursor) ? value : undefined
}

function readNext(cursor: XmlCursor, depth: number): PlistValue | undefined {
  const tag = nextTag(cursor)
  return tag === undefined ? undefined : readValue(cursor, tag, depth)
}

function readValue(cursor: XmlCursor, tag: string, depth: number): PlistValue | undefined {
  const reader = readers.get(tag) ?? readers.get(spaceless(tag))
  if (reader === undefined) return stop(cursor, strangeTag(cursor, tag))
  cursor.nodes += 1
  if (cursor.nodes > cursor.limits.nodesMax) {
    const detail = `more than ${cursor.limits.nodesMax} values`
    return stop(cursor, { kind: 'too-many-nodes', at: cursor.tagAt, detail })
  }
  return reader(cursor, depth)
}

type ValueReader = (cursor: XmlCursor, depth: number) => PlistValue | undefined

const readers: ReadonlyMap<string, ValueReader> = new Map<string, ValueReader>([
  ['dict', readDict],
  ['dict/', (cursor, depth) => (tooDeep(cursor, depth) ? undefined : emptyDict())],
  ['array', readArray],
  ['array/', (cursor, depth) => (tooDeep(cursor, depth) ? undefined : [])],
  ['string', (cursor) => readString(cursor, 'string', cursor.limits.stringCharsMax)],
  ['string/', () => ''],
  ['true/', () => true],
  ['false/', () => false],
  ['true', (cursor) => (readClosing(cursor, '/true') ? true : undefined)],
  ['false', (cursor) => (readClosing(cursor, '/false') ? false : undefined)],
  ['integer', scalar('integer', 'bad-integer', integerOf)],
  ['real', readReal],
  ['date', scalar('date', 'bad-date', dateOf)],
  ['data', readBytes],
  ['data/', () => new Uint8Array()],
])

function readDict(cursor: XmlCursor, depth: number): PlistValue | undefined {
  if (tooDeep(cursor, depth)) return undefined
  const dict = emptyDict()
  for (;;) {
    const tag = nextTag(cursor)
    if (tag === undefined) return undefined
    if (isClosing(tag, '/dict')) return dict
    const key = readKeyOf(cursor, dict, tag)
    if (key === undefined) return undefined
    const value = readNext(cursor, depth + 1)
    if (value === undefined) return undefined
    if (key in dict && !mayReplace(cursor.limits, { dict, key, value, isRoot: depth === 0 }))
      return stopTwice(cursor)
    dict[key] = value
  }
}

function readKeyOf(cursor: XmlCursor, dict: Dict, tag: string): string | undefined {
  const key = readKey(cursor, tag)
  return key !== undefined && key in dict && !mayRepeat(cursor.limits) ? stopTwice(cursor) : key
}

const stopTwice = (cursor: XmlCursor): undefined =>
  stop(cursor, {
    kind: 'duplicate-key',
    at: cursor.tagAt,
    detail: 'a key stands twice in a dict',
  })

function readKey(cursor: XmlCursor, tag: string): string | undefined {
  if (tag === 'key') return readString(cursor, 'key', cursor.limits.keyCharsMax)
  const name = spaceless(tag)
  if (name === 'key') return readString(cursor, 'key', cursor.limits.keyCharsMax)
  if (name === 'key/') return ''
  return stop(
    cursor,
    readers.has(name)
      ? { kind: 'bad-dict', at: cursor.tagAt, detail: 'a value without a key' }
      : strangeTag(cursor, tag),
  )
}

function readArray(cursor: XmlCursor, depth: number): PlistValue | undefined {
  if (tooDeep(cursor, depth)) return undefined
  const items: PlistValue[] = []
  for (;;) {
    const tag = nextTag(cursor)
    if (tag === undefined) return undefined
    if (isClosing(tag, '/array')) return items
    const value = readValue(cursor, tag, depth + 1)
    if (value === undefined) return undefined
    items.push(value)
  }
}

function tooDeep(cursor: XmlCursor, depth: number): boolean {
  const { depthMax } = cursor.limits
  if (depth < depthMax) return false
  stop(cursor, { kind: 'too-deep', at: cursor.tagAt, detail: `more than ${depthMax} levels` })
  return true
}

function readString(cursor: XmlCursor, element: TextElement, charsMax: number): string | undefined {
  const at = cursor.tagAt
  const text = readText(cursor, element)
  if (text === undefined || text.length <= charsMax) return text
  return stop(cursor, {
    kind: 'too-long',
    at,
    detail: `a ${element} of more than ${charsMax} units`,
  })
}

const readRealText = scalar('real', 'bad-real', realOf)

function readReal(cursor: XmlCursor, depth: number): PlistValue | undefined {
  const value = readRealText(cursor, depth)
  return typeof value === 'number' ? realIn(value, cursor.limits) : value
}

function readBytes(cursor: XmlCursor): Uint8Array | string | undefined {
  const at = cursor.tagAt
  const text = readRaw(cursor, 'data')
  if (text === undefined) return undefined
  const bytes = bytesOfBase64(text)
  if (bytes === undefined && cursor.limits.lenient !== undefined) return text
  if (bytes === undefined) return stop(cursor, { kind: 'bad-data', at, detail: 'not base64' })
  if (bytes.length <= cursor.limits.dataBytesMax) return bytes
  const detail = `data of more than ${cursor.limits.dataBytesMax} bytes`
  return stop(cursor, { kind: 'too-long', at, detail })
}

function scalar(
  element: TextElement,
  kind: PlistFaultKind,
  parse: (text: string) => PlistValue | undefined,
): ValueReader {
  return (cursor) => {
    const at = cursor.tagAt
    const text = readRaw(cursor, element)
    if (text === undefined) return undefined
    const value = parse(text)
    if (value === undefined && cursor.limits.lenient !== undefined) return text
    return value ?? stop(cursor, { kind, at, detail: `not the text of a ${element}` })
  }
}

function readClosing(cursor: XmlCursor, name: '/true' | '/false'): boolean {
  const tag = nextTag(cursor)
  if (tag !== undefined && isClosing(tag, name)) return true
  stop(cursor, { kind: 'bad-markup', at: cursor.tagAt, detail: `<${name}> is missing` })
  return false
}

const isClosing = (tag: string, name: string): boolean =>
  tag === name || (tag.startsWith(name) && spaceless(tag) === name)

/** XML allows blanks before `>` and `/>`; nobody writes them, so this runs only for strange tags. */
const spaceless = (tag: string): string => tag.replace(/[ \t\r\n]+(\/?)$/, '$1')

function strangeTag(cursor: XmlCursor, tag: string): XmlFault {
  const at = cursor.tagAt
  if (tag.startsWith('/'))
    return { kind: 'bad-markup', at, detail: 'a closing tag that fits nothing' }
  if (!/^[A-Za-z]+\/?$/.test(spaceless(tag))) {
    return { kind: 'bad-markup', at, detail: 'a tag with more than a name' }
  }
  return { kind: 'unknown-tag', at, detail: 'a tag that property lists do not have' }
}
