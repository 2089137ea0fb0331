import { expect, test } from 'vitest'
import { createTurnstile } from '../../src/intake/turnstile.ts'

test('tasks that share a key go one after another, also past one that failed, and others at once', async () => {
  const turnstile = createTurnstile()
  const said: string[] = []
  const gate = Promise.withResolvers<void>()
  const first = turnstile(['a', 'b'], async () => {
    await gate.promise
    said.push('first')
    throw new Error('of the first')
  })
  const second = turnstile(['b', 'c'], async () => void said.push('second'))
  const third = turnstile(['c'], async () => void said.push('third'))
  await turnstile(['d'], async () => void said.push('apart'))
  gate.resolve()
  await expect(first).rejects.toThrow('of the first')
  await Promise.all([second, third])
  expect(said).toEqual(['apart', 'first', 'second', 'third'])
})

test('a line takes 64 tasks and no more, until one is through', async () => {
  const turnstile = createTurnstile()
  const gate = Promise.withResolvers<void>()
  const inLine = Array.from(
    { length: 64 },
    async () => turnstile(['a'], () => gate.promise) ?? 'full',
  )
  expect(turnstile(['b', 'a'], async () => {})).toBeUndefined()
  gate.resolve()
  expect(await Promise.all(inLine)).not.toContain('full')
  await expect(turnstile(['b', 'a'], async () => 'through')).resolves.toBe('through')
})
