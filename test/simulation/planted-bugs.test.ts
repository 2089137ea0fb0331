import { expect, test } from 'vitest'
import { plantedBugs } from './planted-bugs.ts'
import { simulate } from './simulation.ts'

/** Within this many seeds every mistake must have shown itself. */
const seedsMax = 2_000

test('at least twelve mistakes are planted', () => {
  expect(new Set(plantedBugs.map(({ name }) => name)).size).toBeGreaterThanOrEqual(12)
})

for (const bug of plantedBugs)
  test(`the simulation notices when ${bug.name}`, { timeout: 120_000 }, async () => {
    let found: string | undefined
    for (let seed = 0; seed < seedsMax && found === undefined; seed += 1)
      found = (await simulate(seed, { bug })).violation
    expect(found).toBeDefined()
  })
