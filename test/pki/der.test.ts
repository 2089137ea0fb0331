import fc from 'fast-check'
import { expect, test } from 'vitest'
import { derFromBer } from '../../src/pki/ber.ts'
import { readSigned } from '../../src/pki/cms-signed.ts'
import { type DerFault, type DerNode, oidOf, readDer } from '../../src/pki/der-read.ts'
import { derTimeOf } from '../../src/pki/der-time.ts'
import { der } from '../../src/pki/der-write.ts'
import { oids } from '../../src/pki/oids.ts'

const bytes = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const faultOf = (input: Uint8Array, limits?: Parameters<typeof readDer>[1]) => {
  const read = readDer(input, limits)
  return read.ok ? undefined : read.error.kind
}
const nodeOf = (input: Uint8Array): DerNode => {
  const read = readDer(input)
  if (!read.ok) throw new Error(read.error.kind)
  return read.value
}

// prettier-ignore
const refused: readonly (readonly [hex: string, what: string, fault: DerFault['kind']])[] = [
  ['',                        'nothing',                              'truncated'],
  ['30',                      'a tag alone',                          'truncated'],
  ['30 03 0201',              'content shorter than its length',      'truncated'],
  ['30 82 01',                'a length cut off',                     'truncated'],
  ['30 03 02 02 01',          'a child longer than its parent',       'truncated'],
  ['05 00 00',                'a byte behind',                        'trailing-bytes'],
  ['05 00 05 00',             'an element behind',                    'trailing-bytes'],
  ['00 00',                   'end of contents',                      'bad-tag'],
  ['1f 81 01 00',             'a tag number above 30',                'bad-tag'],
  ['3f 81 01 00',             'a constructed tag number above 30',    'bad-tag'],
  ['bf 1f 00',                'a context tag number above 30',        'bad-tag'],
  ['10 00',                   'a primitive SEQUENCE',                 'bad-tag'],
  ['11 00',                   'a primitive SET',                      'bad-tag'],
  ['21 00',                   'a constructed BOOLEAN',                'bad-tag'],
  ['22 03 020101',            'a constructed INTEGER',                'bad-tag'],
  ['24 03 040101',            'an OCTET STRING in pieces',            'bad-tag'],
  ['23 04 03020001',          'a BIT STRING in pieces',               'bad-tag'],
  ['2c 03 0c0141',            'a UTF8String in pieces',               'bad-tag'],
  ['30 80 0000',              'an indefinite length',                 'bad-length'],
  ['04 80 0000',              'an indefinite primitive',              'bad-length'],
  ['04 81 01 00',             'a short length in two octets',         'bad-length'],
  ['04 81 7f' + '00'.repeat(127), 'the longest short length in two octets', 'bad-length'],
  ['04 82 00 80' + '00'.repeat(128), 'a length with a leading zero',  'bad-length'],
  ['04 84 00000001 00',       'a length of four octets',              'bad-length'],
  ['04 ff 00',                'the reserved length',                  'bad-length'],
  ['02 00',                   'an empty INTEGER',                     'bad-value'],
  ['02 02 0001',              'a padded INTEGER',                     'bad-value'],
  ['02 02 ff80',              'a padded negative INTEGER',            'bad-value'],
  ['0a 02 0001',              'a padded ENUMERATED',                  'bad-value'],
  ['01 01 01',                'TRUE as one',                          'bad-value'],
  ['01 00',                   'an empty BOOLEAN',                     'bad-value'],
  ['01 02 ffff',              'a BOOLEAN of two octets',              'bad-value'],
  ['05 01 00',                'a NULL with content',                  'bad-value'],
  ['03 00',                   'a BIT STRING without its first octet', 'bad-value'],
  ['03 02 08 00',             'eight unused bits',                    'bad-value'],
  ['03 01 01',                'an unused bit of no octet',            'bad-value'],
  ['03 02 01 01',             'an unused bit that is set',            'bad-value'],
  ['06 00',                   'an empty OBJECT IDENTIFIER',           'bad-value'],
  ['06 02 2a86',              'an arc that does not end',             'bad-value'],
  ['06 03 2a8001',            'an arc with a leading zero',           'bad-value'],
  ['06 01 80',                'an arc of nothing',                    'bad-value'],
]
for (const [hex, what, fault] of refused)
  test(`${what} is refused: ${fault}`, () => {
    expect(faultOf(bytes(hex))).toBe(fault)
    const isOne = hex !== '' && fault !== 'trailing-bytes'
    if (isOne) expect(faultOf(der.sequence(bytes(hex)))).toBe(fault)
  })

for (const depth of [34, 1_000, 100_000])
  test(`${depth} levels are too deep, and the stack holds`, () => {
    expect(faultOf(deep(depth))).toBe('too-deep')
    expect(readSigned(deep(depth)).ok).toBe(false)
    // The same in BER, with open lengths.
    const open = Buffer.concat([
      Buffer.alloc(depth * 2, Buffer.of(0x30, 0x80)),
      Buffer.alloc(depth * 2),
    ])
    expect(readSigned(open).ok).toBe(false)
  })

/** Every level's length is true and as short as can be, so that nothing but the depth is wrong. */
function deep(depth: number): Uint8Array {
  const heads: Uint8Array[] = []
  let length = 0
  for (let level = 0; level < depth; level += 1) {
    const octets = length < 0x80 ? 0 : length < 0x100 ? 1 : length < 0x10000 ? 2 : 3
    const head = Buffer.alloc(2 + octets, 0x30)
    head[1] = octets === 0 ? length : 0x80 | octets
    if (octets > 0) head.writeUIntBE(length, 2, octets)
    heads.push(head)
    length += head.length
  }
  return Buffer.concat(heads.toReversed())
}

test('32 levels are read, and the limits can be set lower', () => {
  let nested: Uint8Array = new Uint8Array()
  for (let level = 0; level <= 32; level += 1) nested = der.sequence(nested)
  expect(faultOf(nested)).toBe(undefined)
  expect(faultOf(nested, { depthMax: 31, nodesMax: 100 })).toBe('too-deep')
  expect(faultOf(nested, { depthMax: 32, nodesMax: 32 })).toBe('too-many')
})

test('20,001 elements are too many', () => {
  const nulls = (count: number) => der.sequence(Buffer.alloc(count * 2, Buffer.of(5, 0)))
  expect(faultOf(nulls(19_999))).toBe(undefined)
  expect(faultOf(nulls(20_000))).toBe('too-many')
})

test('an element is a view: its bytes hold head and content, children lie within', () => {
  const whole = der.sequence(der.integer(5), der.sequence(der.utf8String('ü')))
  const node = nodeOf(whole)
  expect(node.tag).toBe(0x30)
  expect(node.bytes).toHaveLength(whole.length)
  expect(node.children.map(({ tag }) => tag)).toEqual([0x02, 0x30])
  expect(Buffer.from(node.children[1]?.children[0]?.content ?? []).toString()).toBe('ü')
  expect(node.children[0]?.bytes.buffer).toBe(node.bytes.buffer)
})

// prettier-ignore
const written: readonly (readonly [what: string, made: Uint8Array, hex: string])[] = [
  ['zero',                         der.integer(0),                         '02 01 00'],
  ['127',                          der.integer(127),                       '02 01 7f'],
  ['128, which needs a sign octet', der.integer(128),                      '02 02 0080'],
  ['256',                          der.integer(256n),                      '02 02 0100'],
  ['octets with needless zeros',   der.integer(bytes('0000 80')),          '02 02 0080'],
  ['no octets',                    der.integer(new Uint8Array()),          '02 01 00'],
  ['a SET OF, sorted',             der.setOf(der.integer(2), der.null(), der.integer(1)), '31 08 020101 020102 0500'],
  ['a SET in its own order',       der.set(der.integer(2), der.integer(1)), '31 06 020102 020101'],
  ['TRUE',                         der.boolean(true),                      '01 01 ff'],
  ['FALSE',                        der.boolean(false),                     '01 01 00'],
  ['an OBJECT IDENTIFIER',         der.oid('1.2.840.113549'),              '06 06 2a864886f70d'],
  ['one below 2.999',              der.oid('2.999.3'),                     '06 03 883703'],
  ['a BIT STRING',                 der.bitString(bytes('a0'), 5),          '03 02 05a0'],
  ['127 octets',                   der.octetString(Buffer.alloc(127)).subarray(0, 2), '04 7f'],
  ['128 octets',                   der.octetString(Buffer.alloc(128)).subarray(0, 3), '04 81 80'],
  ['65,536 octets',                der.octetString(Buffer.alloc(65_536)).subarray(0, 5), '04 83 010000'],
  ['a year before 2050',           der.time(Date.UTC(2049, 11, 31, 23, 59, 59)), '17 0d 3439 31323331 323335393539 5a'],
  ['a year from 2050',             der.time(Date.UTC(2050, 0, 1)),         '18 0f 32303530 30313031 303030303030 5a'],
  ['text in three types',          der.sequence(der.utf8String('é'), der.printableString('a'), der.ia5String('@')), '30 0a 0c02c3a9 130161 160140'],
  ['a context tag',                der.tagged(0x80, bytes('01')),          '80 01 01'],
]
for (const [what, made, hex] of written)
  test(`${what} is written as DER has it`, () => {
    expect(Buffer.from(made).toString('hex')).toBe(hex.replaceAll(' ', ''))
  })

// prettier-ignore
const noTimes = [
  der.tagged(0x17, Buffer.from('260230000000Z')), // the thirtieth of February
  der.tagged(0x17, Buffer.from('2601010000Z')), // without seconds
  der.tagged(0x17, Buffer.from('260101000000+0100')),
  der.tagged(0x18, Buffer.from('20260101000000.5Z')),
  der.tagged(0x18, Buffer.from('20261301000000Z')),
  der.utf8String('20260101000000Z'),
]
test('a time is one that exists, in whole seconds of UTC', () => {
  for (const made of noTimes) expect(derTimeOf(nodeOf(made))).toBe(undefined)
  fc.assert(
    fc.property(fc.integer({ min: Date.UTC(1950, 0), max: Date.UTC(9999, 0) }), (atMs) => {
      // A UTCTime knows the years from 1950 only.
      const seconds = Math.floor(atMs / 1_000) * 1_000
      expect(derTimeOf(nodeOf(der.time(seconds)))).toBe(seconds)
    }),
    { numRuns: 300 },
  )
})

test('every name in the list of object identifiers is another, and is written and read back', () => {
  const dotted = Object.values(oids)
  expect(new Set(dotted).size).toBe(dotted.length)
  for (const oid of dotted) expect(oidOf(nodeOf(der.oid(oid)))).toBe(oid)
})

test('an object identifier with an arc of eight octets has no dotted form, nor has another element', () => {
  expect(oidOf(nodeOf(bytes('06 08 2a ffffffffffff 7f')))).toBe('1.2.562949953421311')
  expect(oidOf(nodeOf(bytes('06 09 2a ffffffffffffff 7f')))).toBe(undefined)
  expect(oidOf(nodeOf(bytes('06 0a 2a ffffffffffffffff 7f')))).toBe(undefined)
  expect(oidOf(nodeOf(der.null()))).toBe(undefined)
})

const arc = fc.integer({ min: 0, max: 2 ** 31 })
test('any object identifier and any number comes back as it went', () => {
  fc.assert(
    fc.property(fc.nat(2), fc.nat(39), fc.array(arc, { maxLength: 8 }), (root, second, rest) => {
      const dotted = [root, second, ...rest].join('.')
      expect(oidOf(nodeOf(der.oid(dotted)))).toBe(dotted)
    }),
  )
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 1n << 2_048n }), (value) => {
      const { content } = nodeOf(der.integer(value))
      expect(BigInt(`0x${Buffer.from(content).toString('hex')}`)).toBe(value)
    }),
  )
})

const { tree } = fc.letrec<{ readonly tree: Uint8Array }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 6 },
    fc.uint8Array({ maxLength: 200 }).map(der.octetString),
    fc.nat().map(der.integer),
    fc.array(tie('tree'), { maxLength: 5 }).map((parts) => der.sequence(...parts)),
    fc.array(tie('tree'), { maxLength: 3 }).map((parts) => der.setOf(...parts)),
  ),
}))
const rewritten = (node: DerNode): Uint8Array =>
  der.tagged(
    node.tag,
    (node.tag & 0x20) === 0 ? node.content : Buffer.concat(node.children.map(rewritten)),
  )

test('what is written is read, and what is read is written again byte for byte', () => {
  fc.assert(
    fc.property(tree, (made) => {
      expect(Buffer.compare(rewritten(nodeOf(made)), made)).toBe(0)
    }),
    { numRuns: 300 },
  )
})

test('no bytes throw, and those that are read have no second way to be written', () => {
  const odd = fc.constantFrom(
    0x02,
    0x03,
    0x04,
    0x05,
    0x06,
    0x30,
    0x31,
    0x80,
    0xa0,
    0,
    1,
    2,
    3,
    0xff,
  )
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 64 }), fc.array(odd, { maxLength: 24 })),
      (random) => {
        const read = readDer(Uint8Array.from(random))
        if (read.ok) expect(Array.from(rewritten(read.value))).toEqual(Array.from(random))
      },
    ),
    { numRuns: 5_000 },
  )
})

test('an open element is closed also where its parent is not, and where that changes no length', () => {
  for (const size of [0, 1, 127, 128, 255, 256, 300, 1_000, 5_000]) {
    const held = der.octetString(new Uint8Array(size).fill(7))
    const open = Buffer.concat([bytes('30 80'), held, bytes('00 00')])
    // Small buffers share one memory, as those from a header do.
    const input = Buffer.from(Buffer.from(der.sequence(open)).toString('base64'), 'base64')
    const read = derFromBer(input)
    expect(read.ok && Buffer.from(read.value)).toEqual(
      Buffer.from(der.sequence(der.sequence(held))),
    )
  }
})
