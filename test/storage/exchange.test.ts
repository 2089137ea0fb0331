import { expect, test } from 'vitest'
import { createExchange } from '../../storage/exchange.ts'

const url = new URL('./dying-thread.ts', import.meta.url)

test('answers come in the order of the questions', async () => {
  const exchange = createExchange<string, string>(url, undefined, () => undefined)
  expect(await exchange.first).toBe('ready')
  expect(await Promise.all(['a', 'b', 'c'].map((word) => exchange.ask(word)))).toEqual([
    'a',
    'b',
    'c',
  ])
  await expect(exchange.ask('exit')).rejects.toThrow()
})

for (const [death, reason] of [
  ['exit', 'code 3'],
  ['throw', 'out of order'],
] as const)
  test(`a thread that dies by ${death} fails what waits, and says so once`, async () => {
    const ends: Error[] = []
    const exchange = createExchange<string, string>(url, undefined, (end) => void ends.push(end))
    await exchange.first
    const answers = await Promise.allSettled([
      exchange.ask('before'),
      exchange.ask(death),
      exchange.ask('after'),
    ])
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
    await expect(exchange.ask('later')).rejects.toThrow(reason)
    expect(ends).toHaveLength(1)
    expect(exchange.waiting()).toBe(0)
  })
