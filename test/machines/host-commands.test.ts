import { expect, test } from 'vitest'
import {
  acknowledged,
  cancel,
  enqueue,
  enrolled,
  expiry,
  idle,
  later,
  notNow,
  pushed,
} from './events.ts'
import { after } from './world.ts'

test('an operator may cancel what was never sent, and learns why not otherwise', () => {
  const world = after(
    ...enrolled,
    enqueue('queued', { seq: 3 }),
    enqueue('deferred', { seq: 1 }),
    enqueue('sent', { seq: 2 }),
    idle(),
    notNow('deferred'),
  )
  expect(world.ask(cancel('queued'))).toEqual({ kind: 'done' })
  expect(world.ask(cancel('sent'))).toEqual({ kind: 'refused', reason: 'sent' })
  expect(world.ask(cancel('deferred'))).toEqual({ kind: 'refused', reason: 'not_now' })
  expect(world.ask(cancel('queued'))).toEqual({ kind: 'refused', reason: 'not open' })
  expect(world.ask(cancel('constructor'))).toEqual({ kind: 'refused', reason: 'not open' })
  expect(world.commands()).toEqual({ queued: 'cancelled', deferred: 'not_now', sent: 'sent' })
})

test('a pushed command may still be cancelled', () => {
  const world = after(...enrolled, enqueue('A'), pushed())
  expect(world.commands()).toEqual({ A: 'pushed' })
  expect(world.ask(cancel('A'))).toEqual({ kind: 'done' })
  expect(world.commands()).toEqual({ A: 'cancelled' })
})

test('two open commands cannot have one CommandUUID', () => {
  const world = after(...enrolled, enqueue('A'), idle())
  expect(world.ask(enqueue('A'))).toEqual({ kind: 'refused', reason: 'exists' })
  expect(world.commands()).toEqual({ A: 'sent' })
})

test('a host takes a thousand open commands and no more, until one is over', () => {
  const world = after(...enrolled)
  for (let seq = 0; seq < 1_000; seq += 1) world.send(enqueue(`C-${seq}`, { seq }))
  expect(world.ask(enqueue('one-more', { seq: 1_000 }))).toEqual({
    kind: 'refused',
    reason: 'full',
  })
  world.send(cancel('C-7'))
  expect(world.ask(enqueue('one-more', { seq: 1_000 }))).toEqual({ kind: 'done' })
})

test('a command expires when its alarm rings, and the alarm of a finished one wakes nobody', () => {
  const world = after(...enrolled, enqueue('A'), enqueue('B'), idle())
  world.send(expiry('A'), expiry('B'))
  expect(world.commands()).toEqual({ A: 'expired', B: 'expired' })
  expect(world.send(expiry('A'))).toEqual([])
  expect(world.send({ type: 'alarm', at: later, name: 'of-nobody' })).toEqual([])
})

test('a report whose command ended before its turn changes nothing and is noted all the same', () => {
  const world = after(...enrolled, enqueue('A'), idle(), expiry('A'))
  expect(world.send(acknowledged('A'))).toContainEqual({
    type: 'note',
    params: {
      event: 'mdm.stray_report',
      detail: { commandUUID: 'A', status: 'Acknowledged', standing: 'finished', differs: true },
    },
  })
  expect(world.commands()).toEqual({ A: 'expired' })
})

test('a finished command leaves the actor', () => {
  const world = after(...enrolled, enqueue('A'), idle(), acknowledged('A'))
  expect(world.commands()).toEqual({ A: 'acknowledged' })
  expect(world.snapshot().children).toEqual({})
})
