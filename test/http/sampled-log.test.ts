import { expect, test } from 'vitest'
import { createSampledLog } from '../../src/http/sampled-log.ts'

test('a thousand refusals of one kind are one line, and the next line counts them', () => {
  const lines: object[] = []
  const say = (fields: object, sentence: string): void => void lines.push({ ...fields, sentence })
  let now = 0
  const log = createSampledLog({ warn: say, debug: say, error: say } as never, () => now)
  for (let nth = 0; nth < 1_000; nth += 1) log.warn({ kind: 'a', nth }, 'refused')
  log.warn({ kind: 'b' }, 'refused')
  now = 10_000
  log.warn({ kind: 'a', nth: 1_000 }, 'refused')
  expect(lines).toEqual([
    { kind: 'a', nth: 0, sentence: 'refused' },
    { kind: 'b', sentence: 'refused' },
    { kind: 'a', nth: 1_000, unlogged: 999, sentence: 'refused' },
  ])
})

test('a fault of ours is a line each time', () => {
  const lines: string[] = []
  const say = (_fields: object, sentence: string): void => void lines.push(sentence)
  const log = createSampledLog({ warn: say, debug: say, error: say } as never, () => 0)
  log.error({}, 'failed')
  log.error({}, 'failed')
  expect(lines).toEqual(['failed', 'failed'])
})
