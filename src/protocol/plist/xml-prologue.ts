import { nextTag, skipMisc, stop, type XmlCursor } from './xml-cursor.ts'

/**
 * The way to the first value: an XML declaration of the text's encoding, Apple's document type without an internal
 * subset (nothing can be declared, so no entity beyond the five exists), and `<plist>` with any version, as other readers take it.
 */
export function readPrologue(cursor: XmlCursor, encoding: XmlEncoding): boolean {
  if (cursor.text.startsWith('<?xml') && !skip(cursor, declarations[encoding])) {
    return refuse(cursor, `not an XML 1.0 declaration of ${encoding}`)
  }
  if (!skipMisc(cursor)) return false
  if (cursor.text.startsWith('<!DOCTYPE', cursor.at)) {
    if (!skip(cursor, docType)) return refuse(cursor, "not Apple's document type alone")
    if (!skipMisc(cursor)) return false
  }
  return readRoot(cursor)
}

/** After the value: `</plist>` and nothing more but whitespace and comments. */
export function readEpilogue(cursor: XmlCursor): boolean {
  const tag = nextTag(cursor)
  if (tag === undefined) return false
  if (!/^\/plist[ \t\r\n]*$/.test(tag)) {
    stop(cursor, { kind: 'bad-root', at: cursor.tagAt, detail: 'a second value beside the first' })
    return false
  }
  if (!skipMisc(cursor)) return false
  if (cursor.at < cursor.text.length) {
    stop(cursor, { kind: 'trailing-content', at: cursor.at, detail: 'something after </plist>' })
    return false
  }
  return true
}

function readRoot(cursor: XmlCursor): boolean {
  const { at } = cursor
  const tag = nextTag(cursor)
  if (tag === undefined) return false
  if (root.test(tag)) return true
  if (/^plist[ \t\r\n]*\/$/.test(tag)) {
    stop(cursor, { kind: 'bad-root', at, detail: 'a plist without a value' })
    return false
  }
  stop(cursor, { kind: 'bad-root', at, detail: 'the root is not <plist>' })
  return false
}

function skip(cursor: XmlCursor, form: RegExp): boolean {
  form.lastIndex = cursor.at
  const found = form.test(cursor.text)
  if (found) cursor.at = form.lastIndex
  return found
}

function refuse(cursor: XmlCursor, detail: string): false {
  stop(cursor, { kind: 'bad-prologue', at: cursor.at, detail })
  return false
}

/** How the text was encoded that a cursor reads. */
export type XmlEncoding = 'UTF-8' | 'UTF-16'

const declarationOf = (encoding: string): RegExp =>
  new RegExp(
    String.raw`<\?xml[ \t\r\n]+version=(?:"1\.0"|'1\.0')(?:[ \t\r\n]+encoding=(?:"${encoding}"|'${encoding}'))?(?:[ \t\r\n]+standalone=(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\r\n]*\?>`,
    'y',
  )

// Editors that store a file as UTF-16 leave the declaration as it was.
const declarations: Readonly<Record<XmlEncoding, RegExp>> = {
  'UTF-8': declarationOf('[uU][tT][fF]-?8'),
  'UTF-16': declarationOf('[uU][tT][fF]-?(?:8|16(?:[lL][eE]|[bB][eE])?)'),
}

// The second public identifier is what Mac OS X 10.2 and some libraries still write.
const docType =
  /<!DOCTYPE[ \t\r\n]+plist[ \t\r\n]+PUBLIC[ \t\r\n]+"-\/\/Apple(?: Computer)?\/\/DTD PLIST 1\.0\/\/EN"[ \t\r\n]+"https?:\/\/www\.apple\.com\/DTDs\/PropertyList-1\.0\.dtd"[ \t\r\n]*>/y

const root =
  /^plist(?:[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"[\w.-]{0,16}"|'[\w.-]{0,16}'))?[ \t\r\n]*$/
