// Bodies of allowed size that cost as much as possible to read: every kind of value paired with every kind of
// filling, each repeated until a limit is reached.
import { bodyLimits } from '../src/protocol/osquery/limits.ts'
import { plistLimits } from '../src/protocol/plist/limits.ts'
import { binaryBodies } from './worst-binary.ts'

export type WorstBody = {
  readonly name: string
  readonly as: 'plist' | 'command' | 'log' | 'write'
  readonly make: () => Uint8Array
}

/** Stands in agents' bodies where a real key of that length may be written. */
export const nodeKey: string = 'k'.repeat(43)

/** What a value of a list may be, written as often as the limit on values allows. */
const values: Readonly<Record<string, (nth: number) => string>> = {
  none: () => '',
  true: () => '<true/>',
  'true with an end tag': () => '<true></true>',
  'empty arrays': () => '<array></array>',
  strings: (nth) => `<string>${nth}</string>`,
  entities: () => '<string>&#x10FFFF;</string>',
  'wide integers': (nth) => `<integer>${18_446_744_073_709_000_000n + BigInt(nth)}</integer>`,
  reals: (nth) => `<real>${nth}.1234567890123456e-100</real>`,
  dates: () => '<date>2024-02-29T23:59:59Z</date>',
  data: () => '<data>AAEC</data>',
}

/** What costs time and is no value: it fills the body up. */
const fillings: Readonly<Record<string, (chars: number) => string>> = {
  nothing: () => '',
  blanks: (chars) => ' '.repeat(chars),
  comments: (chars) => '<!---->'.repeat(chars / 7),
  'a comment of three bytes each': (chars) => `<!--${'€'.repeat(chars / 3)}-->`,
  'strings of entities': (chars) => strings(chars, '&amp;'),
  'strings of references': (chars) => strings(chars, '&#x10FFFF;'),
  'strings of line ends': (chars) => strings(chars, '\r\n'),
  'strings of CDATA': (chars) => strings(chars, '<![CDATA[]]>'),
  'strings of three bytes each': (chars) => strings(chars, '€'),
  'strings of letters': (chars) => strings(chars, 'a'),
  'data of zeros': (chars) => `<data>${'A'.repeat(Math.floor(chars / 4) * 4)}</data>`,
  'data of blanks': (chars) => `<data>${'A \n '.repeat(Math.floor(chars / 16) * 4)}</data>`,
}

const piece = 1_000_000

function strings(chars: number, unit: string): string {
  const one = `<string>${unit.repeat(piece / Buffer.byteLength(unit))}</string>`
  return one.repeat(Math.floor(chars / Buffer.byteLength(one)))
}

/** What stands before a list and behind it. */
type Frame = { readonly head: string; readonly tail: string }

/** A report of a command nobody sent, which is kept as it came. */
const report: Frame = {
  head:
    '<plist version="1.0"><dict><key>Status</key><string>Acknowledged</string><key>UDID</key>' +
    '<string>5D0C9B1E-7A42-4E4B-9F57-0B1C2D3E4F50</string><key>CommandUUID</key><string>C-1</string><key>Extra</key><array>',
  tail: '</array></dict></plist>',
}

/** What an operator sends to a device. */
const command: Frame = {
  head: '<plist version="1.0"><dict><key>Command</key><dict><key>RequestType</key><string>ProfileList</string><key>Extra</key><array>',
  tail: '</array></dict></dict></plist>',
}
const room = plistLimits.bytesMax - 1_000

const xmlBody = (
  value: (nth: number) => string,
  filling: (chars: number) => string,
  { head, tail }: Frame = report,
): Uint8Array => {
  const parts = Array.from({ length: plistLimits.nodesMax - 50 }, (_, nth) => value(nth)).join('')
  return Buffer.from(head + parts + filling(room - parts.length) + tail)
}

const dictOf = (key: (nth: number) => string): string =>
  `<plist><dict>${Array.from({ length: 59_000 }, (_, nth) => `<key>${key(nth)}</key><true/>`).join('')}</dict></plist>`

const alone: Readonly<Record<string, () => Uint8Array>> = {
  'a dictionary of 59,000 keys': () => Buffer.from(dictOf((nth) => `key ${nth}`)),
  'a dictionary of long keys': () => Buffer.from(dictOf((nth) => `${'k'.repeat(200)}${nth}`)),
  'a dictionary of sparse numbers': () => Buffer.from(dictOf((nth) => `${nth * 70_001}`)),
  'a dictionary of entities': () => Buffer.from(dictOf((nth) => `${'&amp;'.repeat(20)}${nth}`)),
  'a fault at the end': () => Buffer.from(`<plist><array>${'<!-- € -->'.repeat(1_300_000)}<x/>`),
  'a bad byte at the end': () =>
    Buffer.concat([Buffer.from('\uFFFD'.repeat(5_500_000)), Uint8Array.of(0xff)]),
  'a control character at the end': () => Buffer.from(`<plist>${'€'.repeat(5_500_000)}\u0001`),
}

const logOf = (lines: number, line: (nth: number) => string): Uint8Array =>
  Buffer.from(
    `{"node_key":"${nodeKey}","log_type":"result","data":[${Array.from({ length: lines }, (_, nth) => line(nth)).join(',')}]}`,
  )
const members = (count: number, value: string): string =>
  `{${Array.from({ length: count }, (_, nth) => `"m${nth}":${value}`).join(',')}}`
const pad = (bytes: number): string => ' '.repeat(bytes)
const most = bodyLimits.log.bytesMax - 1_000

const logs: Readonly<Record<string, () => Uint8Array>> = {
  'wide numbers': () => logOf(121, () => members(4_000, '1e1')),
  'wide integers': () => logOf(121, () => members(4_000, '12345678901234567890')),
  'short members': () => logOf(62_000, () => members(6, '""')),
  'empty lines': () => logOf(65_000, () => '{}'),
  'lines of nested arrays': () => logOf(15_000, () => `{"a":${'['.repeat(28)}${']'.repeat(28)}}`),
  'arrays of small numbers': () => logOf(1, () => `{"a":[${'1,'.repeat(480_000)}1]}`),
  'one string': () => logOf(1, () => `{"a":"${'a'.repeat(most)}"}`),
  'one string of escapes': () => logOf(1, () => `{"a":"${'\\u20ac'.repeat(most / 6)}"}`),
  'one string of three bytes each': () => logOf(1, () => `{"a":"${'€'.repeat(most / 3)}"}`),
  'strings of quotes': () => logOf(60_000, () => `{"a":"${'\\"'.repeat(250)}"}`),
  blanks: () => logOf(60_000, () => `{"a":1}${pad(500)}`),
  'real lines': () =>
    logOf(60_000, (nth) =>
      JSON.stringify({
        name: 'pack_processes',
        hostIdentifier: 'x'.repeat(36),
        unixTime: nth,
        columns: { pid: `${nth}`, path: '/usr/bin/x'.repeat(20), cmdline: 'y'.repeat(150) },
      }),
    ),
  'empty lines without number': () => logOf(10_000_000, () => '{}'),
  'as many broken lines as are told apart': () => logOf(131_000, () => `{"a":tru${pad(100)}}`),
  'lines of as many values as one may have': () =>
    logOf(30, () => `{"a":[${'1,'.repeat(480_000)}1]}`),
  'no JSON at the end': () => Buffer.from(`{"data":[${'1 ,'.repeat(490_000)}`),
}

const writes: Readonly<Record<string, () => Uint8Array>> = {
  'a million small rows': () =>
    Buffer.from(`{"node_key":"${nodeKey}","queries":{"q":[${'{"a":""},'.repeat(240_000)}{}]}}`),
  'wide rows': () =>
    Buffer.from(
      `{"node_key":"${nodeKey}","queries":{"q":[${`${members(4_000, '"1e1"')},`.repeat(120)}{}]}}`,
    ),
  'a detail of wide rows': () =>
    Buffer.from(
      `{"node_key":"${nodeKey}","queries":{"detail.system_info":[${`${members(4_000, '1e1')},`.repeat(120)}{}]}}`,
    ),
  'a write that is no JSON': () =>
    Buffer.from(`{"node_key":"${nodeKey}","queries":{${' '.repeat(33_000_000)}`),
}

/** Read by the same reader as a report; here each kind of value and each kind of filling is sent once. */
const commands: Readonly<Record<string, () => Uint8Array>> = {
  ...Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      `to a device: ${name}`,
      () => xmlBody(value, () => '', command),
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(fillings).map(([name, fill]) => [
      `to a device: ${name}`,
      () => xmlBody(() => '', fill, command),
    ]),
  ),
}

const named = (
  as: WorstBody['as'],
  from: Readonly<Record<string, () => Uint8Array>>,
): WorstBody[] => Object.entries(from).map(([name, make]) => ({ name, as, make }))

export const worstBodies: readonly WorstBody[] = [
  ...Object.entries(values).flatMap(([value, one]) =>
    Object.entries(fillings).map(([filling, fill]): WorstBody => ({
      name: `XML: ${value}, then ${filling}`,
      as: 'plist',
      make: () => xmlBody(one, fill),
    })),
  ),
  ...named('plist', alone),
  ...named('plist', binaryBodies),
  ...named('command', commands),
  ...named('log', logs),
  ...named('write', writes),
]
