import { isArray, isBytes, isDate, type PlistValue } from '../../src/protocol/plist/value.ts'

/**
 * Writes a binary property list, as some MDM clients send them.
 *
 * Every value is an object of its own, references take two bytes: enough for messages, and no more.
 */
export function buildBinaryPlist(root: PlistValue): Buffer {
  const objects: Buffer[] = []
  const top = put(root)
  const offsets: number[] = []
  let at = 8
  for (const object of objects) {
    offsets.push(at)
    at += object.length
  }
  const table = Buffer.concat(offsets.map((offset) => sized(offset, 4)))
  const trailer = Buffer.concat([
    Buffer.from([0, 0, 0, 0, 0, 0, 4, 2]),
    sized(objects.length, 8),
    sized(top, 8),
    sized(at, 8),
  ])
  return Buffer.concat([Buffer.from('bplist00'), ...objects, table, trailer])

  function put(value: PlistValue): number {
    const index = objects.length
    objects.push(Buffer.alloc(0))
    objects[index] = encoded(value)
    return index
  }

  function encoded(value: PlistValue): Buffer {
    if (typeof value === 'object' && !isBytes(value) && !isDate(value)) return container(value)
    return scalar(value)
  }

  function container(value: Extract<PlistValue, object>): Buffer {
    if (isArray(value)) return Buffer.concat([marker(0xa, value.length), ...value.map(reference)])
    const keys = Object.keys(value)
    const values = Object.values(value as Readonly<Record<string, PlistValue>>)
    return Buffer.concat([
      marker(0xd, keys.length),
      ...keys.map(reference),
      ...values.map(reference),
    ])
  }

  function reference(value: PlistValue): Buffer {
    return sized(put(value), 2)
  }
}

function scalar(value: Exclude<PlistValue, readonly PlistValue[]>): Buffer {
  if (typeof value === 'boolean') return Buffer.from([value ? 0x09 : 0x08])
  if (typeof value === 'string') return text(value)
  if (isBytes(value)) return Buffer.concat([marker(0x4, value.length), value])
  const bytes = Buffer.alloc(9)
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))) {
    bytes[0] = 0x13
    bytes.writeBigInt64BE(BigInt(value), 1)
  } else if (typeof value === 'number') {
    bytes[0] = 0x23
    bytes.writeDoubleBE(value, 1)
  } else if (isDate(value)) {
    bytes[0] = 0x33
    bytes.writeDoubleBE((value.getTime() - Date.UTC(2001, 0, 1)) / 1_000, 1)
  } else throw new Error('not a scalar')
  return bytes
}

function text(value: string): Buffer {
  const plain = Buffer.from(value, 'utf8')
  if (plain.length === value.length) return Buffer.concat([marker(0x5, plain.length), plain])
  const wide = Buffer.from(value, 'utf16le').swap16()
  return Buffer.concat([marker(0x6, value.length), wide])
}

const marker = (kind: number, count: number): Buffer =>
  count < 15
    ? Buffer.from([(kind << 4) | count])
    : Buffer.concat([Buffer.from([(kind << 4) | 0xf, 0x12]), sized(count, 4)])

function sized(value: number, bytes: number): Buffer {
  const all = Buffer.alloc(8)
  all.writeBigUInt64BE(BigInt(value))
  return all.subarray(8 - bytes)
}
