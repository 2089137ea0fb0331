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
