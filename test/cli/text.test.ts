// Text that came from devices, on its way to a terminal or into a file.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { ageText } from '../../src/cli/age.ts'
import { paintFor } from '../../src/cli/colour.ts'
import { cellOf, columnsOf } from '../../src/cli/column.ts'
import { type Json, jsonText } from '../../src/cli/json.ts'
import { harmless } from '../../src/cli/safe-text.ts'
import { table } from '../../src/cli/table.ts'
import { cut, pad, widthOf } from '../../src/cli/width.ts'
import { yaml } from '../../src/cli/yaml.ts'

/** What may steer a terminal or turn text around; line breaks of our own formats are apart. */
const steering =
  // oxlint-disable-next-line no-control-regex -- these are what it is for
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/

const unruly = fc.string({ unit: 'binary' })
const json = fc.jsonValue({ stringUnit: 'binary', maxDepth: 4 }) as fc.Arbitrary<Json>

describe('a text of a device', () => {
  test.each([
    ['plain', 'plain'],
    ['Müller’s Mac 🖥️ 日本', 'Müller’s Mac 🖥️ 日本'],
    ['\u001b[31mred', '\\u{1b}[31mred'],
    ['a\nb\tc\rd', 'a\\nb\\tc\\rd'],
    ['C02\u202e10ERUTXIF', 'C02\\u{202e}10ERUTXIF'],
    ['\u009b2J', '\\u{9b}2J'],
    ['zero\u200bwidth\ufeff', 'zero\\u{200b}width\\u{feff}'],
    ['tag\u{e0041}', 'tag\\u{e0041}'],
    ['half \ud800', 'half \\u{d800}'],
  ])('%j is shown as %j', (text, shown) => {
    expect(harmless(text)).toBe(shown)
  })

  test('never holds a line break or what steers a terminal once it is harmless', () => {
    fc.assert(
      fc.property(unruly, (text) => {
        expect(harmless(text)).not.toMatch(steering)
        expect(harmless(text)).not.toContain('\n')
      }),
    )
  })

  test('is the same value in JSON, which steers nothing', () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = jsonText(value)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
        expect(text).not.toMatch(steering)
      }),
    )
  })

  test.each(['1.1', '1.2'] as const)('is the same value to a reader of YAML %s', (version) => {
    fc.assert(
      fc.property(json, (value) => {
        const text = yaml(value)
        expect(parse(text, { version })).toEqual(JSON.parse(JSON.stringify(value)))
        expect(text).not.toMatch(steering)
      }),
    )
  })

  test.each([
    'yes',
    'Null',
    '1e3',
    '0x10',
    '2026-01-01',
    '',
    ' a',
    'a: b',
    '- a',
    '~',
    '.inf',
    'y',
  ])('that reads %j stays a text in YAML', (text) => {
    expect(parse(yaml({ text, list: [text] }), { version: '1.1' })).toEqual({ text, list: [text] })
  })
})

test('YAML of a list within a list reads as people write it', () => {
  expect(yaml({ a: [{ b: 1, c: [] }, [2, 3]], d: { e: null } })).toBe(
    'a:\n- b: 1\n  c: []\n- - 2\n  - 3\nd:\n  e: null\n',
  )
})

describe('the width of a text', () => {
  test.each([
    ['abc', 3],
    ['Müller', 6],
    ['日本', 4],
    ['e\u0301', 1],
    ['🖥️', 2],
    ['🚀', 2],
    ['👩‍👩‍👧', 2],
  ])('%s is %i', (text, width) => {
    expect(widthOf(text)).toBe(width)
  })

  test('never exceeds what a cut or padded text was given', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }).map(harmless),
        fc.integer({ min: 1, max: 40 }),
        (text, columns) => {
          expect(widthOf(cut(text, columns))).toBeLessThanOrEqual(columns)
          expect(widthOf(pad(cut(text, columns), columns))).toBe(columns)
        },
      ),
    )
  })
})

describe('a table', () => {
  const cells = (...texts: readonly string[]) => texts.map((text) => ({ text }))
  const heading = (text: string): string => text

  test('aligns its columns and ends no line in blanks', () => {
    const rows = [cells('atelier', 'x'), cells('日本', '')]
    expect(table(['HOST', 'S'], rows, { columns: undefined, heading })).toBe(
      'HOST     S\natelier  x\n日本\n',
    )
  })

  test('takes from its widest column what a terminal does not have', () => {
    const rows = [cells('a'.repeat(30), 'short', 'z')]
    expect(table(['A', 'B', 'C'], rows, { columns: 20, heading })).toBe(
      `A           B      C\n${'a'.repeat(9)}…  short  z\n`,
    )
  })

  test('keeps whole what goes into a pipe', () => {
    const rows = [cells('a'.repeat(500))]
    expect(table(['A'], rows, { columns: undefined, heading })).toContain('a'.repeat(500))
  })
})

describe('a cell', () => {
  const showing = {
    paint: paintFor({ isTTY: false, columns: 0, write: async () => {} }, {}, true),
    now: 0,
    exact: false,
  }
  test.each<readonly [string, Json, string]>([
    ['A: a|b', { a: null, b: 'second' }, 'second'],
    ['A: a.b', { a: { b: false } }, 'false'],
    ['A: a', { a: ['x', 'y'] }, 'x, y'],
    ['A: a', { a: { on: 2, off: 1 } }, 'on 2, off 1'],
    ['A: a', { a: [] }, '-'],
    ['A: __proto__', {}, '-'],
    ['A: a', { a: 'x\u001b' }, 'x\\u{1b}'],
  ])('%s of %j is %s', (column, item, text) => {
    const [only] = columnsOf(column)
    expect(only && cellOf(only, item, showing).text).toBe(text)
  })
})

test.each([
  [-5_000, '5s'],
  [-90_000, '90s'],
  [-125_000, '2m'],
  [-7_300_000, '2h'],
  [-172_900_000, '2d'],
  [60_000, 'in 60s'],
])('a time %i ms from now is %s', (ms, text) => {
  expect(ageText(new Date(1_000_000_000_000 + ms).toISOString(), 1_000_000_000_000)).toBe(text)
})

describe('colours', () => {
  const tty = { isTTY: true, columns: 80, write: async () => {} }
  const pipe = { ...tty, isTTY: false }
  const cases = [
    { when: 'on a terminal', output: tty, env: {}, coloured: true },
    { when: 'into a pipe', output: pipe, env: {}, coloured: false },
    { when: 'under NO_COLOR', output: tty, env: { NO_COLOR: '1' }, coloured: false },
    { when: 'under an empty NO_COLOR', output: tty, env: { NO_COLOR: '' }, coloured: true },
    { when: 'forced into a pipe', output: pipe, env: { FORCE_COLOR: '1' }, coloured: true },
    { when: 'forced off', output: tty, env: { FORCE_COLOR: '0' }, coloured: false },
    { when: 'on a dumb terminal', output: tty, env: { TERM: 'dumb' }, coloured: false },
  ]
  test.each(cases)('$when: $coloured', ({ output, env, coloured }) => {
    expect(paintFor(output, env, true).state('enrolled') !== 'enrolled').toBe(coloured)
  })

  test('are off with --no-color, whatever else is said', () => {
    expect(paintFor(tty, { FORCE_COLOR: '1' }, false).state('enrolled')).toBe('enrolled')
  })
})
