// The short forms of `npm run test:overload`, which measures; here only who is answered counts.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sayAll } from '../../bench/client.ts'
import { distributedRead, enroll } from '../../bench/devices.ts'
import { createChecks, masterKey } from '../crash/check.ts'
import { createMemory } from '../crash/memory.ts'
import { greeds, startGreedy } from '../overload/greedy.ts'
import { enrolled, sleep } from '../overload/honest.ts'
import { holdSlowly } from '../overload/slow-sockets.ts'
import { askSteadily, enrolledCalls } from '../overload/steady.ts'
import { dropFolder, enrollSecret, type Muster, newFolder, startMuster } from './muster.ts'

const folder = newFolder()
let muster: Muster
let port: number

beforeAll(async () => {
  muster = await startMuster(folder, {
    MUSTER_MASTER_KEY: masterKey,
    MUSTER_LOG_LEVEL: 'warn',
  })
  port = Number(new URL(muster.url).port)
})
afterAll(async () => {
  await muster.end('SIGTERM')
  dropFolder(folder)
})

describe('honest computers', () => {
  test.each(Object.entries(greeds))(
    'are all answered beside whoever %s, and nothing they were told is lost',
    async (name, greed) => {
      const nth = 100_000 * (1 + Object.keys(greeds).indexOf(name))
      const [agent] = await sayAll(port, [enroll(nth, enrollSecret)])
      const nodeKey = String(JSON.parse(agent?.body ?? '')['node_key'])
      const memory = createMemory()
      const honest = await enrolled({ port, memory, count: 40, from: nth + 1 })
      const stop = await startGreedy({
        port,
        greed,
        perSecond: 20_000,
        calls: [distributedRead(nodeKey)],
      })
      honest.want(40)
      await sleep(1_500)
      const { taken } = await stop()
      await honest.stop()
      expect(honest.failures()).toEqual({})
      expect(honest.done()).toBeGreaterThan(40)
      expect(taken).toBeGreaterThan(0)
      createChecks(folder).whole(memory)
      expect(memory.violations).toEqual([])
    },
  )

  test('are all answered beside sockets that hold on and give nothing', async () => {
    const calls = await enrolledCalls(port, 20)
    const slow = holdSlowly({ port, sockets: 400, seconds: 4 })
    await sleep(2_500)
    const { answered, refused } = await askSteadily({ port, calls, seconds: 1.5 })
    expect({ refused, open: (await slow).open }).toEqual({ refused: 0, open: 400 })
    expect(answered).toBeGreaterThanOrEqual(calls.length)
  })
})
