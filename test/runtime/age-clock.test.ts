import { expect, test } from 'vitest'
import { createAgeClock } from '../../src/runtime/age-clock.ts'

const [hour, day] = [3_600_000, 86_400_000]

function clock(start: { readonly wall: number; readonly mark?: number }) {
  const time = { wall: start.wall, elapsed: 0 }
  const age = createAgeClock({
    now: () => time.wall,
    elapsedMs: () => time.elapsed,
    mark: start.mark,
  })
  const pass = (ms: number, wallMs = ms): number => {
    time.elapsed += ms
    time.wall += wallMs
    return age()
  }
  return { time, age, pass }
}

test('a clock that goes on makes things old as it goes', () => {
  const { time, pass } = clock({ wall: 1_000 * day })
  for (let hours = 0; hours < 50; hours += 1) expect(pass(hour)).toBe(time.wall)
})

test('a clock that jumps ahead makes nothing old for a day of uptime, and then everything', () => {
  const { age, pass, time } = clock({ wall: 1_000 * day })
  age()
  expect(pass(0, 3_650 * day)).toBe(1_000 * day)
  for (let hours = 1; hours < 24; hours += 1) expect(pass(hour)).toBe(1_000 * day + hours * hour)
  expect(pass(hour)).toBe(time.wall)
})

test('a jump that is taken back within the day has made nothing old', () => {
  const { age, pass, time } = clock({ wall: 1_000 * day })
  age()
  pass(0, 365 * day)
  pass(hour)
  expect(pass(hour, hour - 365 * day)).toBe(time.wall)
})

test('a start with a clock that is ahead of the last known time waits as well', () => {
  const { age, pass, time } = clock({ wall: 1_030 * day, mark: 1_000 * day })
  expect(age()).toBe(1_000 * day)
  for (let hours = 0; hours < 24; hours += 1) pass(hour)
  expect(age()).toBe(time.wall)
})

test('it is never ahead of the wall clock', () => {
  const { age } = clock({ wall: 1_000 * day, mark: 2_000 * day })
  expect(age()).toBe(1_000 * day)
})
