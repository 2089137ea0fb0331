import type { PlistFault } from './fault.ts'
import type { PlistLimits } from './limits.ts'
import type { PlistValue } from './value.ts'

/** A value that holds no others, and the bytes it is written in. */
type Scalar = { readonly value: PlistValue; readonly bytes: number }

/** A binary property list under reading. The first fault stays; functions then answer `undefined`. */
export type BinaryCursor = {
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly limits: PlistLimits
  readonly offsetBytes: number
  readonly refBytes: number
  /** Objects in the offset table. */
  readonly count: number
  readonly top: number
  /** Where the offset table begins: objects end before it. */
  readonly tableAt: number
  /** What was read of objects that refer to no other: many may refer to one. */
  readonly scalars: Map<number, Scalar>
  /** The containers being read, outermost first. */
  readonly path: number[]
  nodes: number
  spelledBytes: number
  fault: PlistFault | undefined
}

/** Notes the first fault. */
export function halt(cursor: BinaryCursor, fault: PlistFault): undefined {
  cursor.fault ??= fault
}

/** A big-endian unsigned number of 1 to 8 bytes; beyond 2^53 it is rounded, and out of every range here. */
export function readSized(view: DataView, at: number, bytes: number): number {
  let value = 0
  for (let index = 0; index < bytes; index += 1) value = value * 256 + view.getUint8(at + index)
  return value
}

/** Where an object begins, checked to lie between header and offset table. */
export function offsetOf(cursor: BinaryCursor, object: number): number | undefined {
  const { count, offsetBytes, tableAt, view } = cursor
  if (object >= count) {
    return halt(cursor, { kind: 'bad-offset', at: tableAt, detail: 'a reference to no object' })
  }
  const at = tableAt + object * offsetBytes
  const offset = readSized(view, at, offsetBytes)
  if (offset < 8 || offset >= tableAt) {
    return halt(cursor, { kind: 'bad-offset', at, detail: 'an object outside the object area' })
  }
  return offset
}

/** A stretch of the object area: `at` and the byte behind it. */
export type Extent = { readonly at: number; readonly end: number; readonly count: number }

/**
 * The body of the object at `offset`: its count from the marker's low half, or from the integer object
 * behind it, times `width` bytes.
 */
export function extentOf(cursor: BinaryCursor, offset: number, width: number): Extent | undefined {
  const { tableAt, view } = cursor
  const low = view.getUint8(offset) & 0x0f
  let at = offset + 1
  let count = low
  if (low === 0x0f) {
    const marker = at < tableAt ? view.getUint8(at) : 0
    const size = 1 << (marker & 0x0f)
    if (marker >> 4 !== 0x1 || size > 8 || at + 1 + size > tableAt) {
      return halt(cursor, { kind: 'bad-object', at, detail: 'a count that is no integer' })
    }
    count = readSized(view, at + 1, size)
    at += 1 + size
  }
  const end = at + count * width
  if (end > tableAt) {
    return halt(cursor, {
      kind: 'bad-object',
      at: offset,
      detail: 'an object longer than the list',
    })
  }
  return { at, end, count }
}
