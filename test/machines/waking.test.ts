// When a computer is woken for what waits, and when again if it keeps silent.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EffectAction } from '../../machines/effects.ts'
import type { HostEvent } from '../../machines/host-events.ts'
import { channelOfAlarm } from '../../machines/waking.ts'
import {
  acknowledged,
  authenticate,
  cancel,
  checkOut,
  device,
  enqueue,
  enrolled,
  expiry,
  idle,
  later,
  notNow,
  now,
  pushAlarmRings,
  pushed,
  pushReady,
  pushRefused,
  settle,
  tokenUpdate,
  user,
  userToken,
} from './events.ts'
import { histories } from './histories.ts'
import { after, createWorld, type World } from './world.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const year = { expiresAt: now + 365 * day }

const pushes = (asked: readonly EffectAction[]): readonly string[] =>
  asked.flatMap((effect) => (effect.type === 'apns.push' ? [effect.params.channel] : []))

/** How long after this turn the channel is looked at again. */
const timerIn = (asked: readonly EffectAction[]): number | undefined =>
  asked.flatMap((effect) =>
    effect.type === 'alarm.set' && 'afterMs' in effect.params ? [effect.params.afterMs] : [],
  )[0]

/** Lets the timer ring whenever it is due, with Apple taking every push; gives when pushes were asked for. */
function pushTimes(world: World, first: number, until: number): readonly number[] {
  const times: number[] = []
  for (let at: number | undefined = first; at !== undefined && at <= until;) {
    const asked = world.send(pushAlarmRings(at))
    if (pushes(asked).length > 0) {
      times.push(at - now)
      world.send({ type: 'apns.pushed', at, channel: device, apnsId: `apns-${at}` })
    }
    const wait = timerIn(asked)
    at = wait && at + wait
  }
  return times
}

describe('a computer that keeps silent', () => {
  test('after a push is pushed for again after 15 minutes, 1 hour, 6 hours, then daily', () => {
    const world = after(...enrolled, enqueue('A', year), pushed())
    expect(pushTimes(world, now + 15 * minute, now + 3 * day)).toEqual([
      15 * minute,
      hour,
      6 * hour,
      day,
      2 * day,
      3 * day,
    ])
  })

  test('after it took a command is pushed for again, counted from then', () => {
    const sentAt = now + 10 * minute
    const world = after(...enrolled, enqueue('A', year), pushed(), idle(device, sentAt))
    expect(pushTimes(world, now + 15 * minute, now + 7 * hour)).toEqual([
      25 * minute,
      70 * minute,
      6 * hour + 10 * minute,
    ])
  })

  test('until the command expires', () => {
    const world = after(...enrolled, enqueue('A'), pushed(), expiry('A'))
    expect(world.send(pushAlarmRings(later))).toEqual([])
  })

  test('is pushed for a new command once more, when it took the last one too long ago', () => {
    const world = after(...enrolled, enqueue('A', year), pushed(), idle())
    const at = now + 20 * minute
    expect(pushes(world.send(enqueue('B', { ...year, at, seq: 2 })))).toEqual([device])
  })
})

test('after NotNow a computer is pushed for again after an hour, then with doubling waits up to a day', () => {
  const world = after(...enrolled, enqueue('A', year), pushed(), idle())
  const first = timerIn(world.send(notNow('A')))
  expect(first).toBe(hour)
  expect(pushTimes(world, now + hour, now + 4 * day)).toEqual(
    [1, 3, 7, 15, 31, 55, 79].map((hours) => hours * hour),
  )
})

test('each further NotNow doubles the first wait, up to a day', () => {
  const world = after(...enrolled, enqueue('A', year))
  const waits = Array.from({ length: 6 }, () => {
    world.send(idle())
    return timerIn(world.send(notNow('A')))
  })
  expect(waits).toEqual([1, 2, 4, 8, 16, 24].map((hours) => hours * hour))
})

test('a computer that was here before its timer rang is not pushed for', () => {
  const world = after(...enrolled, enqueue('A', year), pushed(), idle(device, now + 14 * minute))
  const asked = world.send(pushAlarmRings(now + 15 * minute))
  expect(pushes(asked)).toEqual([])
  expect(timerIn(asked)).toBe(14 * minute)
})

test('a clock that was years ahead makes nothing wait for years', () => {
  const ahead = now + 5 * 365 * day
  const world = after(...enrolled, enqueue('A', { at: ahead, expiresAt: ahead + day }))
  world.send({ type: 'apns.pushed', at: ahead, channel: device, apnsId: 'apns-1' })
  const asked = world.send(pushAlarmRings(now + hour))
  expect([pushes(asked), timerIn(asked)]).toEqual([[device], day])
})

test('a computer that took a command while the clock was years ahead is pushed for when another comes', () => {
  const ahead = now + 5 * 365 * day
  const world = after(...enrolled, enqueue('A', year), idle(device, ahead))
  expect(pushes(world.send(enqueue('B', { ...year, seq: 2 })))).toEqual([device])
})

test('a quarantined computer is not pushed for, and is looked at again', () => {
  const world = after(...enrolled, enqueue('A', year), settle({ quarantined: true }))
  const asked = world.send(pushAlarmRings(now + 15 * minute))
  expect([pushes(asked), timerIn(asked)]).toEqual([[], 45 * minute])
})

describe('a dead address', () => {
  const fault = { reason: 'Unregistered', at: now, certificateAt: 5 }
  const faultOf = (world: World): unknown =>
    world.snapshot().context.channels[device]?.addressFault ?? null

  const cases = [
    ['Apple does not know it', {}, true],
    ['it died after the device told it', { deadSince: now + 1 }, true],
    ['it died before the device told it: a former one', { deadSince: now }, false],
    ['the device has told another since', { addressAt: now - 1 }, false],
    ['the certificate is at fault', { fault: 'topic' as const }, false],
    ['our request is at fault', { fault: 'request' as const }, false],
    ['Apple was not asked', { certificateAt: null }, false],
  ] as const
  for (const [when, given, isDead] of cases)
    test(`is ${isDead ? '' : 'not '}given up when ${when}`, () => {
      const world = after(...enrolled, enqueue('A', year))
      const asked = world.send(pushRefused(given))
      expect(faultOf(world)).toEqual(isDead ? fault : null)
      const cancelled = { type: 'alarm.cancel', params: { name: `push:${device}` } }
      expect(asked.some((effect) => JSON.stringify(effect) === JSON.stringify(cancelled))).toBe(
        isDead,
      )
    })

  test('is given up, whenever Apple says it died, when it was told while our clock was ahead', () => {
    const ahead = now + 5 * 365 * day
    const world = after(
      ...enrolled,
      tokenUpdate({ at: ahead, pushRef: 'push-2' }),
      enqueue('A', year),
    )
    world.send(pushRefused({ addressAt: ahead, deadSince: now - day }))
    expect(faultOf(world)).toEqual(fault)
  })

  test('is noted in the journal and on every command that waits, whatever its state', () => {
    const world = after(...enrolled, enqueue('A', { ...year, seq: 1 }), idle(), notNow('A'))
    const asked = world.send(
      enqueue('B', { ...year, seq: 2 }),
      pushRefused({ status: 400, reason: 'BadDeviceToken' }),
    )
    const detail = { channel: device, reason: 'BadDeviceToken', status: 400 }
    expect(asked).toContainEqual({ type: 'note', params: { event: 'apns.refused', detail } })
    for (const uuid of ['A', 'B'])
      expect(world.command(uuid).context.push).toMatchObject({ reason: 'BadDeviceToken' })
    expect(world.commands()).toEqual({ A: 'not_now', B: 'queued' })
  })

  test('is not pushed to when its timer rings late', () => {
    const world = after(...enrolled, enqueue('A', year), pushRefused())
    expect(world.send(pushAlarmRings(now + hour))).toEqual([])
  })

  test('ends with the next TokenUpdate, which wakes the computer for what waits', () => {
    const world = after(...enrolled, enqueue('A', year), pushRefused())
    const asked = world.send(tokenUpdate({ at: now + 5, pushRef: 'push-2' }))
    expect([pushes(asked), timerIn(asked)]).toEqual([[device], 15 * minute])
    expect(faultOf(world)).toBeNull()
  })

  test('that takes a push after all is watched again', () => {
    const world = after(...enrolled, enqueue('A', year), pushRefused())
    const asked = world.send(pushed())
    expect(timerIn(asked)).toBe(15 * minute)
    expect(faultOf(world)).toBeNull()
  })
})

test('a TokenUpdate wakes for what was enqueued before there was an address', () => {
  const world = after(authenticate(), enqueue('A', year))
  expect(pushes(world.send(tokenUpdate()))).toEqual([device])
})

test('a TokenUpdate with nothing waiting wakes nobody', () => {
  expect(pushes(after(...enrolled).send(tokenUpdate()))).toEqual([])
})

test('a new certificate wakes every channel of its topic on which something waits', () => {
  const other = `${device}:OTHER`
  const world = after(
    ...enrolled,
    userToken(),
    userToken({ channel: other, topic: 'com.apple.mgmt.External.two' }),
    enqueue('A', { ...year, channel: user, seq: 1 }),
    enqueue('B', { ...year, channel: other, seq: 2 }),
  )
  expect(pushes(world.send(pushReady))).toEqual([user])
})

test('a command that waits for the computer to come by itself has no timer, nor any push', () => {
  const world = after(...enrolled, enqueue('A', { ...year, silent: true }))
  expect(timerIn(world.send(idle()))).toBeUndefined()
  expect(timerIn(world.send(notNow('A')))).toBeUndefined()
  expect(pushes(world.send(pushReady, tokenUpdate()))).toEqual([])
})

// prettier-ignore
const ends = [
  ['acknowledged', [idle(), acknowledged('A')]],
  ['cancelled',    [cancel('A')]],
  ['expired',      [expiry('A')]],
  ['superseded',   [authenticate()]],
  ['checked out',  [checkOut()]],
] as const
for (const [how, events] of ends)
  test(`the timer goes with the last command: ${how}`, () => {
    const world = after(...enrolled, enqueue('A', year))
    const asked = world.send(...events)
    const timers = asked.filter(
      (effect) => effect.type === 'alarm.cancel' && effect.params.name === `push:${device}`,
    )
    expect(timers).toHaveLength(1)
  })

test('in every history a channel has a timer exactly while it can be reached and something waits on it', () => {
  fc.assert(
    fc.property(histories, (history) => {
      const world = createWorld()
      const timers = new Set<string>()
      const take = (events: readonly HostEvent[]): void => {
        for (const effect of world.send(...events)) {
          if (effect.type !== 'alarm.set' && effect.type !== 'alarm.cancel') continue
          const channel = channelOfAlarm(effect.params.name)
          if (channel === undefined) continue
          if (effect.type === 'alarm.set') timers.add(channel)
          else timers.delete(channel)
        }
      }
      take([...enrolled, userToken()])
      for (const { events } of history) {
        take(events)
        expect([...timers].toSorted()).toEqual(watched(world))
      }
    }),
    { numRuns: 200 },
  )
})

const watched = (world: World): readonly string[] =>
  Object.values(world.snapshot().context.channels)
    .filter(({ pushRef, addressFault }) => pushRef !== null && addressFault === null)
    .map(({ key }) => key)
    .filter((key) =>
      Object.keys(world.commands()).some((id) => {
        const { status, value, context } = world.command(id)
        return status === 'active' && value !== 'unknown' && context.channel === key
      }),
    )
    .toSorted()
