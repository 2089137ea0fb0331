import { fail, ok, type Result } from '../../result.ts'
import { readObject } from './binary-object.ts'
import type { BinaryCursor } from './binary-cursor.ts'
import { readSized } from './binary-cursor.ts'
import type { PlistFault } from './fault.ts'
import type { PlistLimits } from './limits.ts'
import type { PlistValue } from './value.ts'

/**
 * Reads a `bplist00` body: header, objects, offset table, 32-byte trailer, and nothing between them.
 *
 * Bound: an object that many others refer to counts each time, in values and in bytes, so a small body
 * cannot stand for a large list.
 */
export function readBinary(bytes: Uint8Array, limits: PlistLimits): Result<PlistValue, PlistFault> {
  const cursor = openBinary(bytes, limits)
  if (!cursor.ok) return cursor
  const value = readObject(cursor.value, cursor.value.top, 0)
  if (cursor.value.fault !== undefined) return fail(cursor.value.fault)
  if (value === undefined) throw new Error('a list without a value must have a fault')
  return ok(value)
}

/** Source: CFBinaryPListTrailer in CoreFoundation. */
function openBinary(bytes: Uint8Array, limits: PlistLimits): Result<BinaryCursor, PlistFault> {
  const trailerAt = bytes.length - trailerBytes
  // The smallest list: header, one object of one byte, one offset of one byte.
  if (trailerAt < headerBytes + 2) {
    return fail({ kind: 'truncated', at: bytes.length, detail: 'no room for a trailer' })
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const offsetBytes = view.getUint8(trailerAt + 6)
  const refBytes = view.getUint8(trailerAt + 7)
  const count = readSized(view, trailerAt + 8, 8)
  const top = readSized(view, trailerAt + 16, 8)
  const tableAt = readSized(view, trailerAt + 24, 8)
  const refuse = (detail: string): Result<never, PlistFault> =>
    fail({ kind: 'bad-trailer', at: trailerAt, detail })
  if (!isWidth(offsetBytes) || !isWidth(refBytes)) return refuse('an impossible width')
  if (count > limits.nodesMax) {
    const detail = `more than ${limits.nodesMax} values`
    return fail({ kind: 'too-many-nodes', at: trailerAt, detail })
  }
  if (top >= count) return refuse('the top object is not there')
  if (tableAt <= headerBytes || tableAt + count * offsetBytes !== trailerAt) {
    return refuse('the offset table does not end at the trailer')
  }
  return ok({
    bytes,
    view,
    limits,
    offsetBytes,
    refBytes,
    count,
    top,
    tableAt,
    scalars: new Map(),
    path: [],
    nodes: 0,
    spelledBytes: 0,
    fault: undefined,
  })
}

const isWidth = (bytes: number): boolean => bytes >= 1 && bytes <= 8

const headerBytes = 8
const trailerBytes = 32
