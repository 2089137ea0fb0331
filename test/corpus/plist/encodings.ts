// Bytes that are not UTF-8, and characters that XML cannot carry.
import { type Body, bodies, extra } from './case.ts'

const [front = '', back = ''] = extra('<string>|</string>').split('|')
const holding = (...bytes: readonly number[]): Uint8Array =>
  Buffer.concat([Buffer.from(front), Uint8Array.from(bytes), Buffer.from(back)])
const text = extra('<string>x</string>')
const marked = (mark: readonly number[], body: Uint8Array): Uint8Array =>
  Buffer.concat([Uint8Array.from(mark), body])
const utf16le = Buffer.from(text, 'utf16le')
const utf32le = Buffer.from([...Buffer.from(text)].flatMap((byte) => [byte, 0, 0, 0]))
const bad = 'bad-encoding'

export const encodings: readonly Body[] = bodies('encoding', [
  [holding(0xff), bad, 'a byte that never occurs'],
  [holding(0xfe), bad, 'another byte that never occurs'],
  [holding(0x80), bad, 'a continuation alone'],
  [holding(0xbf, 0xbf), bad, 'two continuations'],
  [holding(0xc3), bad, 'a letter cut off'],
  [holding(0xe2, 0x82), bad, 'two bytes of three'],
  [holding(0xf0, 0x9f, 0x98), bad, 'three bytes of four'],
  [holding(0xc0, 0xaf), bad, 'a slash, overlong'],
  [holding(0xc1, 0xbf), bad, 'overlong in two bytes'],
  [holding(0xe0, 0x80, 0xaf), bad, 'overlong in three bytes'],
  [holding(0xf0, 0x80, 0x80, 0xaf), bad, 'overlong in four bytes'],
  [holding(0xc0, 0x80), bad, 'the NUL of Java'],
  [holding(0xed, 0xa0, 0x80), bad, 'half a pair, high'],
  [holding(0xed, 0xbf, 0xbf), bad, 'half a pair, low'],
  [holding(0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80), bad, 'a pair in two halves'],
  [holding(0xf4, 0x90, 0x80, 0x80), bad, 'beyond Unicode'],
  [holding(0xf8, 0x88, 0x80, 0x80, 0x80), bad, 'five bytes'],
  [holding(0xfc, 0x84, 0x80, 0x80, 0x80, 0x80), bad, 'six bytes'],
  [holding(0xe9), bad, 'Latin 1'],
  [holding(0x93, 0x94), bad, 'the quotes of Windows'],
  [marked([0xff, 0xfe], utf16le), 'ok', 'UTF-16 with its mark'],
  [marked([0xfe, 0xff], Buffer.from(utf16le).swap16()), 'ok', 'UTF-16, big end first'],
  [
    marked([0xff, 0xfe], Buffer.from(text.replace('UTF-8', 'UTF-16'), 'utf16le')),
    'ok',
    'UTF-16 that says so',
  ],
  [marked([0xff, 0xfe], utf16le.subarray(1)), bad, 'UTF-16 without its first byte'],
  [
    marked([0xff, 0xfe], Buffer.from(text.replace('<string>x', '<string>\u{d800}x'), 'utf16le')),
    bad,
    'UTF-16 with half a pair',
  ],
  [utf16le, 'illegal-character', 'UTF-16 without a mark'],
  [marked([0xff, 0xfe, 0, 0], utf32le), 'illegal-character', 'UTF-32'],
  [marked([0x2b, 0x2f, 0x76], Buffer.from(text)), 'unsupported-format', 'UTF-7'],
  [holding(0), 'illegal-character', 'a NUL'],
  [holding(1), 'illegal-character', 'a control character'],
  [holding(0x0b), 'illegal-character', 'a vertical tab'],
  [holding(0x1b), 'illegal-character', 'an escape'],
  [holding(0xef, 0xbf, 0xbe), 'illegal-character', 'U+FFFE'],
  [holding(0xef, 0xbf, 0xbf), 'illegal-character', 'U+FFFF'],
  [extra('<string>&#0;</string>'), 'bad-entity', 'a reference to NUL'],
  [extra('<string>&#8;</string>'), 'bad-entity', 'a reference to a control character'],
  [extra('<string>&#xD83D;&#xDE00;</string>'), 'bad-entity', 'references to two halves'],
  [extra('<string>&#x110000;</string>'), 'bad-entity', 'a reference beyond Unicode'],
  [extra('<string>&#99999999;</string>'), 'bad-entity', 'a reference far beyond Unicode'],
  [extra('<string>&#x;</string>'), 'bad-entity', 'a reference to nothing'],
  [extra('<string>&#;</string>'), 'bad-entity', 'a reference without a number'],
  [extra('<string>&#X41;</string>'), 'bad-entity', 'a capital X'],
  [extra('<string>&AMP;</string>'), 'bad-entity', 'a capital entity'],
  [extra('<string>&nbsp;</string>'), 'bad-entity', 'an entity of HTML'],
  [extra('<string>&amp</string>'), 'bad-entity', 'an entity without an end'],
  [
    marked([0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf], Buffer.from(text)),
    'unsupported-format',
    'two marks',
  ],
  [marked([0xef, 0xbb, 0xbf], Buffer.from(text)), 'ok', 'the mark of UTF-8'],
  [holding(0xf0, 0x9f, 0x98, 0x80), 'ok', 'four bytes'],
  [holding(0xf4, 0x8f, 0xbf, 0xbd), 'ok', 'nearly the end of Unicode'],
  [holding(0xef, 0xbf, 0xbd), 'ok', 'the replacement character itself'],
  [holding(0x7f), 'ok', 'a delete'],
])
