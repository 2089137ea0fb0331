// Binary property lists of allowed size that cost as much as possible to read.
import { plistLimits } from '../src/protocol/plist/limits.ts'

const { bytesMax, nodesMax } = plistLimits

/** A list of objects as they stand, the first of which is its top. References are of four bytes. */
function binaryOf(objects: readonly Uint8Array[]): Uint8Array {
  const header = Buffer.from('bplist00')
  const table = Buffer.alloc(objects.length * 4)
  let at = header.length
  for (const [nth, object] of objects.entries()) {
    table.writeUInt32BE(at, nth * 4)
    at += object.length
  }
  const trailer = Buffer.alloc(32)
  trailer[6] = 4
  trailer[7] = 4
  trailer.writeBigUInt64BE(BigInt(objects.length), 8)
  trailer.writeBigUInt64BE(BigInt(at), 24)
  return Buffer.concat([header, ...objects, table, trailer])
}

/** A container: its marker, and references to the objects behind it, perhaps again and again. */
function container(kind: 'array' | 'dict', refs: readonly number[]): Uint8Array {
  const count = kind === 'array' ? refs.length : refs.length / 2
  const bytes = Buffer.alloc(6 + refs.length * 4)
  bytes[0] = kind === 'array' ? 0xaf : 0xdf
  bytes[1] = 0x12
  bytes.writeUInt32BE(count, 2)
  for (const [nth, ref] of refs.entries()) bytes.writeUInt32BE(ref, 6 + nth * 4)
  return bytes
}

function sized(marker: number, count: number, content: Uint8Array): Uint8Array {
  const head = Buffer.alloc(6)
  head[0] = marker | 0x0f
  head[1] = 0x12
  head.writeUInt32BE(count, 2)
  return Buffer.concat([head, content])
}

const ascii = (text: string): Uint8Array => sized(0x50, text.length, Buffer.from(text, 'latin1'))
const wide = (text: string): Uint8Array =>
  sized(0x60, text.length, Buffer.from(text, 'utf16le').swap16())
const data = (bytes: number): Uint8Array => sized(0x40, bytes, Buffer.alloc(bytes))

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, nth) => nth)

/** An array of objects that are all different. */
const listOf = (count: number, object: (nth: number) => Uint8Array): Uint8Array =>
  binaryOf([
    container(
      'array',
      upTo(count).map((nth) => nth + 1),
    ),
    ...upTo(count).map(object),
  ])

/** Arrays in arrays, `depth` deep, the innermost full of one shared object. */
const deepOf = (depth: number, width: number, object: Uint8Array): Uint8Array =>
  binaryOf([
    ...upTo(depth).map((level) => container('array', [level + 1])),
    container(
      'array',
      Array.from({ length: width }, () => depth + 1),
    ),
    object,
  ])

const most = nodesMax - 50
const text = (bytes: number): string => 'x'.repeat(bytes)

export const binaryBodies: Readonly<Record<string, () => Uint8Array>> = {
  'binary: short strings': () => listOf(most, (nth) => ascii(`${nth}`)),
  'binary: strings of 250': () => listOf(most, () => ascii(text(250))),
  'binary: wide strings of 125': () => listOf(most, () => wide('€'.repeat(125))),
  'binary: wide strings of a million': () => listOf(7, () => wide('€'.repeat(1_000_000))),
  'binary: letters of a million': () => listOf(15, () => ascii(text(1_000_000))),
  'binary: one shared string': () => deepOf(30, most - 40, ascii(text(250))),
  'binary: data': () => listOf(1, () => data(12_000_000)),
  'binary: short data': () => listOf(most, () => data(200)),
  'binary: dates': () => listOf(most, () => Buffer.from('330000000000000000', 'hex')),
  'binary: integers of 16 bytes': () =>
    listOf(most, (nth) =>
      Buffer.from(`14${(2n ** 63n + BigInt(nth)).toString(16).padStart(32, '0')}`, 'hex'),
    ),
  'binary: empty dictionaries': () => listOf(most, () => Uint8Array.of(0xd0)),
  'binary: a dictionary of 59,000 keys': () => {
    const count = Math.min(59_000, most - 10)
    return binaryOf([
      container('dict', [...upTo(count).map((nth) => nth + 2), ...upTo(count).map(() => 1)]),
      Uint8Array.of(0x09),
      ...upTo(count).map((nth) => ascii(`key ${nth}`)),
    ])
  },
  'binary: a dictionary of sparse numbers': () => {
    const count = Math.min(59_000, most - 10)
    return binaryOf([
      container('dict', [...upTo(count).map((nth) => nth + 2), ...upTo(count).map(() => 1)]),
      Uint8Array.of(0x09),
      ...upTo(count).map((nth) => ascii(`${nth * 70_001}`)),
    ])
  },
  'binary: too large once spelled out': () =>
    deepOf(2, most - 10, wide('€'.repeat(bytesMax / 4 / 1_000))),
}
