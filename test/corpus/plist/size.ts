// Much of one thing: values, keys, text, data, and the body itself.
import { type Body, values } from './case.ts'

/** Beside the extra value a report holds a dictionary and two strings, and the array holds itself. */
const room = 60_000 - 4
const many = (count: number, value: string): string => `<array>${value.repeat(count)}</array>`
const keys = (count: number, of = (nth: number): string => `k${nth}`): string =>
  `<dict>${Array.from({ length: count }, (_, nth) => `<key>${of(nth)}</key><true/>`).join('')}</dict>`
const text = (chars: number, unit = 'x'): string => `<string>${unit.repeat(chars)}</string>`
const mega = 1_048_576

export const size: readonly Body[] = [
  ...values('size', [
    [() => many(room, '<true/>'), 'ok', 'as many values as there may be'],
    [() => many(room + 1, '<true/>'), 'too-many-nodes', 'one value too many'],
    [() => many(room + 1, '<string/>'), 'too-many-nodes', 'one string too many'],
    [() => many(room + 1, '<dict/>'), 'too-many-nodes', 'one dictionary too many'],
    [() => many(room + 1, '<data></data>'), 'too-many-nodes', 'one piece of data too many'],
    [() => many(200_000, '<true/>'), 'too-many-nodes', '200,000 values'],
    [() => many(1_000_000, '<true/>'), 'too-many-nodes', 'a million values'],
    [() => keys(room), 'ok', 'as many keys as there may be'],
    [() => keys(room + 1), 'too-many-nodes', 'one key too many'],
    [() => keys(200_000), 'too-many-nodes', '200,000 keys'],
    [() => keys(50_000, (nth) => String(nth * 65_536)), 'ok', 'keys that are numbers'],
    [() => keys(50_000, (nth) => `\u0101${nth}`), 'ok', 'keys of two bytes a letter'],
    [() => keys(10_000, (nth) => `${'k'.repeat(1_000)}${nth}`), 'ok', 'long keys'],
    [() => keys(1, () => 'k'.repeat(1_024)), 'ok', 'the longest key'],
    [() => keys(1, () => 'k'.repeat(1_025)), 'too-long', 'a key too long by one'],
    [() => keys(1, () => 'k'.repeat(mega)), 'too-long', 'a key of a megabyte'],
    [() => keys(1, () => '&amp;'.repeat(1_025)), 'too-long', 'a key of entities'],
    [() => text(mega), 'ok', 'the longest string'],
    [() => text(mega + 1), 'too-long', 'a string too long by one'],
    [() => text(15 * mega), 'too-long', 'a string of 15 MB'],
    [() => text(mega, '€'), 'ok', 'the longest string, of three bytes a letter'],
    [() => text(mega, '&amp;'), 'ok', 'the longest string, of entities'],
    [() => text(mega, '&#x10FFFF;'), 'too-long', 'references to two units each'],
    [() => `<data>${'AAAA'.repeat(4_000_000)}</data>`, 'ok', 'data of 12,000,000 bytes'],
    [() => `<array>${'<!-- -->'.repeat(500_000)}</array>`, 'ok', 'half a million comments'],
    [() => `<array>${' '.repeat(15 * mega)}</array>`, 'ok', '15 MB of blanks'],
    [
      () => `<string>${'<![CDATA[x]]>'.repeat(500_000)}</string>`,
      'ok',
      'half a million pieces of CDATA',
    ],
    [() => `<array>${text(1_000_000).repeat(15)}</array>`, 'ok', '15 strings of a million'],
  ]),
  ...values('size beyond', [
    [() => `<data>${'A'.repeat(20_000_000)}</data>`, 'too-large', 'base64 of 20 MB'],
    [() => `<array>${' '.repeat(16 * mega)}</array>`, 'too-large', 'blanks beyond the limit'],
  ]),
]
