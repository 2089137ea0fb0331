// The items of an array or an object as bytes, so that one that cannot be read costs no other.

/** More items than this are not told apart: twice as many as the lines of the largest batch that is read as a whole. */
const partsMax = 131_072

/**
 * What stands between the outermost brackets, split at its commas. A part that broke off is the last one.
 * Undefined where no bracket begins the bytes, and where there are too many parts. Linear, without recursion.
 */
export function partsIn(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  const start = skipBlanks(bytes, 0)
  if (!isOpening(bytes[start])) return undefined
  const { commas, end } = outlineOf(bytes, start)
  if (commas.length >= partsMax) return undefined
  const starts = [start, ...commas]
  const parts = starts.map((from, index) => bytes.subarray(from + 1, commas[index] ?? end))
  const [only] = parts
  const isEmpty = only !== undefined && parts.length === 1 && skipBlanks(only, 0) === only.length
  return isEmpty ? [] : parts
}

/** What stands behind the bracket that ends the outermost one; undefined where that is nothing but blanks. */
export function tailOf(bytes: Uint8Array): Uint8Array | undefined {
  const start = skipBlanks(bytes, 0)
  if (!isOpening(bytes[start])) return undefined
  const tail = bytes.subarray(outlineOf(bytes, start).end + 1)
  return skipBlanks(tail, 0) < tail.length ? tail : undefined
}

/** The commas between the items of what the bracket at `start` begins, and where its own end is. */
function outlineOf(
  bytes: Uint8Array,
  start: number,
): { readonly commas: readonly number[]; readonly end: number } {
  const commas: number[] = []
  let depth = 1
  let at = start + 1
  for (; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0
    if (byte === quote) at = endOfString(bytes, at)
    depth += steps.get(byte) ?? 0
    if (depth === 0 || commas.length >= partsMax) break
    if (byte === comma && depth === 1) commas.push(at)
  }
  return { commas, end: Math.min(at, bytes.length) }
}

export type MemberPart = { readonly name: string; readonly value: Uint8Array }

/** The members of an object, as far as they can be told apart. Names may come twice. */
export function membersIn(bytes: Uint8Array): readonly MemberPart[] {
  if (bytes[skipBlanks(bytes, 0)] !== 0x7b) return []
  return (partsIn(bytes) ?? []).flatMap((part) => {
    const start = skipBlanks(part, 0)
    if (part[start] !== quote) return []
    const end = endOfString(part, start)
    const behind = skipBlanks(part, end + 1)
    if (part[behind] !== colon) return []
    const name = new TextDecoder().decode(part.subarray(start + 1, end))
    return [{ name, value: part.subarray(behind + 1) }]
  })
}

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a]

/** How far each bracket leads in, or out. */
const steps: ReadonlyMap<number, number> = new Map([
  [0x7b, 1],
  [0x5b, 1],
  [0x7d, -1],
  [0x5d, -1],
])

const isOpening = (byte: number | undefined): boolean => byte === 0x7b || byte === 0x5b

function skipBlanks(bytes: Uint8Array, from: number): number {
  let at = from
  while (blanks.has(bytes[at] ?? 0)) at += 1
  return at
}

const blanks: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d])

function endOfString(bytes: Uint8Array, start: number): number {
  let at = start + 1
  while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1
  return at
}
