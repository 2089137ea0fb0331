import { expect, test } from 'vitest'
import { createAllowance } from '../../src/intake/allowance.ts'

test('a key has its burst at once, then one in a while, and other keys have theirs', () => {
  let now = 1_000
  const allowance = createAllowance({ burst: 3, refillMs: 100, now: () => now })
  expect(Array.from({ length: 5 }, () => allowance.takes('poster'))).toEqual([
    true,
    true,
    true,
    false,
    false,
  ])
  expect(allowance.takes('another')).toBe(true)
  now += 100
  expect([allowance.takes('poster'), allowance.takes('poster')]).toEqual([true, false])
  now += 1_000
  expect(Array.from({ length: 4 }, () => allowance.takes('poster'))).toEqual([
    true,
    true,
    true,
    false,
  ])
})
