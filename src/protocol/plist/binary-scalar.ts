import { type BinaryCursor, extentOf, halt } from './binary-cursor.ts'
import { fitInteger, realIn } from './scalar.ts'
import { isXmlText, legalText, type PlistValue, type WholeReal } from './value.ts'

/**
 * Reads an object that refers to no other: boolean, number, date, data or string. Longer text and data are
 * read once, however many refer to them: 60,000 references to one string are a body of 60 kB.
 */
export function readBinaryScalar(cursor: BinaryCursor, offset: number): PlistValue | undefined {
  const known = cursor.scalars.get(offset)
  if (known !== undefined) return spell(cursor, offset, known.bytes) ? known.value : undefined
  const before = cursor.spelledBytes
  const value = readScalar(cursor, offset)
  const bytes = cursor.spelledBytes - before
  if (value !== undefined && bytes >= rememberedBytesMin)
    cursor.scalars.set(offset, { value, bytes })
  return value
}

/** Shorter ones are read again faster than looked up. */
const rememberedBytesMin = 16

function readScalar(cursor: BinaryCursor, offset: number): PlistValue | undefined {
  const marker = cursor.view.getUint8(offset)
  switch (marker >> 4) {
    case 0x0:
      return readSimple(cursor, offset)
    case 0x1:
      return readInteger(cursor, offset)
    case 0x2:
      return readReal(cursor, offset)
    case 0x3:
      return readDate(cursor, offset)
    case 0x4:
      return readBytes(cursor, offset)
    case 0x5:
      return readString(cursor, offset, 1)
    case 0x6:
      return readString(cursor, offset, 2)
    default:
      return halt(cursor, { kind: 'bad-object', at: offset, detail: 'an object we do not take' })
  }
}

function readSimple(cursor: BinaryCursor, offset: number): boolean | undefined {
  const marker = cursor.view.getUint8(offset)
  if (marker === 0x08) return false
  if (marker === 0x09) return true
  return halt(cursor, { kind: 'bad-object', at: offset, detail: 'an object we do not take' })
}

/** One, two and four bytes are unsigned, eight are signed, sixteen hold what eight cannot. */
function readInteger(cursor: BinaryCursor, offset: number): number | bigint | undefined {
  const { view } = cursor
  const at = offset + 1
  const exponent = view.getUint8(offset) & 0x0f
  if (exponent > 4 || !fits(cursor, at, 1 << exponent)) return refuseNumber(cursor, offset)
  if (exponent === 0) return view.getUint8(at)
  if (exponent === 1) return view.getUint16(at)
  if (exponent === 2) return view.getUint32(at)
  if (exponent === 3) return fitInteger(view.getBigInt64(at))
  const wide = view.getBigInt64(at) * 2n ** 64n + view.getBigUint64(at + 8)
  return fitInteger(wide) ?? refuseNumber(cursor, offset)
}

const refuseNumber = (cursor: BinaryCursor, at: number): undefined =>
  halt(cursor, { kind: 'bad-integer', at, detail: 'not a 64-bit integer' })

function readReal(cursor: BinaryCursor, offset: number): number | WholeReal | undefined {
  const { view, limits } = cursor
  const marker = view.getUint8(offset)
  const at = offset + 1
  // Minus zero becomes zero, as in XML.
  if (marker === 0x22 && fits(cursor, at, 4)) return realIn(view.getFloat32(at) + 0, limits)
  if (marker === 0x23 && fits(cursor, at, 8)) return realIn(view.getFloat64(at) + 0, limits)
  return halt(cursor, { kind: 'bad-real', at: offset, detail: 'neither a float nor a double' })
}

/** Seconds since 2001-01-01, kept to the millisecond, within the four-digit years XML can say. */
function readDate(cursor: BinaryCursor, offset: number): Date | undefined {
  const { view } = cursor
  if (view.getUint8(offset) === 0x33 && fits(cursor, offset + 1, 8)) {
    const atMs = Math.round(view.getFloat64(offset + 1) * 1000) + epoch2001Ms
    if (atMs >= year0Ms && atMs < year10000Ms) return new Date(atMs)
  }
  return halt(cursor, { kind: 'bad-date', at: offset, detail: 'not a date of the years 0 to 9999' })
}

function readBytes(cursor: BinaryCursor, offset: number): Uint8Array | undefined {
  const extent = extentOf(cursor, offset, 1)
  if (extent === undefined || !spell(cursor, extent.at, extent.end - extent.at)) return undefined
  const { dataBytesMax } = cursor.limits
  if (extent.count <= dataBytesMax)
    return new Uint8Array(cursor.bytes.subarray(extent.at, extent.end))
  const detail = `data of more than ${dataBytesMax} bytes`
  return halt(cursor, { kind: 'too-long', at: offset, detail })
}

/** ASCII in one byte a character, or UTF-16 in two, big end first. */
function readString(cursor: BinaryCursor, offset: number, width: 1 | 2): string | undefined {
  const extent = extentOf(cursor, offset, width)
  if (extent === undefined || !spell(cursor, extent.at, extent.end - extent.at)) return undefined
  const { stringCharsMax } = cursor.limits
  if (extent.count > stringCharsMax) {
    const detail = `a string of more than ${stringCharsMax} units`
    return halt(cursor, { kind: 'too-long', at: offset, detail })
  }
  const bytes = cursor.bytes.subarray(extent.at, extent.end)
  if (cursor.limits.lenient !== undefined)
    return legalText((width === 1 ? lenientAscii : lenientUtf16).decode(bytes))
  const text = decode(width === 1 ? ascii : utf16, bytes)
  // Every byte was ASCII exactly if every byte became one character.
  if (text === undefined || text.length !== extent.count) {
    return halt(cursor, {
      kind: 'bad-encoding',
      at: offset,
      detail: 'a string in a false encoding',
    })
  }
  if (isXmlText(text)) return text
  const detail = 'a control character that XML cannot carry'
  return halt(cursor, { kind: 'illegal-character', at: offset, detail })
}

const lenientAscii = new TextDecoder('utf-8', { ignoreBOM: true })
const lenientUtf16 = new TextDecoder('utf-16be', { ignoreBOM: true })
const ascii = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const utf16 = new TextDecoder('utf-16be', { fatal: true, ignoreBOM: true })

function decode(decoder: InstanceType<typeof TextDecoder>, bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

const fits = (cursor: BinaryCursor, at: number, bytes: number): boolean =>
  at + bytes <= cursor.tableAt

/** Counts text and data as often as it is referred to: written out, a list may not outgrow a body. */
function spell(cursor: BinaryCursor, at: number, bytes: number): boolean {
  const { bytesMax } = cursor.limits
  cursor.spelledBytes += bytes
  if (cursor.spelledBytes <= bytesMax) return true
  const detail = `more than ${bytesMax} bytes once spelled out`
  halt(cursor, { kind: 'too-large', at, detail })
  return false
}

const epoch2001Ms = Date.UTC(2001, 0, 1)
const year0Ms = -62_167_219_200_000 // 0000-01-01T00:00:00Z
const year10000Ms = 253_402_300_800_000 // 10000-01-01T00:00:00Z
