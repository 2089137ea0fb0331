// What was acknowledged survives the loss of power, too. The long form is `npm run test:power`.
import { expect, test } from 'vitest'
import { cutPower, type PowerFigures, type PowerOptions } from './power-cuts.ts'
import { needs } from '../programs/needs.ts'

const cut = (change: Partial<PowerOptions>): Promise<PowerFigures> =>
  cutPower({
    mode: 'full',
    images: 120,
    lives: 2,
    turns: 40,
    snapshotBytes: 200,
    seed: 'short form',
    ...change,
  })

// What reaches the disk is read off strace.
const powered = { timeout: 120_000, ...needs('strace') }

test(
  'after a power cut every acknowledged turn is there, whole, in a sound database',
  powered,
  async () => {
    const { lossyImages, broken, images, atRisk } = await cut({})
    expect({ lossyImages, broken, images }).toEqual({ lossyImages: 0, broken: [], images: 120 })
    // Else nothing was at stake.
    expect(atRisk).toBeGreaterThan(60)
  },
)

test('a store that does not wait for the disk is seen to lose turns', powered, async () => {
  const { lossyImages } = await cut({ mode: 'normal', images: 20 })
  expect(lossyImages).toBeGreaterThan(0)
})
