import { expect, test } from 'vitest'
import {
  acknowledged,
  authenticate,
  device,
  enqueue,
  enrolled,
  idle,
  notNow,
  pushed,
  user,
  userToken,
} from './events.ts'
import { after } from './world.ts'

// prettier-ignore
const cases = [
  // what happened before a command was enqueued for the device               pushes
  ['it has just enrolled',                    enrolled,                                                        true],
  ['no TokenUpdate came yet',                 [authenticate()],                                                false],
  ['it has begun a new life',                 [...enrolled, authenticate()],                                   false],
  ['another command waits unpushed',          [...enrolled, enqueue('A')],                                     true],
  ['another push is under way',               [...enrolled, enqueue('A'), pushed()],                           false],
  ['it is working on a command',              [...enrolled, enqueue('A'), idle()],                             false],
  ['it has said NotNow and gone',             [...enrolled, enqueue('A'), idle(), notNow('A')],                true],
  ['it has finished all',                     [...enrolled, enqueue('A'), idle(), acknowledged('A')],          true],
  ['a command may or may not have run',       [...enrolled, enqueue('A', { repeatable: false }), idle(), idle()], true],
  ['only its user is working on a command',   [...enrolled, userToken(), enqueue('A', { channel: user }), idle(user)], true],
] as const
for (const [when, events, pushes] of cases)
  test(`a new command ${pushes ? 'wakes' : 'does not wake'} its computer when ${when}`, () => {
    const asked = after(...events).send(enqueue('N', { seq: 9 }))
    expect(asked.filter(({ type }) => type === 'apns.push')).toEqual(
      pushes ? [{ type: 'apns.push', params: { channel: device } }] : [],
    )
  })

test('a push marks all that wait on its channel, and nothing that was sent', () => {
  const world = after(...enrolled, enqueue('A', { seq: 1 }), idle())
  world.send(enqueue('B', { seq: 2 }), enqueue('C', { seq: 3 }), pushed())
  expect(world.commands()).toEqual({ A: 'sent', B: 'pushed', C: 'pushed' })
})

test('a computer may come by itself: what was never pushed is sent all the same', () => {
  const world = after(...enrolled, enqueue('A'), idle())
  expect(world.commands()).toEqual({ A: 'sent' })
})

test('a command that is to wait for the computer does not wake it', () => {
  const asked = after(...enrolled).send(enqueue('N', { seq: 9, silent: true }))
  expect(asked.map(({ type }) => type)).not.toContain('apns.push')
})
