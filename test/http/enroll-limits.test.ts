// How many agents may enrol, by the address they come from and in sum.
import { expect, test } from 'vitest'
import { createEnrollLimits } from '../../src/intake/enroll-limits.ts'
import { openHttpWorld } from './world.ts'

const world = await openHttpWorld({ MUSTER_ENROLLS_PER_MINUTE: '2' })

/** One more computer enrols. */
const enrols = (nth: number) =>
  world.ask('/api/osquery/enroll', {
    method: 'POST',
    body: {
      enroll_secret: world.secrets.enroll,
      host_details: {
        system_info: { uuid: `F100D000-0000-4000-8000-${String(nth).padStart(12, '0')}` },
      },
    },
  })

test('a flood of agents ends at the bound, and makes no more hosts', async () => {
  for (let nth = 0; nth < 20; nth += 1) expect((await enrols(nth)).status).toBe(200)
  const refused = await enrols(20)
  expect(refused.status).toBe(429)
  expect(refused.json()['error']).toContain('too many agents enrolled lately')
  const { text } = await world.ask('/metrics', { as: 'viewer' })
  expect(text).toContain('muster_osquery_enrolls_limited_total{bound="sum"} 1')
  expect((await world.api('/hosts')).json()['total']).toBe(20)
})

test('an address has its own bound, which is whole again after ten minutes', () => {
  let now = 0
  const limits = createEnrollLimits({ perAddress: 1, inSum: 100 }, () => now)
  const flood = () => Array.from({ length: 12 }, () => limits.reached('192.0.2.1') ?? 'enrols')
  const whole = [...Array<string>(10).fill('enrols'), 'address', 'address']
  expect(flood()).toEqual(whole)
  expect(limits.reached('192.0.2.2')).toBeUndefined()
  now += 600_000
  expect(flood()).toEqual(whole)
})

test('an agent that did not enrol takes the place of none', () => {
  const limits = createEnrollLimits({ perAddress: 1, inSum: 1 }, () => 0)
  for (let nth = 0; nth < 100; nth += 1) {
    expect(limits.reached('192.0.2.1')).toBeUndefined()
    limits.giveBack('192.0.2.1')
  }
})

test.each(['127.0.0.1', '0:0:0:0::/64', undefined])(
  'what comes from %s may be a proxy for a whole fleet: only the sum bounds it',
  (address) => {
    const limits = createEnrollLimits({ perAddress: 1, inSum: 2 }, () => 0)
    const outcomes = Array.from({ length: 21 }, () => limits.reached(address))
    expect(outcomes.filter((bound) => bound === undefined)).toHaveLength(20)
    expect(outcomes.at(-1)).toBe('sum')
  },
)
