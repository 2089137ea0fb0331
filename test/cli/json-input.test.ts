import { describe, expect, test } from 'vitest'
import { jsonOfBytes, jsonOfText } from '../../src/cli/json-input.ts'

const text = '{"name": "Zoë"}'

describe('a JSON file', () => {
  // prettier-ignore
  const files: readonly (readonly [string, Uint8Array])[] = [
    ['in UTF-8',                                  Buffer.from(text)],
    ['in UTF-8 with a byte order mark',           Buffer.from(`\uFEFF${text}`)],
    ['in UTF-16, as PowerShell writes it',        Buffer.from(`\uFEFF${text}`, 'utf16le')],
    ['in UTF-16, big end first',                  Buffer.from(`\uFEFF${text}`, 'utf16le').swap16()],
  ]
  for (const [encoding, bytes] of files)
    test(`${encoding} is read`, () => {
      expect(jsonOfBytes(bytes, 'a.json')).toEqual({ ok: true, value: { name: 'Zoë' } })
    })

  test('in another encoding is refused by its name', () => {
    expect(jsonOfBytes(Uint8Array.of(0x7b, 0xe9, 0x7d), 'a.json')).toMatchObject({
      ok: false,
      error: { detail: 'a.json is neither UTF-8 nor UTF-16 with a byte order mark.' },
    })
  })

  // prettier-ignore
  const mistakes = [
    ['{\n  "a": 1,\n}',        'line 3, column 1: property name expected'],
    ['{"a": 1 "b": 2}',        'line 1, column 9: comma expected'],
    ['{a: 1}',                 'line 1, column 2: invalid symbol'],
    ["{'a': 1}",               'line 1, column 2: invalid symbol'],
    ['{"a": 1',                'line 1, column 8: close brace expected'],
    ['{"a": 1}\n\n// done',    'line 3, column 1: invalid comment token'],
  ] as const
  for (const [json, place] of mistakes)
    test(`${JSON.stringify(json)} is refused at ${place}`, () => {
      expect(jsonOfText(json, 'a.json')).toEqual({
        ok: false,
        error: { kind: 'usage', detail: `a.json is not JSON: ${place}.` },
      })
    })

  test('that is empty is refused as such', () => {
    expect(jsonOfText(' \n', 'a.json')).toMatchObject({
      error: { detail: 'a.json is empty, not JSON.' },
    })
  })
})
