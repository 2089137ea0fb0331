/** What a text holds if it is JSON. */
export type JsonShape = {
  readonly depth: number
  readonly values: number
  readonly members: number
  /** Members of the object that has the most. */
  readonly widest: number
  /** Whether a number may need more digits than a double has. */
  readonly wideNumbers: boolean
}

export type ShapeMax = Pick<JsonShape, 'depth' | 'values' | 'widest'>

/**
 * Counts brackets, commas and colons outside strings, and stops once one maximum is passed.
 * Whether they form JSON is the parser's question. Linear, without recursion.
 */
export function shapeOf(bytes: Uint8Array, most: ShapeMax): JsonShape {
  const shape: Counts = {
    values: 1,
    depth: 0,
    members: 0,
    widest: 0,
    wideNumbers: false,
    open: [0],
  }
  let digits = 0
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0
    if (byte === quote) {
      at = endOfString(bytes, at)
      digits = 0
    } else if (isDigit(byte)) {
      digits += 1
      if (digits >= wideDigits) shape.wideNumbers = true
    } else {
      if (digits > 0 && (byte | 0x20) === 0x65) shape.wideNumbers = true
      digits = 0
      if (isPunctuation(byte) && !count(shape, byte, most)) return shape
    }
  }
  return shape
}

type Counts = { -readonly [Name in keyof JsonShape]: JsonShape[Name] } & {
  /** Members so far of each open bracket, outermost first. */
  readonly open: number[]
}

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a]
/** Fewer digits than this always fit a double. */
const wideDigits = 16

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39

/** Whether the byte is one of `{ } [ ] , :`. Brackets and braces differ in one bit. */
const isPunctuation = (byte: number): boolean =>
  byte === comma || byte === colon || (byte | 0x20) === 0x7b || (byte | 0x20) === 0x7d

/** Counts one punctuation byte; false once a maximum is passed. */
function count(shape: Counts, byte: number, most: ShapeMax): boolean {
  switch (byte) {
    case comma:
      shape.values += 1
      return shape.values <= most.values
    case colon:
      shape.members += 1
      return countMember(shape) <= most.widest
    case 0x7b: // {
    case 0x5b: // [
      shape.values += 1
      shape.open.push(0)
      shape.depth = Math.max(shape.depth, shape.open.length - 1)
      return shape.depth <= most.depth && shape.values <= most.values
    default:
      if (shape.open.length > 1) shape.open.pop()
      return true
  }
}

function countMember(shape: Counts): number {
  const innermost = shape.open.length - 1
  const members = (shape.open[innermost] ?? 0) + 1
  shape.open[innermost] = members
  shape.widest = Math.max(shape.widest, members)
  return members
}

function endOfString(bytes: Uint8Array, start: number): number {
  let at = start + 1
  while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1
  return at
}
