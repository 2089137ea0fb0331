import { fail, ok, type Result } from '../../result.ts'
import type { PlistFault, PlistFaultKind } from './fault.ts'
import { plistLimits, type PlistLimits } from './limits.ts'
import { readBinary } from './read-binary.ts'
import { readXml } from './read-xml.ts'
import type { PlistValue } from './value.ts'

/**
 * Reads a property list from a stranger, XML in UTF-8, in UTF-16 with a byte order mark, or binary (`bplist00`).
 *
 * Bound: `limits`; time is linear in the body, recursion ends at `depthMax`.
 * Fails: with the first fault; never throws on any input.
 * Source: Apple's PropertyList-1.0.dtd, CoreFoundation's CFPropertyList.c and CFBinaryPList.c.
 */
export function readPlist(
  bytes: Uint8Array,
  limits: PlistLimits = plistLimits,
): Result<PlistValue, PlistFault> {
  if (bytes.length === 0) return refuse('empty', 'an empty body')
  if (bytes.length > limits.bytesMax) {
    return refuse('too-large', `more than ${limits.bytesMax} bytes`)
  }
  if (startsWith(bytes, 'bplist')) {
    return startsWith(bytes, 'bplist00')
      ? readBinary(bytes, limits)
      : refuse('unsupported-format', 'a binary property list of another version')
  }
  return markOf(bytes) === undefined ? readUtf8(bytes, limits) : readUtf16(bytes, limits)
}

/** The byte order that a mark at the beginning says; editors write one in front of UTF-16. */
function markOf(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : undefined
}

function readUtf16(bytes: Uint8Array, limits: PlistLimits): Result<PlistValue, PlistFault> {
  const fatal = limits.lenient === undefined
  const text = decode(new TextDecoder(markOf(bytes), { fatal }), bytes)
  if (text === undefined) return refuse('bad-encoding', 'not UTF-16')
  const read = readXml(text, limits, 'UTF-16')
  if (read.ok) return ok(read.value)
  const { kind, at, detail } = read.error
  return fail({ kind, detail, at: markBytes + 2 * at })
}

const markBytes = 2

function readUtf8(bytes: Uint8Array, limits: PlistLimits): Result<PlistValue, PlistFault> {
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  const decoder = limits.lenient === undefined ? strictUtf8 : lenientUtf8
  const text = decode(decoder, start === 0 ? bytes : bytes.subarray(start))
  if (text === undefined) {
    return fail({ kind: 'bad-encoding', at: invalidAt(bytes), detail: 'not UTF-8' })
  }
  if (!/^[ \t\r\n]*</.test(text)) {
    return refuse('unsupported-format', 'neither an XML nor a binary property list')
  }
  const read = readXml(text, limits)
  if (read.ok) return ok(read.value)
  const { kind, at, detail } = read.error
  return fail({ kind, detail, at: start + utf8Length(text.slice(0, at)) })
}

const lenientUtf8 = new TextDecoder('utf-8', { ignoreBOM: true })
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decode(decoder: InstanceType<typeof TextDecoder>, bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

/** Where the first byte stands that is not UTF-8: the first replacement that was not in the body. */
function invalidAt(bytes: Uint8Array): number {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  let at = 0
  let from = 0
  for (;;) {
    const mark = text.indexOf('\uFFFD', from)
    if (mark < 0) return at
    at += utf8Length(text.slice(from, mark))
    if (bytes[at] !== 0xef || bytes[at + 1] !== 0xbf || bytes[at + 2] !== 0xbd) return at
    at += 3
    from = mark + 1
  }
}

const utf8Length = (text: string): number => Buffer.byteLength(text, 'utf8')

function startsWith(bytes: Uint8Array, magic: string): boolean {
  for (let at = 0; at < magic.length; at += 1) {
    if (bytes[at] !== magic.charCodeAt(at)) return false
  }
  return true
}

const refuse = (kind: PlistFaultKind, detail: string): Result<never, PlistFault> =>
  fail({ kind, at: 0, detail })
