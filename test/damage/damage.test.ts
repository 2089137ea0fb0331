// A damaged file: what is served is right or refused. The long form is `npm run test:damage`.
import { afterAll, expect, test } from 'vitest'
import { dropFolder, newFolder } from '../e2e/muster.ts'
import { damageAgainAndAgain } from './rounds.ts'

const folder = newFolder()
afterAll(() => dropFolder(folder))

test('of a hundred damaged databases nothing is read that was not written, and what leads nowhere is found by a check', () => {
  const figures = damageAgainAndAgain({ folder, images: 100, hosts: 30, seed: 'a hundred' })
  expect(figures.wrong).toEqual([])
  expect(figures.missingFound).toBe(figures.missingImages)
  // Enough was hit for this to mean something.
  expect(figures.detected).toBeGreaterThan(100)
})
