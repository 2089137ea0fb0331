import { expect, test } from 'vitest'
import { createDueLoop } from '../../src/runtime/due.ts'
import { createClock } from './clock.ts'

test('what is due stays due while its table cannot be read', async () => {
  const clock = createClock()
  let isBroken = true
  const done: string[] = []
  createDueLoop<{ readonly name: string; readonly due_at: number }>({
    world: clock,
    key: ({ name }) => name,
    due: () => {
      if (isBroken) throw new Error('disk I/O error')
      return done.length === 0 ? [{ name: 'alarm', due_at: 0 }] : []
    },
    work: async ({ name }) => {
      done.push(name)
      return true
    },
  })
  expect(clock.runNext(clock.now())).toBe(true)
  expect(done).toEqual([])
  isBroken = false
  expect(clock.runNext(clock.now() + 10_000)).toBe(true)
  await Promise.resolve()
  expect(done).toEqual(['alarm'])
})

test('rows that cannot be done, however many are due before it, hold up no other row', async () => {
  const clock = createClock()
  const rows = [
    ...Array.from({ length: 600 }, (_, nth) => ({ name: `damaged ${nth}`, due_at: nth })),
    { name: 'sound', due_at: 1_000 },
  ]
  const done: string[] = []
  let tries = 0
  createDueLoop<{ readonly name: string; readonly due_at: number }>({
    world: clock,
    key: ({ name }) => name,
    due: (at, limit) =>
      rows.filter(({ name, due_at }) => due_at <= at && !done.includes(name)).slice(0, limit),
    work: async ({ name }) => {
      tries += 1
      if (name !== 'sound') return false
      done.push(name)
      return true
    },
  })
  // Well before those that failed have rested.
  for (const end = clock.now() + 1_000; clock.runNext(end) && done.length === 0;)
    for (let turn = 0; turn < 4; turn += 1) await Promise.resolve()
  expect(done).toEqual(['sound'])
  expect(tries).toBe(601)
})
