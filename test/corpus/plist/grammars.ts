// Other grammars: binary lists made to mislead, OpenStep, JSON, and what is no list at all.
import { type Body, bodies } from './case.ts'

type Trailer = {
  readonly offsetBytes?: number
  readonly refBytes?: number
  readonly count?: bigint
  readonly top?: bigint
  readonly tableAt?: bigint
}

/** Objects in hexadecimal, one after another, and what the trailer says of them. */
function binary(objects: readonly string[], trailer: Trailer = {}): Uint8Array {
  const bodies = objects.map((hex) => Buffer.from(hex.replaceAll(' ', ''), 'hex'))
  let at = 8
  const offsets = bodies.map(({ length }) => (at += length) - length)
  const end = Buffer.alloc(32)
  end[6] = trailer.offsetBytes ?? 1
  end[7] = trailer.refBytes ?? 1
  end.writeBigUInt64BE(trailer.count ?? BigInt(objects.length), 8)
  end.writeBigUInt64BE(trailer.top ?? 0n, 16)
  end.writeBigUInt64BE(trailer.tableAt ?? BigInt(at), 24)
  return Buffer.concat([Buffer.from('bplist00'), ...bodies, Uint8Array.from(offsets), end])
}

const huge = 2n ** 63n
/** Each array holds the next one fifteen times: 15^12 values in 200 bytes. */
const laughs = [
  ...Array.from({ length: 12 }, (_, nth) => `af 10 0f ${hexByte(nth + 1).repeat(15)}`),
  '51 78',
]

function hexByte(value: number): string {
  return value.toString(16).padStart(2, '0')
}

export const grammars: readonly Body[] = bodies('grammar', [
  [binary(['a1 00']), 'cycle', 'an array in itself'],
  [binary(['d1 01 00', '51 78']), 'cycle', 'a dictionary in itself'],
  [binary(['a1 01', 'a1 00']), 'cycle', 'two arrays in each other'],
  [binary(['a1 01', 'a1 02', 'd1 03 00', '51 78']), 'cycle', 'a longer way round'],
  [binary(laughs), 'too-many-nodes', 'arrays that are shared and shared'],
  [binary(['d1 00 01', '51 78']), 'bad-object', 'a dictionary as its own key'],
  [binary(['d1 01 02', '10 01', '51 78']), 'bad-dict', 'a number as a key'],
  [binary(['d2 01 01 02 02', '51 78', '09']), 'duplicate-key', 'one key twice'],
  [
    binary(['d2 01 02 03 03', '51 78', '51 78', '09']),
    'duplicate-key',
    'two keys that are the same',
  ],
  [binary(['a1 05']), 'bad-offset', 'a reference to no object'],
  [binary(['09'], { count: huge }), 'too-many-nodes', 'a huge number of objects'],
  [binary(['09'], { count: 0n }), 'bad-trailer', 'no objects'],
  [binary(['09'], { top: 1n }), 'bad-trailer', 'a root that is not there'],
  [binary(['09'], { top: huge }), 'bad-trailer', 'a root far away'],
  [binary(['09'], { tableAt: 0n }), 'bad-trailer', 'a table at the start'],
  [binary(['09'], { tableAt: huge }), 'bad-trailer', 'a table far away'],
  [binary(['09'], { offsetBytes: 0 }), 'bad-trailer', 'offsets of no bytes'],
  [binary(['09'], { offsetBytes: 9 }), 'bad-trailer', 'offsets of nine bytes'],
  [binary(['09'], { refBytes: 0 }), 'bad-trailer', 'references of no bytes'],
  [binary(['09'], { refBytes: 255 }), 'bad-trailer', 'references of 255 bytes'],
  [binary(['5f 13 7fffffffffffffff 78']), 'bad-object', 'a string of a huge length'],
  [binary(['4f 12 ffffffff 00']), 'bad-object', 'data of a huge length'],
  [binary(['af 12 ffffffff 00']), 'bad-object', 'an array of a huge length'],
  [binary(['df 12 7fffffff 00']), 'bad-object', 'a dictionary of a huge length'],
  [binary(['5f 09 78']), 'bad-object', 'a length that is a boolean'],
  [binary(['00']), 'bad-object', 'a null'],
  [binary(['0f']), 'bad-object', 'fill'],
  [binary(['80 01']), 'bad-object', 'a UID'],
  [binary(['c1 01', '51 78']), 'bad-object', 'a set'],
  [binary(['15 00000000000000000000000000000000']), 'bad-integer', 'an integer of 32 bytes'],
  [binary(['14 ffffffffffffffff0000000000000000']), 'bad-integer', 'an integer beyond 64 bits'],
  [binary(['21 0000']), 'bad-real', 'a half'],
  [binary(['33 7ff8000000000000']), 'bad-date', 'a date that is no number'],
  [binary(['33 7ff0000000000000']), 'bad-date', 'a date without end'],
  [binary(['51 ff']), 'bad-encoding', 'a letter that is no ASCII'],
  [binary(['61 d800']), 'bad-encoding', 'half a pair'],
  [binary(['51 00']), 'illegal-character', 'a NUL'],
  [Buffer.from('bplist00'), 'truncated', 'a header alone'],
  [Buffer.from('bplist01'.padEnd(50, '\0')), 'unsupported-format', 'another version'],
  [Buffer.concat([binary(['09']), Buffer.from('x')]), 'bad-trailer', 'a byte too many'],
  ['{ Status = Idle; UDID = "x"; }', 'unsupported-format', 'OpenStep'],
  ['( a, b )', 'unsupported-format', 'an array of OpenStep'],
  ['<48656c6c6f>', 'bad-root', 'data of OpenStep'],
  ['"text"', 'unsupported-format', 'a string'],
  ['{"Status":"Idle"}', 'unsupported-format', 'JSON'],
  ['[]', 'unsupported-format', 'an array of JSON'],
  ['Status: Idle', 'unsupported-format', 'YAML'],
  ['Status=Idle&UDID=x', 'unsupported-format', 'a form'],
  [Buffer.from([0x1f, 0x8b, 8, 0]), 'bad-encoding', 'gzip without saying so'],
  [Buffer.from('PK\u0003\u0004'), 'unsupported-format', 'a zip'],
  [Buffer.from([0x30, 0x82, 1, 0]), 'bad-encoding', 'a signed message'],
  [' ', 'unsupported-format', 'a blank'],
  ['', 'empty', 'nothing'],
])
