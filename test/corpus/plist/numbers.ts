// Integers and reals: what 64 bits hold, exactly, and nothing that two readers would understand differently.
import { type Body, values } from './case.ts'

type Told = readonly [text: string, outcome: 'ok' | 'bad']

// prettier-ignore
const integerTexts: readonly Told[] = [
  ['9007199254740991', 'ok'], ['9007199254740992', 'ok'], ['9007199254740993', 'ok'],
  ['-9007199254740993', 'ok'], ['18446744073709551615', 'ok'], ['18446744073709551616', 'bad'],
  ['-9223372036854775808', 'ok'], ['-9223372036854775809', 'bad'], ['99999999999999999999', 'bad'],
  ['0x7fffffffffffffff', 'ok'], ['0xffffffffffffffff', 'ok'], ['0x10000000000000000', 'bad'],
  ['-0x1', 'ok'], ['0X1f', 'ok'], ['0x', 'bad'], ['0xg', 'bad'], ['x1', 'bad'], ['0b1', 'bad'], ['0o7', 'bad'],
  ['1e5', 'bad'], ['1.0', 'bad'], ['1.', 'bad'], ['.1', 'bad'], ['1_000', 'bad'], ['1,000', 'bad'], ['1 000', 'bad'],
  ['+', 'bad'], ['-', 'bad'], ['', 'bad'], [' ', 'bad'], ['+1', 'ok'], ['--1', 'bad'], ['+-1', 'bad'], ['12abc', 'bad'],
  ['NaN', 'bad'], ['inf', 'bad'], ['true', 'bad'], ['null', 'bad'], ['1n', 'bad'], ['１', 'bad'], ['١', 'bad'],
  ['&#49;', 'bad'], ['007', 'ok'], ['-0', 'ok'], [' 5 ', 'ok'], ['5\n', 'ok'], ['\u00a05', 'bad'],
  ['0'.repeat(44) + '1', 'ok'], ['0'.repeat(64) + '1', 'bad'], ['9'.repeat(400), 'bad'], ['1'.repeat(100_000), 'bad'],
]

// prettier-ignore
const realTexts: readonly Told[] = [
  ['1.5', 'ok'], ['-1.5e-10', 'ok'], ['1e308', 'ok'], ['1e309', 'bad'], ['-1e309', 'bad'], ['1e-400', 'ok'],
  ['5e-324', 'ok'], ['1e9999', 'bad'], ['1e99999', 'bad'], ['nan', 'ok'], ['NaN', 'ok'], ['inf', 'ok'], ['-inf', 'ok'],
  ['+infinity', 'ok'], ['Infinity', 'ok'], ['infinite', 'bad'], ['nan(1)', 'bad'], ['-nan', 'bad'], ['1', 'ok'],
  ['1.', 'ok'], ['.5', 'ok'], ['.', 'bad'], ['', 'bad'], [' ', 'bad'], ['+', 'bad'], ['e5', 'bad'], ['1e', 'bad'],
  ['1e+', 'bad'], ['1.5.5', 'bad'], ['1,5', 'bad'], ['0x1p3', 'bad'], ['0x10', 'bad'], ['1f', 'bad'], ['1_0', 'bad'],
  ['--1', 'bad'], ['true', 'bad'], ['١.٥', 'bad'], ['1&#46;5', 'bad'], [' 1.5 ', 'ok'], ['0'.repeat(400), 'bad'],
  ['0.' + '1'.repeat(60), 'ok'], ['0.' + '1'.repeat(400), 'bad'], ['9'.repeat(64), 'ok'], ['1'.repeat(100_000), 'bad'],
]

const shown = (text: string): string => (text.length > 70 ? `${text.length} digits` : text)

export const integers: readonly Body[] = values(
  'integer',
  integerTexts.map(([text, outcome]) => [
    `<integer>${text}</integer>`,
    outcome === 'ok' ? 'ok' : 'bad-integer',
    JSON.stringify(shown(text)),
  ]),
)

export const reals: readonly Body[] = values(
  'real',
  realTexts.map(([text, outcome]) => [
    `<real>${text}</real>`,
    outcome === 'ok' ? 'ok' : 'bad-real',
    JSON.stringify(shown(text)),
  ]),
)
