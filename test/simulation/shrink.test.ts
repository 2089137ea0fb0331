import { expect, test } from 'vitest'
import { plantedBugs } from './planted-bugs.ts'
import { shrink } from './shrink.ts'
import { simulate } from './simulation.ts'

const early = plantedBugs.find(({ name }) => name === 'an answer leaves before its turn is durable')

test('a failing seed is brought down to the troubles it takes, and fails with these alone', async () => {
  let seed = 0
  while ((await simulate(seed, { bug: early })).violation === undefined) seed += 1
  const shrunk = await shrink(seed, early)
  if (shrunk === undefined) throw new Error('the seed failed a moment ago')
  expect(shrunk.spared).not.toHaveLength(0)
  const again = await simulate(seed, { bug: early, spared: shrunk.spared })
  expect(again.violation).toBe(shrunk.violation)
  // None of those left can be taken away as well.
  for (const trouble of shrunk.needed) {
    const spared = [...shrunk.spared, trouble]
    expect((await simulate(seed, { bug: early, spared })).violation).toBeUndefined()
  }
})

test('a seed that holds has nothing to bring down', async () => {
  expect(await shrink(1)).toBeUndefined()
})
