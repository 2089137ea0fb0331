// Property lists, spoiled by what means something in them: read or refused, and never understood two ways.
import { isDeepStrictEqual } from 'node:util'
import { parse } from 'plist'
import { expect, test } from 'vitest'
import { bytesOfBase64 } from '../../src/protocol/plist/base64.ts'
import { buildPlist } from '../../src/protocol/plist/build.ts'
import { jsonToPlist } from '../../src/protocol/plist/json-payload.ts'
import { plistToJson } from '../../src/protocol/plist/json.ts'
import { readPlist } from '../../src/protocol/plist/read.ts'
import type { PlistValue } from '../../src/protocol/plist/value.ts'
import { buildBinaryPlist } from '../e2e/binary-plist.ts'
import { holds, mutated, mutatedText } from './mutation.ts'

const entries =
  '<key>a</key><string>x &amp; ü</string><key>b</key><integer>-42</integer><key>c</key><real>1.5</real>' +
  '<key>d</key><true/><key>e</key><date>2026-01-02T03:04:05Z</date><key>f</key><data>AAEC</data>'
const xml = [
  `<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0"><dict>${entries}</dict></plist>\n`,
  `<plist><dict>${entries}<key>g</key><array><string/><dict/><false/></array></dict></plist>`,
  '<plist version="1.0"><array><string><![CDATA[a]]>b&#x41;</string><!-- c --><array><integer>31</integer></array></array></plist>',
  '<plist>\n\t<array>\n\t\t<string>one</string>\n\t\t<dict>\n\t\t\t<key>k</key>\n\t\t\t<array/>\n\t\t</dict>\n\t\t<data>\n\t\tAAEC\n\t\t</data>\n\t</array>\n</plist>\n',
  '<plist><string>&lt;&gt;&quot;&apos;&#10;&#x1F600;</string></plist>',
]
// prettier-ignore
const xmlTokens = [
  '<string>y</string>', '<key>z</key><true/>', '<key>&#122;</key><array/>', '<!-- c -->', ' ', '\n', 'y', '1', '<array><true/></array>',
  '<key>é</key><data>\nAA==\n</data>', '<date>2024-02-29T00:00:00Z</date>', '<real>-1e-5</real>', '<![CDATA[<&]]>', '\r\n',
  '<dict>', '</dict>', '<array>', '</array>', '<key>', '</key>', '<key>a</key>', '<string>', '</string>', '<string/>', '<true/>',
  '<integer>', '</integer>', '<real>', '<data>', '<date>', '</plist>', '<plist>', '<dict/>', '<!--', '-->', '<![CDATA[', ']]>',
  '&amp;', '&#0;', '&#x10FFFF;', '&#xD800;', '&', ';', '<', '>', '/', '"', '\r\n', '\0', '\uFEFF', '\uFFFF', '<?xml version="1.0"?>',
  '<!DOCTYPE plist [', 'bplist00', '__proto__', '9007199254740993', '1e999', '=', ' ', Uint8Array.of(0xff), Uint8Array.of(0xc0, 0xaf),
]

const read = (bytes: Uint8Array): PlistValue | undefined => {
  const result = readPlist(bytes)
  if (result.ok) return result.value
  if (result.error.at < 0 || result.error.at > bytes.length)
    throw new Error('a fault outside the body')
  return undefined
}

/** Said again it is the same, as a list, as bytes and as JSON. */
function survives(value: PlistValue): void {
  const built = buildPlist(value)
  const again = read(Buffer.from(built))
  // Milliseconds are what XML cannot carry of a binary date: what is built is stable.
  if (again === undefined || buildPlist(again) !== built) throw new Error(`unstable: ${built}`)
  const json = plistToJson(again)
  const back = jsonToPlist(JSON.parse(JSON.stringify(json)))
  if (!back.ok && back.error.detail === '') throw new Error('a fault without a word')
}

const isWide = (value: PlistValue): boolean =>
  typeof value === 'bigint' ||
  (typeof value === 'object' && !(value instanceof Uint8Array) && Object.values(value).some(isWide))

const bare = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return Uint8Array.from(value)
  if (Array.isArray(value)) return value.map(bare)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, bare(item)]))
}

const heard = { taken: 0, compared: 0 }

holds(
  'spoiled XML is read or refused inside itself, and what is read can be said again',
  mutated(
    xml.map((text) => Buffer.from(text)),
    xmlTokens,
  ),
  (bytes) => {
    const value = read(bytes)
    if (value === undefined) return
    heard.taken += 1
    survives(value)
  },
)

/**
 * Where the package is known to understand less: wide integers it rounds, a key named __proto__ changes the object
 * it is in, and of a key with CDATA it reads the first piece; and it takes three signs for line ends that are none in XML 1.0.
 */
const beyondTheirs = (value: PlistValue, text: string): boolean =>
  isWide(value) ||
  text.includes('__proto__') ||
  /[\u0085\u2028\u2029]/.test(text) ||
  /<key[^>]*>[^<]*<!\[CDATA\[/.test(text)

holds(
  'spoiled XML that we take means to the plist package what it means to us',
  mutated(
    xml.map((text) => Buffer.from(text)),
    xmlTokens,
  ),
  (bytes) => {
    const value = read(bytes)
    const text = Buffer.from(bytes)
      .toString()
      .replace(/^\uFEFF/, '')
    if (value === undefined || beyondTheirs(value, text)) return
    const theirs = bare(parse(text))
    heard.compared += 1
    if (!isDeepStrictEqual(bare(value), theirs)) expect(bare(value), text).toStrictEqual(theirs)
  },
)

test('of spoiled XML enough is taken for that to mean something', () => {
  expect(heard.taken).toBeGreaterThan(500)
  expect(heard.compared).toBeGreaterThan(500)
})

const lists = xml.map((text) => read(Buffer.from(text)) ?? '')
// Markers of every kind, lengths that lie, references and trailers.
// prettier-ignore
const binaryTokens = [
  [0x00], [0x08], [0x09], [0x10, 0xff], [0x13, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0x14], [0x22], [0x23], [0x33],
  [0x4f, 0x12, 0xff, 0xff, 0xff, 0xff], [0x5f, 0x10, 0xff], [0x61, 0xd8, 0x00], [0x80], [0xa1, 0x00], [0xaf, 0x10, 0x10], [0xd1, 0x00, 0x01],
  [0xd2, 0x01, 0x01, 0x02, 0x02], [0xdf], [0xff], [0, 0, 0, 0], [1], [2], [8],
].map((bytes) => Uint8Array.from(bytes))

holds(
  'a spoiled binary list is read or refused inside itself, and what is read can be said again',
  mutated(lists.map(buildBinaryPlist), binaryTokens),
  (bytes) => {
    const value = read(bytes)
    if (value !== undefined) survives(value)
  },
)

/** RFC 4648: four signs for three bytes, and the bits left over at the end are zero. */
const strict =
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/

holds(
  'spoiled base64 is what a strict reader makes of it, or nothing',
  mutatedText(
    ['AAEC', 'AA==', 'AAE=', 'QUJDREVG\n\tR0g=\n', '////++++'],
    ['=', '==', 'A', '-', '_', ' ', '\n', '\u00a0', '*', 'Ā'],
  ),
  (text) => {
    const mine = bytesOfBase64(text)
    const packed = text.replaceAll(/[ \t\r\n]/g, '')
    const theirs = strict.test(packed) ? Buffer.from(packed, 'base64') : undefined
    if (mine === undefined ? theirs !== undefined : theirs?.equals(mine) !== true)
      expect(mine, JSON.stringify(text)).toEqual(theirs)
  },
)
