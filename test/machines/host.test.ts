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
  listed,
  mdmParts,
  notNow,
  now,
  osqueryEnroll,
  otherDevice,
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
  [[assigned(), ...enrolled, agentA, removed()],          'enrolled.ready unassigned enrolled'],
  [[assigned(), ...enrolled, agentA, revoke(null)],       'enrolled.ready assigned unenrolled'],
  [[assigned(), ...enrolled, agentA, reset],              'unenrolled assigned unenrolled'],
  [[assigned(), removed()],                               'unenrolled unassigned unenrolled'],
  [[assigned(), removed(), assigned()],                   'unenrolled assigned unenrolled'],
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
  removed(),
  details('hash-a'),
  revoke(null),
  revoke(['hash-a']),
  pushed(),
  expiry('A'),
  release({
    mdm: mdmParts('ready', 500),
    depDevices: listed(depDevice),
    agents: { 'hash-a': agent('hash-a') },
  }),
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
  expect(world.snapshot().context.depDevices['C02ONE']?.profile_status).toBe('pushed')
})

test('a device that returns to the list is news again', () => {
  const world = after(assigned(), removed())
  expect(world.snapshot().context.depDevices).toEqual({})
  world.send(assigned())
  expect(world.snapshot().context.depDevices).toEqual(listed(depDevice))
})

const alsoAssigned = assigned({ device: otherDevice })
const other = otherDevice.serial_number
// prettier-ignore
const listings = [
  // what happened                                                        dep            listed are
  [[assigned(), alsoAssigned],                                            'assigned',   [depDevice, otherDevice]],
  [[assigned(), alsoAssigned, removed(other)],                            'assigned',   [depDevice]],
  [[assigned(), alsoAssigned, removed()],                                 'assigned',   [otherDevice]],
  [[assigned(), alsoAssigned, removed(), removed()],                      'assigned',   [otherDevice]],
  [[assigned(), alsoAssigned, removed(), removed(other)],                 'unassigned', []],
  [[assigned(), alsoAssigned, removed(), assigned()],                     'assigned',   [otherDevice, depDevice]],
  [[assigned(), removed(other)],                                          'assigned',   [depDevice]],
  [[assigned(), absorb({ depDevices: listed(otherDevice) })],             'assigned',   [depDevice, otherDevice]],
  [[absorb({ depDevices: listed(depDevice, otherDevice) }), removed()],   'assigned',   [otherDevice]],
] as const
for (const [events, dep, devices] of listings)
  test(`a host that saw ${events.map((event) => `${event.type} ${'serial' in event ? event.serial : ''}`).join(', ')} is ${dep} by ${devices.length} serial numbers`, () => {
    const { value, context } = after(...events).snapshot()
    expect(value.dep).toBe(dep)
    expect(context.depDevices).toEqual(listed(...devices))
  })

test('a second serial number that comes or goes is noted, as no state tells of it', () => {
  const world = after(assigned())
  const note = (event: string, serial_number: string) => ({
    type: 'note',
    params: { event, detail: { serial_number } },
  })
  expect(world.send(alsoAssigned)).toEqual([note('dep.assigned', other)])
  expect(world.send(removed())).toEqual([note('dep.removed', depDevice.serial_number)])
  expect(world.send(removed(other))).toEqual([])
})
