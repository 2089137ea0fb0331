// Base64: its alphabet, padded, with XML's blanks anywhere, and no bits left over.
import { type Body, values } from './case.ts'

// prettier-ignore
const taken = [
  '', ' ', '\n\t\r ', 'AAAA', 'AAE=', 'AA==', '/+8=', '0x00', 'A A A A', 'AA\n=\n=', 'AA= =', '\n\tAAAA\n\tAAAA\n', 'AAAA'.repeat(1_000),
  'A'.repeat(76) + '\n' + 'A'.repeat(76),
]

// prettier-ignore
const refused = [
  'A', 'AA', 'AAA', 'AAAAA', 'AA=', 'AAA==', 'A===', '=', '==', '====', 'AAAA=', 'AAAA==', 'AA==AA==', 'AA=A', '=AAA', 'A=AA',
  'AB==', 'AAB=', '//==', 'AA_-', '-_-_', 'AA*A', 'AA,A', 'AA.A', 'AA%3D%3D', 'AA&#61;&#61;', '&#65;AAA', 'AAA\u00a0A', 'AAAＡ',
  'ÄAAA', 'AAA€', 'AAA\u200b', 'data:;base64,AAAA', '{AAAA}', 'AAAA!', '"AAAA"', 'AAAA\u2028',
]

export const base64: readonly Body[] = values('base64', [
  ...taken.map(
    (text) => [`<data>${text}</data>`, 'ok', JSON.stringify(text.slice(0, 40))] as const,
  ),
  ...refused.map((text) => [`<data>${text}</data>`, 'bad-data', JSON.stringify(text)] as const),
  ['<data><![CDATA[AAAA]]></data>', 'bad-markup', 'CDATA'],
  ['<data>AA<!-- -->AA</data>', 'bad-markup', 'a comment'],
  ['<data>AA<data>AA</data></data>', 'bad-markup', 'data in data'],
  [`<data>${'='.repeat(100_000)}</data>`, 'bad-data', '100,000 signs of padding'],
  [`<data>${' '.repeat(100_000)}</data>`, 'ok', '100,000 blanks'],
  [`<data>${'A'.repeat(99_997)}</data>`, 'bad-data', 'one letter over'],
])
