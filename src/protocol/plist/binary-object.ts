import {
  type BinaryCursor,
  type Extent,
  extentOf,
  halt,
  offsetOf,
  readSized,
} from './binary-cursor.ts'
import { readBinaryScalar } from './binary-scalar.ts'
import { mayRepeat, mayReplace } from './limits.ts'
import { emptyDict, type PlistValue } from './value.ts'

/** Reads one object and all it refers to. Not ours: null, URLs, UUIDs, UIDs, sets, fill bytes. */
export function readObject(
  cursor: BinaryCursor,
  object: number,
  depth: number,
): PlistValue | undefined {
  const offset = offsetOf(cursor, object)
  if (offset === undefined || !countNode(cursor, offset)) return undefined
  const kind = cursor.view.getUint8(offset) >> 4
  if (kind !== arrayMarker && kind !== dictMarker) return readBinaryScalar(cursor, offset)
  if (!enter(cursor, object, depth)) return undefined
  const value =
    kind === arrayMarker ? readArray(cursor, offset, depth) : readDict(cursor, offset, depth)
  cursor.path.pop()
  return value
}

function readArray(
  cursor: BinaryCursor,
  offset: number,
  depth: number,
): readonly PlistValue[] | undefined {
  const extent = extentOf(cursor, offset, cursor.refBytes)
  if (extent === undefined) return undefined
  const items: PlistValue[] = []
  for (let index = 0; index < extent.count; index += 1) {
    const value = readObject(cursor, refAt(cursor, extent, index), depth + 1)
    if (value === undefined) return undefined
    items.push(value)
  }
  return items
}

function readDict(cursor: BinaryCursor, offset: number, depth: number): PlistValue | undefined {
  const extent = extentOf(cursor, offset, 2 * cursor.refBytes)
  if (extent === undefined) return undefined
  const dict = emptyDict()
  for (let index = 0; index < extent.count; index += 1) {
    const key = readKey(cursor, refAt(cursor, extent, index))
    if (key === undefined) return undefined
    const isTwice = key in dict
    if (isTwice && !mayRepeat(cursor.limits)) return haltTwice(cursor, offset)
    const value = readObject(cursor, refAt(cursor, extent, extent.count + index), depth + 1)
    if (value === undefined) return undefined
    if (isTwice && !mayReplace(cursor.limits, { dict, key, value, isRoot: depth === 0 }))
      return haltTwice(cursor, offset)
    dict[key] = value
  }
  return dict
}

const haltTwice = (cursor: BinaryCursor, at: number): undefined =>
  halt(cursor, { kind: 'duplicate-key', at, detail: 'a key stands twice in a dict' })

function readKey(cursor: BinaryCursor, object: number): string | undefined {
  const at = offsetOf(cursor, object)
  if (at === undefined) return undefined
  const key = readBinaryScalar(cursor, at)
  if (key === undefined) return undefined
  if (typeof key !== 'string') {
    return halt(cursor, { kind: 'bad-dict', at, detail: 'a key that is not a string' })
  }
  const { keyCharsMax } = cursor.limits
  if (key.length <= keyCharsMax) return key
  return halt(cursor, { kind: 'too-long', at, detail: `a key of more than ${keyCharsMax} units` })
}

const refAt = (cursor: BinaryCursor, extent: Extent, index: number): number =>
  readSized(cursor.view, extent.at + index * cursor.refBytes, cursor.refBytes)

function countNode(cursor: BinaryCursor, at: number): boolean {
  const { nodesMax } = cursor.limits
  cursor.nodes += 1
  if (cursor.nodes <= nodesMax) return true
  halt(cursor, { kind: 'too-many-nodes', at, detail: `more than ${nodesMax} values` })
  return false
}

function enter(cursor: BinaryCursor, object: number, depth: number): boolean {
  const { depthMax } = cursor.limits
  const at = cursor.tableAt
  // At most `depthMax` long, so looking through it costs the same for every list.
  if (cursor.path.includes(object)) {
    halt(cursor, { kind: 'cycle', at, detail: 'a container that contains itself' })
    return false
  }
  if (depth >= depthMax) {
    halt(cursor, { kind: 'too-deep', at, detail: `more than ${depthMax} levels` })
    return false
  }
  cursor.path.push(object)
  return true
}

const arrayMarker = 0xa
const dictMarker = 0xd
