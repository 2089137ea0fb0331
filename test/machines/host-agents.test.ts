import { expect, test } from 'vitest'
import {
  agent,
  assigned,
  authenticate,
  details,
  depDevice,
  device,
  enrolled,
  osqueryEnroll,
  reset,
  revoke,
} from './events.ts'
import { after } from './world.ts'

const agentA = osqueryEnroll(agent('hash-a'))

test('the instance that enrols again gets a new key, and its former one works for the grace period', () => {
  const first = agent('hash-1', { instance: 'one', enrolledAt: 100 })
  const again = agent('hash-2', { instance: 'one', enrolledAt: 200 })
  const world = after(osqueryEnroll(first), osqueryEnroll(again, { graceUntil: 800 }))
  expect(world.snapshot().context.agents).toEqual({
    'hash-1': { ...first, expiresAt: 800 },
    'hash-2': again,
  })
  const other = agent('hash-3', { instance: 'two', enrolledAt: 800 })
  world.send(osqueryEnroll(other))
  expect(Object.keys(world.snapshot().context.agents)).toEqual(['hash-2', 'hash-3'])
})

test("a third enrolment does not lengthen the first key's grace", () => {
  const keys = [100, 200, 300].map((enrolledAt) =>
    agent(`hash-${enrolledAt}`, { instance: 'one', enrolledAt }),
  )
  const world = after(...keys.map((key) => osqueryEnroll(key)))
  const expiries = Object.values(world.snapshot().context.agents).map(({ expiresAt }) => expiresAt)
  expect(expiries).toEqual([800, 900, null])
})

test('a host keeps 16 agents: the one enrolled longest ago gives way', () => {
  const keys = Array.from({ length: 17 }, (_, n) => osqueryEnroll(agent(`hash-${n}`)))
  const { agents } = after(...keys).snapshot().context
  expect(Object.keys(agents)).toEqual(keys.slice(1).map((key) => key.agent.keyHash))
})

// prettier-ignore
const evictions: readonly (readonly [string, readonly number[], readonly number[], number])[] = [
  // sentence                                                     in use        answered   evicted
  ['of 17 agents the one enrolled longest ago gives way',         [],           [],        0],
  ['a key in use gives way to none that is not',                  [0],          [],        1],
  ['the newest key that is in use stays beside 16 newcomers',     [0, 1, 2, 3], [],        4],
  ['an agent that answered stays rather than one that never did', [],           [0, 1],    2],
  ['the newcomer stays where all others are in use',              [...Array(16).keys()], [], 0],
]
for (const [sentence, inUse, answered, evicted] of evictions)
  test(sentence, () => {
    const names = Array.from({ length: 16 }, (_, nth) => `hash-${nth}`)
    const world = after(
      ...names.map((name, nth) => osqueryEnroll(agent(name, { enrolledAt: 100 + nth }))),
    )
    for (const nth of answered) world.send(details(`hash-${nth}`, 50))
    const speaking = inUse.map((nth) => `hash-${nth}`)
    world.send(osqueryEnroll(agent('newcomer', { enrolledAt: 500 }), { speaking }))
    const { agents } = world.snapshot().context
    expect(names.filter((name) => agents[name] === undefined)).toEqual([`hash-${evicted}`])
    expect(agents['newcomer']).toBeDefined()
  })

test('two agents without an instance are two agents', () => {
  const [one, other] = [agent('hash-1', { instance: null }), agent('hash-2', { instance: null })]
  const { agents } = after(osqueryEnroll(one), osqueryEnroll(other)).snapshot().context
  expect(Object.values(agents).map(({ expiresAt }) => expiresAt)).toEqual([null, null])
})

test('detail answers are stamped on the agent that gave them and fill the facts', () => {
  const world = after(agentA)
  const asked = world.send(details('hash-a', 77))
  const { agents, facts } = world.snapshot().context
  expect(agents['hash-a']?.detailAt).toBe(77)
  expect(facts.hostname).toEqual({ value: 'ada.local', source: 'osquery', at: 77 })
  expect(asked).toEqual([
    { type: 'note', params: { event: 'facts.changed', detail: { hostname: 'ada.local' } } },
  ])
  expect(world.send(details('hash-a', 78))).toEqual([])
  expect(world.snapshot().context.facts.hostname?.at).toBe(77)
})

test('what the computer says of itself outweighs what the reseller told Apple', () => {
  const world = after(assigned({ facts: { model: 'MacBook Pro', color: 'SILVER' } }))
  world.send(authenticate({ facts: { model: 'Mac15,6' } }))
  const raw = { changed: true }
  world.send(assigned({ facts: { model: 'MacBook Pro 14' }, device: { ...depDevice, raw } }))
  expect(world.snapshot().context.facts).toMatchObject({
    model: { value: 'Mac15,6', source: 'mdm' },
    color: { value: 'SILVER', source: 'dep' },
  })
})

test('a sighting adds identifiers and forgets none', () => {
  expect(after(assigned(), agentA).snapshot().context.identity).toEqual({
    serial: 'C02ONE',
    uuid: device,
    udid: null,
    enrollment_id: null,
  })
})

test('agents are revoked one by one, and with the last of them the host is no longer enrolled', () => {
  const world = after(agentA, osqueryEnroll(agent('hash-b')), revoke(['hash-a', 'hash-none']))
  expect(world.standing()).toBe('unenrolled unassigned enrolled')
  world.send(revoke(['hash-b']))
  expect(world.standing()).toBe('unenrolled unassigned unenrolled')
  expect(world.snapshot().context.agents).toEqual({})
})

test('a reset has one reply, also where there was nothing to end', () => {
  for (const world of [after(), after(agentA), after(...enrolled), after(...enrolled, agentA)])
    expect(world.ask(reset)).toEqual({ kind: 'done' })
})
