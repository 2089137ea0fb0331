// What reports do to a conversation: deferred, lost, stray, and on another channel.
import { describe, expect, test } from 'vitest'
import type { CommandState } from '../../machines/command.ts'
import {
  acknowledged,
  checkOut,
  device,
  enqueue,
  enrolled,
  idle,
  notNow,
  pushed,
  report,
  settle,
  stray,
  tokenUpdate,
  user,
  userToken,
} from './events.ts'
import { after, nextOf, replyIn } from './world.ts'

describe('NotNow', () => {
  test('is not offered again in the same conversation', () => {
    const world = after(...enrolled, enqueue('A', { seq: 1 }), enqueue('B', { seq: 2 }), idle())
    expect(nextOf(world, notNow('A'))).toBe('B')
    expect(nextOf(world, notNow('B'))).toBeUndefined()
    expect(world.commands()).toEqual({ A: 'not_now', B: 'not_now' })
  })

  test('is offered again at the next Idle, oldest first', () => {
    const world = after(...enrolled, enqueue('A', { seq: 1 }), enqueue('B', { seq: 2 }), idle())
    world.send(notNow('A'), notNow('B'))
    expect(nextOf(world, idle())).toBe('A')
    expect(nextOf(world, notNow('A'))).toBe('B')
    expect(nextOf(world, acknowledged('B'))).toBe('A')
    expect(nextOf(world, acknowledged('A'))).toBeUndefined()
  })

  test('outlasts a TokenUpdate in the middle of a conversation', () => {
    const world = after(...enrolled, enqueue('A', { seq: 1 }), enqueue('B', { seq: 2 }), idle())
    // A second round, so that a forgotten one would show.
    world.send(notNow('A'), acknowledged('B'), notNow('A'), idle(), notNow('A'))
    world.send(enqueue('C', { seq: 3 }), tokenUpdate({ pushRef: 'push-2' }))
    expect(nextOf(world, notNow('A'))).toBe('C')
    expect(nextOf(world, notNow('C'))).toBeUndefined()
  })

  test('said twice about one command counts once and ends the conversation as before', () => {
    const world = after(...enrolled, enqueue('A'), idle(), notNow('A'))
    expect(nextOf(world, notNow('A'))).toBeUndefined()
    expect(world.command('A').context.deferrals).toBe(1)
  })

  test('after a final report is ignored', () => {
    const world = after(...enrolled, enqueue('A'), idle(), acknowledged('A'))
    expect(nextOf(world, notNow('A'))).toBeUndefined()
    expect(world.commands()).toEqual({ A: 'acknowledged' })
  })

  test('is followed by a final report as if nothing had been', () => {
    const world = after(...enrolled, enqueue('A'), idle(), notNow('A'), acknowledged('A'))
    expect(world.commands()).toEqual({ A: 'acknowledged' })
  })

  test('about a command that must not run twice says that it did not run: it comes again', () => {
    const world = after(...enrolled, enqueue('E', { repeatable: false }), idle(), notNow('E'))
    expect(nextOf(world, idle())).toBe('E')
    expect(world.command('E').context.attempts).toBe(2)
  })
})

describe('a lost report', () => {
  test('of a repeatable command is answered by the same CommandUUID again', () => {
    const world = after(...enrolled, enqueue('A', { seq: 1 }), enqueue('B', { seq: 2 }), idle())
    expect(nextOf(world, idle())).toBe('A')
    expect(world.command('A').context.attempts).toBe(2)
    expect(world.commands()).toEqual({ A: 'sent', B: 'queued' })
  })

  test('of a command that must not run twice makes it unknown, never a second sending', () => {
    const unrepeatable = enqueue('E', { seq: 1, repeatable: false })
    const world = after(...enrolled, unrepeatable, enqueue('B', { seq: 2 }), idle())
    expect(nextOf(world, idle())).toBe('B')
    expect(world.commands()).toEqual({ E: 'unknown', B: 'sent' })
    expect(nextOf(world, acknowledged('B'))).toBeUndefined()
    expect(nextOf(world, idle())).toBeUndefined()
    expect(world.command('E').context.attempts).toBe(1)
  })

  for (const [status, state] of [
    ['Acknowledged', 'acknowledged'],
    ['Error', 'error'],
    ['CommandFormatError', 'format_error'],
  ] as const satisfies readonly (readonly [string, CommandState])[])
    test(`that arrives late after all settles an unknown command: ${status}`, () => {
      const world = after(...enrolled, enqueue('E', { repeatable: false }), idle(), idle())
      expect(world.commands()).toEqual({ E: 'unknown' })
      world.send(report(status, 'E'))
      expect(world.commands()).toEqual({ E: state })
    })

  test('is not concluded from a report about something else', () => {
    const world = after(
      ...enrolled,
      enqueue('A', { seq: 1 }),
      enqueue('E', { seq: 2, repeatable: false }),
      idle(),
      acknowledged('A'),
    )
    // The device repeats its report on A: our answer, E, may or may not have reached it.
    expect(nextOf(world, stray('A'))).toBeUndefined()
    expect(world.commands()).toEqual({ A: 'acknowledged', E: 'sent' })
  })

  test('when the device repeats the former report, a repeatable command goes out again', () => {
    const world = after(...enrolled, enqueue('A', { seq: 1 }), enqueue('B', { seq: 2 }), idle())
    world.send(acknowledged('A'))
    expect(nextOf(world, stray('A'))).toBe('B')
    expect(world.command('B').context.attempts).toBe(2)
  })
})

describe('a stray report', () => {
  for (const standing of ['finished', 'foreign', 'unknown'] as const)
    test(`on a ${standing} command is counted, noted, and answered with the next command`, () => {
      const world = after(...enrolled, enqueue('A'))
      const asked = world.send(stray('Z', { standing, status: 'Error', differs: true }))
      expect(replyIn(asked)).toEqual({ kind: 'command', commandUUID: 'A' })
      expect(asked).toContainEqual({
        type: 'note',
        params: {
          event: 'mdm.stray_report',
          detail: { commandUUID: 'Z', status: 'Error', standing, differs: true },
        },
      })
      expect(world.snapshot().context.strays).toBe(1)
    })

  for (const uuid of ['constructor', '__proto__', 'toString', ''])
    test(`on the CommandUUID ${JSON.stringify(uuid)} harms nobody`, () => {
      const world = after(...enrolled, enqueue('A'))
      for (const event of [acknowledged(uuid), notNow(uuid), stray(uuid), report('Error', uuid)])
        expect(world.ask(event)).toEqual({ kind: 'command', commandUUID: 'A' })
      expect(world.commands()).toEqual({ A: 'sent' })
    })

  test('says nothing about any open command', () => {
    const world = after(...enrolled, enqueue('A'), idle())
    world.send(stray('A'))
    expect(world.commands()).toEqual({ A: 'sent' })
  })
})

describe('two channels', () => {
  const both = [
    ...enrolled,
    userToken(),
    enqueue('D', { seq: 1 }),
    enqueue('U', { channel: user, seq: 2 }),
  ] as const

  test('each get their own commands', () => {
    const world = after(...both)
    expect(nextOf(world, idle(user))).toBe('U')
    expect(nextOf(world, idle(device))).toBe('D')
    expect(nextOf(world, acknowledged('U', { channel: user }))).toBeUndefined()
    expect(nextOf(world, acknowledged('D'))).toBeUndefined()
  })

  test('lose their reports separately', () => {
    const world = after(
      ...enrolled,
      userToken(),
      enqueue('D', { repeatable: false }),
      enqueue('U', { channel: user, repeatable: false }),
    )
    world.send(idle(device), idle(user), idle(user))
    expect(world.commands()).toEqual({ D: 'sent', U: 'unknown' })
  })

  test('defer separately: the Idle of one brings back nothing of the other', () => {
    const world = after(...both)
    world.send(idle(device), notNow('D'), idle(user), notNow('U', user))
    world.send(idle(user))
    expect(world.commands()).toEqual({ D: 'not_now', U: 'sent' })
  })

  for (const event of [
    acknowledged('D', { channel: user }),
    report('Error', 'D', { channel: user }),
    report('CommandFormatError', 'D', { channel: user }),
    notNow('D', user),
  ])
    test(`do not speak for each other: the user's ${event.type} leaves the device's command open`, () => {
      const world = after(...both, idle(device))
      expect(nextOf(world, event)).toBe('U')
      expect(world.commands()).toEqual({ D: 'sent', U: 'sent' })
    })

  test('are pushed separately', () => {
    const world = after(...both, pushed(user))
    expect(world.commands()).toEqual({ D: 'queued', U: 'pushed' })
  })

  test('end separately', () => {
    const world = after(...both, checkOut(user))
    expect(nextOf(world, idle(device))).toBe('D')
    expect(world.ask(idle(user))).toBeUndefined()
  })
})

test('a quarantined host is offered nothing, also of what was sent to it before', () => {
  const world = after(...enrolled, enqueue('A'), settle({ quarantined: true }))
  expect(nextOf(world, idle())).toBeUndefined()
  expect(world.commands()).toEqual({ A: 'queued' })
  world.send(settle({ quarantined: false }))
  expect(nextOf(world, idle())).toBe('A')
})
