import { describe, expect, test } from 'vitest'
import { plistLimits } from '../../src/protocol/plist/limits.ts'
import { readPlist } from '../../src/protocol/plist/read.ts'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const read = (inner: string): unknown => {
  const result = readPlist(encode(`<plist version="1.0">${inner}</plist>`))
  return result.ok ? result.value : result.error.kind
}

// prettier-ignore
const values = [
  ['<string>a</string>',                          'a'],
  ['<string></string>',                           ''],
  ['<string> a\tb\n</string>',                    ' a\tb\n'],
  ['<string>a\r\nb\rc</string>',                  'a\nb\nc'],
  ['<string>a&#13;b</string>',                    'a\rb'],
  ['<string>&lt;&amp;&#x41;</string>',            '<&A'],
  ['<string>a<![CDATA[&lt;]]>b</string>',         'a&lt;b'],
  ['<true/>',                                     true],
  ['<false></false>',                             false],
  ['<integer>0</integer>',                        0],
  ['<integer>-0</integer>',                       0],
  ['<integer>007</integer>',                      7],
  ['<integer>-0x10</integer>',                    -16],
  ['<integer>9007199254740991</integer>',         9007199254740991],
  ['<integer>9007199254740992</integer>',         9007199254740992n],
  ['<integer>-9007199254740993</integer>',        -9007199254740993n],
  ['<integer>18446744073709551615</integer>',     2n ** 64n - 1n],
  ['<integer>-9223372036854775808</integer>',     -(2n ** 63n)],
  ['<integer>18446744073709551616</integer>',     'bad-integer'],
  ['<real>1.5e3</real>',                          1500],
  ['<real>-0</real>',                             0],
  ['<real>-Infinity</real>',                      Number.NEGATIVE_INFINITY],
  ['<real>nan</real>',                            Number.NaN],
  ['<date>2024-02-29T23:59:59Z</date>',           new Date('2024-02-29T23:59:59Z')],
  ['<date>2023-02-29T23:59:59Z</date>',           'bad-date'],
  ['<data>AAEC\n\t/w==</data>',                   Uint8Array.of(0, 1, 2, 255)],
  ['<data/>',                                     new Uint8Array()],
  ['<array><true/><array/></array>',              [true, []]],
] as const
for (const [inner, value] of values) {
  test(`${JSON.stringify(inner)} says ${String(value)}`, () => {
    expect(read(inner)).toStrictEqual(value)
  })
}

describe('a dictionary', () => {
  test('has no prototype, so hostile keys are ordinary ones', () => {
    const value = read(
      '<dict><key>__proto__</key><dict><key>a</key><true/></dict><key/><true/></dict>',
    )
    expect(Object.getPrototypeOf(value)).toBeNull()
    expect(Object.keys(value as object)).toEqual(['__proto__', ''])
    expect('a' in (value as object)).toBe(false)
  })
})

describe('a fault', () => {
  test('counts bytes, not characters', () => {
    const body = encode('<plist><dict><key>ü€😀</key><null/></dict></plist>')
    const at = Buffer.from(body).indexOf('<null/>')
    expect(readPlist(body)).toMatchObject({ ok: false, error: { kind: 'unknown-tag', at } })
  })

  test('counts the byte order mark too', () => {
    const body = Buffer.concat([Uint8Array.of(0xef, 0xbb, 0xbf), encode('<plist><null/></plist>')])
    expect(readPlist(body)).toMatchObject({ ok: false, error: { kind: 'unknown-tag', at: 10 } })
  })

  test('points at the first byte that is not UTF-8, past replacements that are', () => {
    const body = Buffer.concat([encode('<plist><string>\uFFFD€'), Uint8Array.of(0xff)])
    expect(readPlist(body)).toMatchObject({ error: { kind: 'bad-encoding', at: body.length - 1 } })
  })
})

// prettier-ignore
const limits = [
  ['bytesMax',       60, '<string>twelve bytes, and then so many more</string>', 'too-large'],
  ['depthMax',        2, '<array><array><true/></array></array>',                true],
  ['depthMax',        2, '<array><array><array/></array></array>',               'too-deep'],
  ['depthMax',        2, '<array><array><dict></dict></array></array>',          'too-deep'],
  ['nodesMax',        3, '<array><true/><true/></array>',                        true],
  ['nodesMax',        3, '<array><true/><true/><true/></array>',                 'too-many-nodes'],
  ['keyCharsMax',     3, '<dict><key>abc</key><true/></dict>',                   true],
  ['keyCharsMax',     3, '<dict><key>abcd</key><true/></dict>',                  'too-long'],
  ['stringCharsMax',  3, '<string>abc</string>',                                 true],
  ['stringCharsMax',  3, '<string>a&amp;cd</string>',                            'too-long'],
  ['dataBytesMax',    3, '<data>AAAA</data>',                                    true],
  ['dataBytesMax',    3, '<data>AAAAAA==</data>',                                'too-long'],
] as const
for (const [limit, bound, inner, outcome] of limits) {
  test(`with ${limit} ${bound}, ${inner} ${outcome === true ? 'is taken' : `is ${outcome}`}`, () => {
    const body = encode(`<plist version="1.0">${inner}</plist>`)
    const result = readPlist(body, { ...plistLimits, [limit]: bound })
    expect(result.ok || result.error.kind).toBe(outcome)
  })
}
