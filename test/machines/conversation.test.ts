// Which command a channel gets, for every kind of report (Apple's MDM protocol, commands and reports).
import { describe, expect, test } from 'vitest'
import type { CommandState } from '../../machines/command.ts'
import type { HostEvent } from '../../machines/host-events.ts'
import {
  acknowledged,
  checkOut,
  device,
  enqueue,
  enrolled,
  expiry,
  idle,
  later,
  notNow,
  pushed,
  report,
  stray,
  user,
  userToken,
} from './events.ts'
import { after, replyIn, type World } from './world.ts'

const nextOf = (world: World, event: HostEvent): string | undefined => {
  const reply = world.ask(event)
  if (reply?.kind === 'command') return reply.commandUUID
  expect(reply).toEqual({ kind: 'nothing' })
  return undefined
}

describe('what comes next', () => {
  /** A host whose device has just reported on R: `queued` never left, `deferred` said NotNow in this round. */
  function talking(queued: readonly string[], deferred: readonly string[]): World {
    const world = after(...enrolled)
    // R goes last into the conversation, so that it is R the device is reporting on.
    for (const [seq, uuid] of deferred.entries()) world.send(enqueue(uuid, { seq }))
    world.send(enqueue('R', { seq: 10 }))
    world.send(idle(), ...deferred.map((uuid) => notNow(uuid)))
    expect(world.commands()['R']).toBe('sent')
    for (const [n, uuid] of queued.entries()) world.send(enqueue(uuid, { seq: 20 + n }))
    return world
  }

  const says: Readonly<Record<string, HostEvent>> = {
    Idle: idle(),
    Acknowledged: acknowledged('R'),
    Error: report('Error', 'R'),
    CommandFormatError: report('CommandFormatError', 'R'),
    NotNow: notNow('R'),
    stray: stray('Z'),
    'stray NotNow': stray('Z', { status: 'NotNow' }),
  }

  // R itself was sent and may be repeated, so an Idle or a stray report means that its report was lost.
  // prettier-ignore
  const cases = [
    // queued      deferred     report                next
    [[],           [],          'Acknowledged',       undefined],
    [[],           [],          'Error',              undefined],
    [[],           [],          'CommandFormatError', undefined],
    [[],           [],          'NotNow',             undefined],
    [[],           [],          'Idle',               'R'],
    [[],           [],          'stray',              'R'],
    [['A', 'B'],   [],          'Acknowledged',       'A'],
    [['A', 'B'],   [],          'Error',              'A'],
    [['A', 'B'],   [],          'CommandFormatError', 'A'],
    [['A', 'B'],   [],          'NotNow',             'A'],
    [['A', 'B'],   [],          'Idle',               'R'],
    [['B'],        ['A'],       'NotNow',             'B'],
    [['B'],        ['A'],       'Acknowledged',       'A'],
    [['B'],        ['A'],       'Error',              'A'],
    [['B'],        ['A'],       'CommandFormatError', 'A'],
    [['B'],        ['A'],       'Idle',               'A'],
    [['B'],        ['A'],       'stray',              'A'],
    [['B'],        ['A'],       'stray NotNow',       'R'],
    [[],           ['A'],       'NotNow',             undefined],
    [[],           ['A'],       'Acknowledged',       'A'],
    [[],           ['A'],       'Error',              'A'],
    [[],           ['A', 'B'],  'Acknowledged',       'A'],
    [[],           ['A', 'B'],  'NotNow',             undefined],
    [[],           ['A', 'B'],  'Idle',               'A'],
  ] as const
  for (const [queued, deferred, status, next] of cases)
    test(`with [${queued.join()}] queued and [${deferred.join()}] deferred, ${status} gets ${next ?? 'nothing'}`, () => {
      const event = says[status]
      if (event === undefined) throw new Error(`no event for ${status}`)
      expect(nextOf(talking(queued, deferred), event)).toBe(next)
    })
})

describe('the order', () => {
  // prettier-ignore
  const cases = [
    // enqueued as [uuid, priority, seq]                     sent in this order
    [[['A', 0, 1], ['B', 0, 2], ['C', 0, 3]],                ['A', 'B', 'C']],
    [[['C', 0, 3], ['B', 0, 2], ['A', 0, 1]],                ['A', 'B', 'C']],
    [[['A', 0, 1], ['B', 5, 2], ['C', 5, 3]],                ['B', 'C', 'A']],
    [[['A', -1, 1], ['B', 0, 2], ['C', 9, 3]],               ['C', 'B', 'A']],
  ] as const
  for (const [commands, order] of cases)
    test(`${commands.map(([uuid, priority]) => `${uuid} at priority ${priority}`).join(', ')} leave as ${order.join(', ')}`, () => {
      const world = after(...enrolled)
      for (const [uuid, priority, seq] of commands) world.send(enqueue(uuid, { priority, seq }))
      const sent: string[] = []
      let next = nextOf(world, idle())
      while (next !== undefined) {
        sent.push(next)
        next = nextOf(world, acknowledged(next))
      }
      expect(sent).toEqual(order)
    })

  test('a command of higher priority overtakes deferred and queued ones', () => {
    const world = after(...enrolled, enqueue('A', { seq: 1 }), enqueue('B', { seq: 2 }), idle())
    world.send(enqueue('urgent', { priority: 10, seq: 3 }))
    expect(nextOf(world, notNow('A'))).toBe('urgent')
    expect(nextOf(world, acknowledged('urgent'))).toBe('A')
  })
})

describe('expiry', () => {
  // prettier-ignore
  const cases = [
    // asked at     next
    [later - 1,     'A'],
    [later,         undefined],
    [later + 1,     undefined],
  ] as const
  for (const [at, next] of cases)
    test(`a command that expires at ${later} ${next === undefined ? 'is no longer offered' : 'is still offered'} at ${at}, whether or not its alarm has rung`, () => {
      expect(nextOf(after(...enrolled, enqueue('A')), idle(device, at))).toBe(next)
    })

  test('an expired command gives way to the next', () => {
    const world = after(...enrolled, enqueue('A', { seq: 1 }), enqueue('B', { seq: 2 }))
    world.send(expiry('A'))
    expect(nextOf(world, idle())).toBe('B')
  })

  test('a report on an open command is believed after its time, as long as the alarm has not rung', () => {
    const world = after(...enrolled, enqueue('A'), idle())
    world.send(acknowledged('A', { at: later + 5 }))
    expect(world.commands()).toEqual({ A: 'acknowledged' })
  })
})

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
