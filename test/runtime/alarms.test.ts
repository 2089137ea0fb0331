import { describe, expect, test } from 'vitest'
import type { HostEvent } from '../../machines/host-events.ts'
import { acknowledged, enqueue, enrolled, idle } from '../machines/events.ts'
import { createClock, morning } from './clock.ts'
import {
  asked,
  born,
  commandStates,
  type House,
  openHouse,
  reopen,
  runOn,
  tell,
  valueOf,
} from './world.ts'
import { hostRow } from '../storage/rows.ts'

const hour = 3_600_000
/** Only its expiry is watched: nobody is to be woken for it. */
const soon = { expiresAt: morning + hour, silent: true }

const linesOf = async (
  house: House,
  hostId: string,
  event: string,
): Promise<readonly unknown[]> => {
  const listed = await house.opened.queries.listJournal({
    hostIds: [hostId],
    events: [event],
    limit: 9,
  })
  if (!listed.ok) throw new Error(listed.error.kind)
  return listed.value.items
}

test('an alarm rings at its time, not before, and once', async () => {
  const house = await openHouse()
  await born(house, 'h1', ...enrolled, enqueue('A', soon))
  await house.advance(hour - 1)
  expect(await commandStates(house, 'h1')).toEqual({ A: 'queued' })
  await house.advance(1)
  expect(await commandStates(house, 'h1')).toEqual({ A: 'expired' })
  await house.advance(24 * hour)
  expect(await linesOf(house, 'h1', 'alarm')).toMatchObject([
    { actor: 'A', from_state: 'queued', to_state: 'expired', cause: 'alarm', cause_id: 'expire:A' },
  ])
  expect(house.store.lookups.alarmsOf('h1')).toEqual([])
})

test('an alarm rings after a restart, and at once when it fell due while nobody was there', async () => {
  const before = await openHouse()
  await born(
    before,
    'h1',
    ...enrolled,
    enqueue('A', soon),
    enqueue('B', { ...soon, expiresAt: morning + 3 * hour }),
  )
  await before.advance(hour / 2)
  before.clock.set(morning + 2 * hour)
  const after = await reopen(before)
  await after.advance(0)
  expect(await commandStates(after, 'h1')).toEqual({ A: 'expired', B: 'queued' })
  await after.advance(hour)
  expect(await commandStates(after, 'h1')).toEqual({ A: 'expired', B: 'expired' })
  expect(await linesOf(after, 'h1', 'alarm')).toHaveLength(2)
})

test('an alarm that is no longer wanted does not ring', async () => {
  const house = await openHouse()
  await born(house, 'h1', ...enrolled, enqueue('A', soon), idle(), acknowledged('A'))
  expect(house.store.lookups.alarmsOf('h1')).toEqual([])
  await house.advance(2 * hour)
  expect(await commandStates(house, 'h1')).toEqual({ A: 'acknowledged' })
  expect(await linesOf(house, 'h1', 'alarm')).toEqual([])
})

describe('a clock that is put back by ten years', () => {
  const tenYears = 3_650 * 24 * hour

  test('neither delays an alarm nor rings it early or twice', async () => {
    const house = await openHouse()
    await born(house, 'h1', ...enrolled, enqueue('A', soon))
    await house.advance(hour / 2)
    house.clock.jump(-tenYears)
    await house.advance(hour / 2 - 1)
    expect(await commandStates(house, 'h1')).toEqual({ A: 'queued' })
    await house.advance(1)
    expect(await commandStates(house, 'h1')).toEqual({ A: 'expired' })
    house.clock.jump(tenYears)
    await house.advance(2 * hour)
    expect(await linesOf(house, 'h1', 'alarm')).toHaveLength(1)
  })

  test('rings what was set while it was ahead as if it had been right', async () => {
    const house = await openHouse()
    house.clock.jump(tenYears)
    await house.advance(0)
    const { steady } = house.clock
    await born(house, 'h1', ...enrolled, enqueue('A', { expiresAt: steady() + hour }))
    house.clock.jump(-tenYears)
    await house.advance(hour - 1)
    expect(await commandStates(house, 'h1')).toEqual({ A: 'queued' })
    await house.advance(1)
    expect(await commandStates(house, 'h1')).toEqual({ A: 'expired' })
    expect(await linesOf(house, 'h1', 'alarm')).toHaveLength(1)
  })
})

test('a clock that is set ahead rings what is due within two minutes', async () => {
  const house = await openHouse()
  await born(
    house,
    'h1',
    ...enrolled,
    enqueue('A', { ...soon, expiresAt: morning + 30 * 24 * hour }),
  )
  await house.advance(hour)
  house.clock.jump(31 * 24 * hour)
  await house.advance(120_000)
  expect(await commandStates(house, 'h1')).toEqual({ A: 'expired' })
})

test('an alarm of a host that is gone or became another goes away', async () => {
  const house = await openHouse()
  await born(house, 'h1', ...enrolled)
  await born(house, 'h2', ...enrolled)
  const merged = house.store.lookups.host('h2')
  if (merged === undefined) throw new Error('h2 was born')
  await house.store.commit([
    { put: 'alarm', row: { host_id: 'never-was', name: 'expire:X', due_at: morning } },
    { put: 'alarm', row: { host_id: 'h2', name: 'expire:Y', due_at: morning } },
    { put: 'host', row: { ...merged, merged_into: 'h1' } },
  ])
  const other = await reopen(house)
  await other.advance(1_000)
  expect(other.store.lookups.nextAlarmAt()).toBeUndefined()
  expect(other.bugs).toEqual([])
})

test('an alarm whose turn cannot be written is tried again', async () => {
  const house = await openHouse()
  await born(house, 'h1', ...enrolled, enqueue('A', soon))
  house.store.failNext({ kind: 'unavailable', detail: 'the disk is full' })
  house.store.failNext({ kind: 'overloaded' })
  await house.advance(hour)
  expect(await commandStates(house, 'h1')).toEqual({ A: 'queued' })
  await house.advance(15_000)
  expect(await commandStates(house, 'h1')).toEqual({ A: 'expired' })
  expect(await linesOf(house, 'h1', 'alarm')).toHaveLength(1)
})

test('an alarm that makes its host fail is given up after three tries, and the journal says so', async () => {
  const house = await openHouse()
  const snapshot = '{}' // no state, no context: waking it throws
  await house.store.commit([
    { put: 'host', row: hostRow('h1') },
    { put: 'host_actor', row: { host_id: 'h1', version: 1, machine_version: 1, snapshot } },
    { put: 'alarm', row: { host_id: 'h1', name: 'expire:A', due_at: morning + hour } },
  ])
  await born(house, 'h2', ...enrolled, enqueue('B', soon))
  const heard: string[] = []
  house.hosts.live.watch({ happened: ({ event, seq }) => void (seq > 0 && heard.push(event)) })
  await house.advance(2 * hour)
  expect(house.bugs).toHaveLength(3)
  expect(house.store.lookups.nextAlarmAt()).toBeUndefined()
  expect(await linesOf(house, 'h1', 'alarm.given_up')).toMatchObject([{ cause_id: 'expire:A' }])
  expect(heard).toEqual(['alarm', 'alarm.given_up'])
  expect(await commandStates(house, 'h2')).toEqual({ B: 'expired' })
})

test('an alarm that its own turn sets again is kept', async () => {
  const house = await openHouse()
  await born(house, 'h1', ...enrolled)
  // As the loop does it: the turn that hears of the alarm drops its row.
  const again = enqueue('A', soon)
  valueOf(
    await house.hosts.ask('h1', {
      ...asked(again),
      writes: [{ drop: 'alarm', host_id: 'h1', name: 'expire:A' }],
    }),
  )
  expect(house.store.lookups.alarmsOf('h1')).toHaveLength(1)
})

test('a thousand alarms due at once all ring, and no event of a device is refused meanwhile', async () => {
  const house = await openHouse()
  const ids = Array.from({ length: 100 }, (_, nth) => `h${nth}`)
  const wishes = (id: string): readonly HostEvent[] =>
    Array.from({ length: 10 }, (_, nth) => enqueue(`${id}-${nth}`, { ...soon, seq: nth }))
  await Promise.all(ids.map(async (id) => born(house, id, ...enrolled, ...wishes(id))))
  await house.advance(hour)
  expect((await tell(house, 'h0', idle())).reply).toEqual({ kind: 'nothing' })
  expect(house.store.lookups.nextAlarmAt()).toBeUndefined()
})

test('two runtimes that ring one alarm expire its command once', async () => {
  const house = await openHouse()
  await born(house, 'h1', ...enrolled, enqueue('A', soon))
  const other = runOn({ store: house.store, clock: createClock() })
  await Promise.all([house.advance(2 * hour), other.advance(2 * hour)])
  expect(await linesOf(house, 'h1', 'alarm')).toHaveLength(1)
  await other.stop()
})
