import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonToPlist } from '../../src/protocol/plist/json-payload.ts'
import { plistToJson } from '../../src/protocol/plist/json.ts'
import { dictOf, type PlistValue, WholeReal } from '../../src/protocol/plist/value.ts'

// prettier-ignore
const shown: readonly (readonly [PlistValue, unknown])[] = [
  ['text',                                 'text'],
  [true,                                   true],
  [1.5,                                    1.5],
  [9007199254740993n,                      '9007199254740993'],
  [Number.NaN,                             'NaN'],
  [Number.NEGATIVE_INFINITY,               '-Infinity'],
  [Uint8Array.of(0, 255),                  'AP8='],
  [new Date('2026-01-02T03:04:05Z'),       '2026-01-02T03:04:05Z'],
  [new Date('2026-01-02T03:04:05.250Z'),   '2026-01-02T03:04:05.250Z'],
  [[1, ['a']],                             [1, ['a']]],
]
for (const [value, json] of shown) {
  test(`a ${typeof value} is shown as ${JSON.stringify(json)}`, () => {
    expect(plistToJson(value)).toEqual(json)
  })
}

test('a key called __proto__ reaches the JSON text', () => {
  const dict = dictOf(JSON.parse('{"__proto__":{"a":1},"b":2}'))
  expect(JSON.stringify(plistToJson(dict))).toBe('{"__proto__":{"a":1},"b":2}')
})

describe('an operator’s payload', () => {
  // prettier-ignore
  const taken: readonly (readonly [unknown, PlistValue])[] = [
    [{ PIN: '123456', n: 1.5, on: false },           dictOf({ PIN: '123456', n: 1.5, on: false })],
    [{ Payload: { $data: 'AAEC' } },                 dictOf({ Payload: Uint8Array.of(0, 1, 2) })],
    [[{ $date: '2026-01-02T03:04:05Z' }],            [new Date('2026-01-02T03:04:05Z')]],
    [{ $dict: { $other: 'x', b: 1 } },               dictOf({ $other: 'x', b: 1 })],
    [{ Volume: { $real: 1 } },                       dictOf({ Volume: new WholeReal(1) })],
    [{ Volume: { $real: 0.5 } },                     dictOf({ Volume: 0.5 })],
    [[{ $real: 'NaN' }, { $real: '-Infinity' }],     [Number.NaN, Number.NEGATIVE_INFINITY]],
    [{ $integer: '18446744073709551615' },           18446744073709551615n],
    [{},                                             dictOf({})],
  ]
  for (const [json, value] of taken) {
    test(`${JSON.stringify(json)} becomes a property list`, () => {
      expect(jsonToPlist(json)).toStrictEqual({ ok: true, value })
    })
  }

  // prettier-ignore
  const refused = [
    [null,                                           ''],
    [{ a: [1, null] },                               '/a/1'],
    [{ 'a/b~c': null },                              '/a~1b~0c'],
    [{ a: 'x\u0000' },                               '/a'],
    [{ a: '\uD800' },                                '/a'],
    [{ 'a\u0001': true },                            '/a\u0001'],
    [{ a: 2 ** 53 },                                 '/a'],
    [{ a: { $data: 'AA' } },                         '/a/$data'],
    [{ a: { $data: 5 } },                            '/a/$data'],
    [{ a: { $date: '2026-02-30T00:00:00Z' } },       '/a/$date'],
    [{ a: { $data: 'AAEC', b: 1 } },                 '/a'],
    [{ a: { b: 1, $date: '2026-01-02T03:04:05Z' } }, '/a'],
    [{ a: { $other: 'x' } },                         '/a/$other'],
    [{ a: { $real: '1' , b: 2 } },                   '/a'],
    [{ a: { $real: true } },                         '/a/$real'],
    [{ a: { $integer: '18446744073709551616' } },    '/a/$integer'],
    [{ a: { $integer: 5 } },                         '/a/$integer'],
    [{ a: { $dict: [] } },                           '/a/$dict'],
    [{ a: { $constructor: 1 } },                     '/a/$constructor'],
  ] as const
  for (const [json, pointer] of refused) {
    test(`${JSON.stringify(json)} is refused at ${JSON.stringify(pointer)}`, () => {
      expect(jsonToPlist(json)).toMatchObject({ ok: false, error: { pointer } })
    })
  }

  test('may not nest deeper than a property list', () => {
    let json: unknown = true
    for (let depth = 0; depth < 40; depth += 1) json = [json]
    expect(jsonToPlist(json)).toMatchObject({ ok: false, error: { pointer: '/0'.repeat(32) } })
  })
})

test('JSON without tags goes through a property list unchanged', () => {
  const json = fc.jsonValue({ noUnicodeString: false, maxDepth: 6 })
  fc.assert(
    fc.property(json, (value) => {
      const plist = jsonToPlist(value)
      if (plist.ok) expect(JSON.stringify(plistToJson(plist.value))).toBe(JSON.stringify(value))
    }),
  )
})
