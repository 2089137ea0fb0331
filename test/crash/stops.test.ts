// Told to stop, a server answers whom it heard. The long form is part of `npm run test:crash`.
import { expect, test } from 'vitest'
import { stopAgainAndAgain } from './stops.ts'

test('a server told to stop under load loses nothing, hangs up on nobody, leaves no WAL and exits 0', async () => {
  const figures = await stopAgainAndAgain({ stops: 4, clients: 64, seed: 'four stops' })
  expect(figures.violations).toEqual([])
  expect(figures.unanswered).toBe(0)
  expect(figures.acknowledged).toBeGreaterThan(50)
}, 120_000)
