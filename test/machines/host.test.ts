import { expect, test } from 'vitest'
import type { HostEvent } from '../../machines/host-events.ts'
import {
  absorb,
  acknowledged,
  agent,
  assigned,
  authenticate,
  checkOut,
  depDevice,
  details,
  enqueue,
  enrolled,
  expiry,
  idle,
  mdmParts,
  notNow,
  now,
  osqueryEnroll,
  pushed,
  release,
  removed,
  report,
  reset,
  revoke,
  settle,
  stray,
  tokenUpdate,
  user,
  userToken,
} from './events.ts'
import { after } from './world.ts'

const agentA = osqueryEnroll(agent('hash-a'))

test('a new host is nothing yet', () => {
  expect(after().standing()).toBe('unenrolled unassigned unenrolled')
})

// prettier-ignore
const standings = [
  // what happened                                        mdm dep osquery
  [[assigned()],                                          'unenrolled assigned unenrolled'],
  [[agentA],                                              'unenrolled unassigned enrolled'],
  [[assigned(), agentA],                                  'unenrolled assigned enrolled'],
  [[agentA, assigned()],                                  'unenrolled assigned enrolled'],
  [[authenticate()],                                      'authenticated unassigned unenrolled'],
  [[assigned(), agentA, authenticate()],                  'authenticated assigned enrolled'],
  [[assigned(), agentA, ...enrolled],                     'enrolled.ready assigned enrolled'],
  [[...enrolled, agentA, assigned()],                     'enrolled.ready assigned enrolled'],
  [[assigned(), ...enrolled, agentA, checkOut()],         'unenrolled assigned enrolled'],
  [[assigned(), ...enrolled, agentA, removed],            'enrolled.ready unassigned enrolled'],
  [[assigned(), ...enrolled, agentA, revoke(null)],       'enrolled.ready assigned unenrolled'],
  [[assigned(), ...enrolled, agentA, reset],              'unenrolled assigned unenrolled'],
  [[assigned(), removed],                                 'unenrolled unassigned unenrolled'],
  [[assigned(), removed, assigned()],                     'unenrolled assigned unenrolled'],
] as const
for (const [events, standing] of standings)
  test(`a host that saw ${events.map(({ type }) => type).join(', ')} is ${standing}`, () => {
    expect(after(...events).standing()).toBe(standing)
  })

/** Everything that only a managed computer may say or be asked, and what only a known agent may say. */
const notAllowedBefore: readonly HostEvent[] = [
  tokenUpdate(),
  userToken(),
  checkOut(),
  checkOut(user),
  { type: 'mdm.SetBootstrapToken', at: now, ref: 'bootstrap-1' },
  idle(),
  acknowledged('A'),
  report('Error', 'A'),
  report('CommandFormatError', 'A'),
  notNow('A'),
  stray('A'),
  enqueue('A'),
  removed,
  details('hash-a'),
  revoke(null),
  revoke(['hash-a']),
  pushed(),
  expiry('A'),
  release({ mdm: mdmParts('ready', 500), dep: depDevice, agents: { 'hash-a': agent('hash-a') } }),
  absorb({}),
]
for (const event of notAllowedBefore)
  test(`${event.type} ${'channel' in event ? event.channel : ''} means nothing to a host that is not enrolled: no reply, no change`, () => {
    const world = after()
    const before = world.snapshot()
    expect(world.send(event)).toEqual([])
    expect(world.snapshot().context).toBe(before.context)
    expect(world.snapshot().value).toEqual(before.value)
  })

for (const event of [
  idle(user),
  acknowledged('A', { channel: user }),
  report('Error', 'A', { channel: 'constructor' }),
  notNow('A', user),
  stray('A', { channel: '__proto__' }),
  enqueue('B', { channel: user }),
  idle('toString'),
  details('hash-b'),
  details('constructor'),
])
  test(`${event.type} from a channel or agent the host does not have is not answered and changes nothing`, () => {
    const world = after(...enrolled, agentA, enqueue('A'))
    const before = world.store()
    expect(world.send(event)).toEqual([])
    expect(world.store()).toEqual(before)
  })

test('a quarantined host is never a target', () => {
  const world = after(authenticate({ quarantined: true }), tokenUpdate())
  expect(world.send(enqueue('A'))).toEqual([])
  expect(world.commands()).toEqual({})
  world.send(settle())
  expect(world.ask(enqueue('A'))).toEqual({ kind: 'done' })
})

test('an Idle with nothing to do changes nothing at all', () => {
  const world = after(...enrolled)
  const before = world.snapshot()
  expect(world.send(idle())).toEqual([{ type: 'reply', params: { kind: 'nothing' } }])
  expect(world.snapshot().context).toBe(before.context)
  expect(world.snapshot().value).toEqual(before.value)
})

test('the same device of the list a second time is no news, another version of it is', () => {
  const world = after(assigned())
  const { context } = world.snapshot()
  expect(world.send(assigned({ at: 99 }))).toEqual([])
  expect(world.snapshot().context).toBe(context)
  const raw = { ...depDevice.raw, profile_status: 'pushed' }
  world.send(assigned({ device: { ...depDevice, profile_status: 'pushed', raw } }))
  expect(world.snapshot().context.dep?.profile_status).toBe('pushed')
})

test('a device that returns to the list is news again', () => {
  const world = after(assigned(), removed)
  expect(world.snapshot().context.dep).toBeNull()
  world.send(assigned())
  expect(world.snapshot().context.dep).toEqual(depDevice)
})
