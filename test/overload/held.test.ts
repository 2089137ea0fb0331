// The short form of `node test/overload/held.ts`.
import { expect, test } from 'vitest'
import { beside } from './held-rounds.ts'

/** Far above the figure of the long form: this machine may do anything else meanwhile. What it was is 16 MB a socket. */
const memoryMbMax = 200

test('200 sockets that hold back the end of a large body take no memory with them, and honest computers are answered', async () => {
  const { held, heard, rssBeforeMb, rssMostMb } = await beside({
    sockets: 200,
    seconds: 6,
    computers: 20,
  })
  expect(heard.opened).toBeGreaterThanOrEqual(200)
  expect(held.refused).toBe(0)
  expect(held.answered).toBeGreaterThan(20)
  expect(rssMostMb - rssBeforeMb).toBeLessThan(memoryMbMax)
}, 60_000)
