// Which command a channel gets, for every kind of report.
import { describe, expect, test } from 'vitest'
import type { HostEvent } from '../../machines/host-events.ts'
import {
  acknowledged,
  device,
  enqueue,
  enrolled,
  expiry,
  idle,
  later,
  notNow,
  report,
  stray,
} from './events.ts'
import { after, nextOf, type World } from './world.ts'

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
