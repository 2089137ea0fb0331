import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jsonDepthMax, member, readJson } from '../../src/protocol/osquery/json.ts'

const limits = { bytesMax: 10_000_000, valuesMax: 100_000 }
const read = (text: string) => readJson(new TextEncoder().encode(text), limits)
const kindOf = (text: string) => {
  const json = read(text)
  return json.ok ? 'ok' : json.error.kind
}
const nested = (depth: number) => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`

const wide = (members: number) =>
  Object.fromEntries(Array.from({ length: members }, (_, n) => [`m${n}`, n]))

// prettier-ignore
const cases = [
  ['an object',                        '{"a":[1,{"b":null}]}',           'ok'],
  ['an object after a byte order mark', '\ufeff{"a":1}',                 'ok'],
  ['nothing',                          '',                               'not-json'],
  ['white space',                      ' \n',                            'not-json'],
  ['an array',                         '[]',                             'not-an-object'],
  ['a string',                         '"a"',                            'not-an-object'],
  ['null',                             'null',                           'not-an-object'],
  ['two objects',                      '{}{}',                           'not-json'],
  ['bytes behind the object',          '{} x',                           'not-json'],
  ['an object cut short',              '{"a":1',                         'not-json'],
  ['a string cut short',               '{"a":"b',                        'not-json'],
  ['a string ending in a backslash',   '{"a":"b\\',                      'not-json'],
  ['a trailing comma',                 '{"a":1,}',                       'not-json'],
  ['a comment',                        '{"a":1}//x',                     'not-json'],
  ['single quotes',                    "{'a':1}",                        'not-json'],
  ['NaN',                              '{"a":NaN}',                      'not-json'],
  ['a leading zero',                   '{"a":01}',                       'not-json'],
  ['a line break in a string',         '{"a":"\n"}',                     'not-json'],
  ['closing brackets only',            ']]]]}}}}',                       'not-json'],
  ['the deepest that is read',         nested(jsonDepthMax),             'ok'],
  ['one level more',                   nested(jsonDepthMax + 1),         'too-deep'],
  ['brackets in a string',             `{"a":"${'['.repeat(99)}"}`,      'ok'],
  ['escaped quotes before brackets',   `{"a":"\\"${'['.repeat(99)}"}`,   'ok'],
  ['an open string of brackets',       `{"a":"\\\\",${'['.repeat(99)}`,  'too-deep'],
  ['100,000 levels',                   '['.repeat(100_000),              'too-deep'],
  ['a million values',                 `{"a":[${'1,'.repeat(1e6)}1]}`,   'too-many-values'],
  ['a million empty objects',          `{"a":[${'{},'.repeat(1e6)}1]}`,  'too-many-values'],
  ['4,096 members in one object',      JSON.stringify(wide(4_096)),      'ok'],
  ['4,097 members in one object',      JSON.stringify({ a: [wide(4_097)] }), 'too-many-members'],
  ['many small objects',               JSON.stringify({ a: [wide(3_000), wide(3_000)] }), 'ok'],
  ['a member twice',                   '{"a":1,"a":1}',                  'duplicate-member'],
  ['a member twice, once escaped',     '{"a":1,"\\u0061":1}',            'duplicate-member'],
  ['a member twice, deep inside',      '{"x":[{"a":1,"b":{"c":1,"c":2}}]}', 'duplicate-member'],
  ['__proto__ twice',                  '{"__proto__":1,"__proto__":2}',  'duplicate-member'],
  ['the same name in two objects',     '{"a":{"b":1},"c":{"b":1}}',      'ok'],
  ['colons in a name and a value',     '{"a:b":"c:d"}',                  'ok'],
  ['members named like an array',      '{"0":1,"length":2,"1":3}',       'ok'],
] as const
for (const [name, text, kind] of cases) {
  test(`${name} is ${kind}`, () => expect(kindOf(text)).toBe(kind))
}

test('bytes that are not UTF-8 become U+FFFD, and that is told', () => {
  for (const bytes of [
    [0xff],
    [0xc0, 0xaf],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xe2],
  ]) {
    const body = Uint8Array.from([...Buffer.from('{"a":"'), ...bytes, ...Buffer.from('"}')])
    let told = 0
    const read = readJson(body, limits, () => (told += 1))
    expect(read.ok && read.value['a']).toMatch(/^\u{FFFD}+$/u)
    expect(told).toBe(1)
  }
})

test('a body over the byte limit is refused unread', () => {
  expect(readJson(new Uint8Array(5), { ...limits, bytesMax: 4 })).toEqual({
    ok: false,
    error: { kind: 'too-large', bytesMax: 4 },
  })
})

test('__proto__ is a member like any other and gives nothing to inherit', () => {
  const json = read('{"__proto__":{"node_key":"stolen"},"constructor":"x"}')
  if (!json.ok) throw new Error(json.error.kind)
  expect(member(json.value, 'node_key')).toBeUndefined()
  expect(member(json.value, 'toString')).toBeUndefined()
  expect(member(json.value, 'constructor')).toBe('x')
  expect(Object.hasOwn(Object.prototype, 'node_key')).toBe(false)
})

test('numbers that a double would change come as their text', () => {
  const json = read(
    '{"a":9007199254740993,"b":-9007199254740993,"c":18446744073709551615,"d":1e999,"e":9007199254740991,"f":1.5,"g":-0,"h":0.1234567890123456789}',
  )
  expect(json.ok && json.value).toEqual({
    a: '9007199254740993',
    b: '-9007199254740993',
    c: '18446744073709551615',
    d: '1e999',
    e: 9007199254740991,
    f: 1.5,
    g: -0,
    h: 0.12345678901234568,
  })
})

const tree = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, fc.jsonValue(), tie('object')),
  object: fc.dictionary(fc.string({ unit: 'binary' }), tie('value'), { maxKeys: 5 }),
})).object

test('what JSON.parse reads is read the same, spelled with any white space', () => {
  fc.assert(
    fc.property(tree, fc.constantFrom('', ' ', '\n\t'), (value, space) => {
      const text = JSON.stringify(value, undefined, space)
      const json = read(text)
      // Depth aside, and numbers beyond a double's integers, the two readers agree.
      if (!json.ok) expect(json.error.kind).toBe('too-deep')
      else if (!/\d{16}|\de/.test(text)) expect(json.value).toEqual(JSON.parse(text))
    }),
    { numRuns: 2_000 },
  )
})

test('no bytes make the reader throw', () => {
  const bytes = fc.array(fc.constantFrom(...Buffer.from('{}[]",:\\ue019-.tfn \u00ff')), {
    maxLength: 60,
  })
  fc.assert(
    fc.property(bytes, (some) => {
      const json = readJson(Uint8Array.from(some), limits)
      if (json.ok) expect(JSON.parse(Buffer.from(some).toString())).toBeTypeOf('object')
    }),
    { numRuns: 20_000 },
  )
})
