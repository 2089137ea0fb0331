import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createChance } from '../../src/simulator/chance.ts'

test('the same seed draws the same, another seed does not', () => {
  const draw = (seed: string): readonly number[] => {
    const chance = createChance(seed)
    return Array.from({ length: 50 }, () => chance.fraction())
  }
  expect(draw('a')).toEqual(draw('a'))
  expect(draw('a')).not.toEqual(draw('b'))
})

test('a seed draws today what it drew when this was written', () => {
  const chance = createChance('muster')
  expect([chance.integer(0, 999), chance.integer(0, 999), chance.uuid()]).toMatchInlineSnapshot(`
    [
      930,
      688,
      "C443A222-2A83-4275-A511-228C67F07AAA",
    ]
  `)
})

test('a fork draws the same whatever its parent drew before', () => {
  const fresh = createChance('a')
  const used = createChance('a')
  used.bytes(100)
  expect(used.fork('x').uuid()).toBe(fresh.fork('x').uuid())
  expect(used.fork('x').uuid()).not.toBe(used.fork('y').uuid())
})

test('every draw keeps to its bounds', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: -50, max: 50 }), fc.nat(100), (seed, min, width) => {
      const chance = createChance(seed)
      const drawn = chance.integer(min, min + width)
      expect(drawn).toBeGreaterThanOrEqual(min)
      expect(drawn).toBeLessThanOrEqual(min + width)
      expect(chance.fraction()).toBeLessThan(1)
      expect(chance.uuid()).toMatch(
        /^[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-A[0-9A-F]{3}-[0-9A-F]{12}$/,
      )
    }),
  )
})

test('happens is as frequent as its rate says', () => {
  const chance = createChance('rates')
  const hits = Array.from({ length: 20_000 }, () => chance.happens(0.1)).filter(Boolean).length
  expect(hits).toBeGreaterThan(1_800)
  expect(hits).toBeLessThan(2_200)
})
