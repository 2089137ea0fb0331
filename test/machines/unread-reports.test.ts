// Reports that do not say how a command went: the command comes again a few times, and blocks nothing.
import { expect, test } from 'vitest'
import { acknowledged, enqueue, enrolled, idle, unread } from './events.ts'
import { after } from './world.ts'

test('a command whose reports cannot be read is offered three times and no more, and a late report settles it', () => {
  const world = after(...enrolled, enqueue('A', { seq: 1 }))
  for (let times = 0; times < 3; times += 1) {
    expect(world.ask(idle())).toEqual({ kind: 'command', commandUUID: 'A' })
    expect(world.ask(unread())).toEqual({ kind: 'nothing' })
  }
  expect(world.commands()).toEqual({ A: 'unknown' })
  expect(world.ask(idle())).toEqual({ kind: 'nothing' })
  world.send(acknowledged('A'))
  expect(world.commands()).toEqual({ A: 'acknowledged' })
})

test('a report that cannot be read is answered with the next command, not with the same', () => {
  const world = after(...enrolled, enqueue('A', { seq: 1 }), enqueue('B', { seq: 2 }), idle())
  expect(world.ask(unread())).toEqual({ kind: 'command', commandUUID: 'B' })
  expect(world.ask(unread({ commandUUID: 'B' }))).toEqual({ kind: 'command', commandUUID: 'A' })
})

test('a report of which not even the channel is known counts for the command that left last', () => {
  const world = after(...enrolled, enqueue('A'), idle())
  for (let times = 0; times < 3; times += 1)
    expect(world.ask(unread({ channel: null }))).toEqual({ kind: 'nothing' })
  expect(world.commands()).toEqual({ A: 'unknown' })
})

test('a report that cannot be read leaves a note with its reason', () => {
  const world = after(...enrolled, enqueue('A'), idle())
  expect(world.send(unread())).toContainEqual({
    type: 'note',
    params: {
      event: 'mdm.unread_report',
      detail: { reason: 'unknown-status', command: 'A' },
    },
  })
})
