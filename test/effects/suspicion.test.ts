import { expect, test } from 'vitest'
import { createSuspicion, streakMax } from '../../src/effects/apns/suspicion.ts'

test('twenty tokens given up in a row, with no push taken between, are told of once', () => {
  const told: (readonly [string, number])[] = []
  const suspicion = createSuspicion((topic, refusals) => void told.push([topic, refusals]))
  const refuse = (topic: string, times: number): void => {
    for (let nth = 0; nth < times; nth += 1) suspicion.refused(topic)
  }
  refuse('one', streakMax - 1)
  suspicion.taken('one')
  refuse('one', streakMax - 1)
  refuse('two', streakMax - 1)
  expect(told).toEqual([])
  refuse('one', 30)
  expect(told).toEqual([['one', 20]])
})
