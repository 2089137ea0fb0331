import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createCursors } from '../../src/http/cursor.ts'

const cursors = createCursors(new Uint8Array(32).fill(7))
const place = fc.array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer(), fc.constant(null)), {
  maxLength: 3,
})

test('a cursor gives back the place it was made of', () => {
  fc.assert(
    fc.property(fc.string(), place, (list, one) => {
      expect(cursors.open(list, cursors.seal(list, one))).toEqual({ ok: true, value: one })
    }),
  )
})

test('a cursor with any character changed, added or taken away is not ours', () => {
  fc.assert(
    fc.property(
      place,
      fc.nat(),
      fc.constantFrom('A', 'b', '0', '_', '.', ''),
      (one, at, character) => {
        const cursor = cursors.seal('hosts', one)
        const index = at % cursor.length
        const changed = cursor.slice(0, index) + character + cursor.slice(index + 1)
        fc.pre(changed !== cursor)
        expect(cursors.open('hosts', changed).ok).toBe(false)
      },
    ),
  )
})

test('a cursor of another list or another key is not ours', () => {
  const cursor = cursors.seal('hosts?mdm=enrolled', ['a', 'b'])
  expect(cursors.open('hosts', cursor).ok).toBe(false)
  expect(createCursors(new Uint8Array(32)).open('hosts?mdm=enrolled', cursor).ok).toBe(false)
})
