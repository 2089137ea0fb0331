import { expect, test } from 'vitest'
import {
  absorb,
  agent,
  assigned,
  authenticate,
  depDevice,
  details,
  device,
  enrolled,
  listed,
  mdmParts,
  osqueryEnroll,
  otherDevice,
  release,
  settle,
  tokenUpdate,
} from './events.ts'
import { after } from './world.ts'

const agentA = osqueryEnroll(agent('hash-a'))

for (const [state, mdm] of [
  ['authenticated', 'authenticated'],
  ['awaiting_configuration', 'enrolled.awaiting_configuration'],
  ['ready', 'enrolled.ready'],
] as const)
  test(`a host that absorbs an MDM standing of ${state} is ${mdm}, with its channels and tokens`, () => {
    const parts = mdmParts(state, 500)
    const world = after(agentA, absorb({ mdm: parts }))
    expect(world.standing()).toBe(`${mdm} unassigned enrolled`)
    const { channels, epoch, unlockTokenRef } = world.snapshot().context
    expect({ channels, epoch, unlockTokenRef }).toEqual({
      channels: parts.channels,
      epoch: parts.epoch,
      unlockTokenRef: parts.unlockTokenRef,
    })
  })

// prettier-ignore
const lives = [
  // ours began, and is   theirs began, and is   then the host is
  [600, 'ready',          500, 'ready',          'enrolled.ready',  'push-1'],
  [500, 'ready',          600, 'ready',          'enrolled.ready',  'push-other'],
  [500, 'ready',          500, 'ready',          'enrolled.ready',  'push-1'],
  [500, 'ready',          600, 'authenticated',  'authenticated',   null],
  [600, 'ready',          500, 'authenticated',  'enrolled.ready',  'push-1'],
  [500, 'authenticated',  600, 'ready',          'enrolled.ready',  'push-other'],
  [600, 'authenticated',  500, 'ready',          'authenticated',   null],
] as const
for (const [ourStart, ourState, theirStart, theirState, mdm, pushRef] of lives)
  test(`of MDM lives ${ourState} since ${ourStart} and ${theirState} since ${theirStart} the later one counts`, () => {
    const world = after(authenticate({ at: ourStart }))
    if (ourState === 'ready') world.send(tokenUpdate({ at: 900 }))
    world.send(absorb({ mdm: mdmParts(theirState, theirStart) }))
    expect(world.standing()).toBe(`${mdm} unassigned unenrolled`)
    expect(world.snapshot().context.channels[device]?.pushRef).toBe(pushRef)
  })

test('a host absorbs what it has not: an assignment, agents', () => {
  const world = after(
    ...enrolled,
    absorb({ depDevices: listed(depDevice), agents: { b: agent('b') } }),
  )
  expect(world.standing()).toBe('enrolled.ready assigned enrolled')
  world.send(absorb({ agents: { c: agent('c') } }))
  expect(Object.keys(world.snapshot().context.agents)).toEqual(['b', 'c'])
})

test('a listed host that absorbs a listed one is listed under both serial numbers', () => {
  const world = after(assigned(), absorb({ depDevices: listed(otherDevice) }))
  expect(world.snapshot().context.depDevices).toEqual(listed(depDevice, otherDevice))
})

test('a host releases the serial numbers of the other, as they are now, and stays listed under its own', () => {
  const world = after(assigned(), absorb({ depDevices: listed(otherDevice) }))
  const moved = { ...otherDevice, profile_status: 'pushed', raw: { profile_status: 'pushed' } }
  world.send(assigned({ device: moved }), release({ depDevices: listed(moved) }))
  expect(world.standing()).toBe('unenrolled assigned unenrolled')
  expect(world.snapshot().context.depDevices).toEqual(listed(depDevice))
})

test('absorbed agents are bounded like enrolled ones', () => {
  const many = Array.from({ length: 20 }, (_, n) => agent(`hash-${n}`))
  const agents = Object.fromEntries(many.map((one) => [one.keyHash, one]))
  const world = after(agentA, absorb({ agents }))
  expect(Object.keys(world.snapshot().context.agents)).toHaveLength(16)
})

test('releasing gives back exactly the parts that belong to the other', () => {
  const world = after(assigned(), ...enrolled, agentA, osqueryEnroll(agent('hash-b')))
  world.send(release({ agents: { 'hash-b': agent('hash-b') } }))
  expect(world.standing()).toBe('enrolled.ready assigned enrolled')
  expect(Object.keys(world.snapshot().context.agents)).toEqual(['hash-a'])
  world.send(release({ mdm: mdmParts('ready', 500) }))
  expect(world.standing()).toBe('unenrolled assigned enrolled')
  world.send(release({ depDevices: listed(otherDevice) }))
  expect(world.standing()).toBe('unenrolled assigned enrolled')
  world.send(release({ depDevices: listed(depDevice) }))
  expect(world.standing()).toBe('unenrolled unassigned enrolled')
  world.send(release({ agents: { 'hash-a': agent('hash-a') } }))
  expect(world.standing()).toBe('unenrolled unassigned unenrolled')
})

test('what one host absorbs from another it can release again, and is as before', () => {
  const world = after(agentA)
  const before = world.store()
  const parts = {
    mdm: mdmParts('ready', 500),
    depDevices: listed(depDevice),
    agents: { b: agent('b') },
  }
  world.send(absorb(parts), release(parts))
  const { host } = world.store()
  expect(world.standing()).toBe('unenrolled unassigned enrolled')
  expect(host['value']).toEqual(before.host['value'])
  expect(world.snapshot().context).toMatchObject({ channels: {}, depDevices: {}, enrolledAt: null })
})

test("settled identity replaces the former; another host's facts only fill gaps", () => {
  const world = after(agentA, details('hash-a'), settle({ quarantined: true }))
  expect(world.snapshot().context).toMatchObject({
    quarantined: true,
    identity: { serial: 'C02TWO', uuid: null },
    facts: { hostname: { value: 'ada.local' } },
  })
  const blank = after(settle())
  expect(blank.snapshot().context.facts.hostname?.value).toBe('other.local')
})

test('facts that turn out to be of another host are forgotten, whoever said them', () => {
  const world = after(agentA, details('hash-a'))
  world.send(settle({ facts: { model: { value: 'Mac15,6', source: 'mdm', at: 5 } } }))
  world.send(settle({ facts: {}, forget: ['hostname'] }))
  expect(Object.keys(world.snapshot().context.facts)).toEqual(['model'])
})
