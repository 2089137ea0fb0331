// An event at which a machine throws each time is tried three times, kept, and comes no more.
import { expect, test } from 'vitest'
import type { HostEvent } from '../../machines/host-events.ts'
import { ok } from '../../src/result.ts'
import type { Cause } from '../../src/runtime/ask.ts'
import { createFaults, fillDisk } from '../../storage/faults.ts'
import {
  acknowledged,
  assigned,
  authenticate,
  enqueue,
  enrolled,
  idle,
  later,
} from '../machines/events.ts'
import { morning } from './clock.ts'
import { asked, born, commandStates, type House, openHouse, tell } from './world.ts'

const faults = createFaults()
const house = await openHouse({ lasting: true, faults })
const { hosts, store } = house
const lives = { expiresAt: morning + later }

/** No device can say this: a bug of ours would have to. */
const poison = (at = morning): HostEvent => ({ type: 'mdm.Authenticate', at }) as HostEvent
/** Another one, about a command. */
const poisonOf = (commandUUID: string): HostEvent => ({ ...poison(), commandUUID }) as HostEvent

const authenticates = authenticate()

const kindOf = async (hostId: string, ...events: readonly HostEvent[]): Promise<string> => {
  const outcome = await hosts.ask(hostId, asked(...events))
  return outcome.ok ? 'taken' : outcome.error.kind
}

const openConflicts = (hostId: string) =>
  store.lookups.conflictsOf(hostId).filter(({ resolved_at }) => resolved_at === null)

async function journalled({ opened }: House, hostId: string): Promise<number> {
  const listed = await opened.queries.listJournal({ hostIds: [hostId], limit: 100 })
  if (!listed.ok) throw new Error(listed.error.kind)
  return listed.value.items.filter(({ event }) => event === 'event.set_apart').length
}

test('the third time it is set apart: kept sealed, shown with its host, and in the journal', async () => {
  await born(house, 'p1', ...enrolled)
  expect(await kindOf('p1', poison())).toBe('failed')
  expect(await kindOf('p1', poison(morning + 1))).toBe('failed')
  expect(openConflicts('p1')).toEqual([])
  expect(await kindOf('p1', poison(morning + 2))).toBe('set-apart')
  const [conflict] = openConflicts('p1')
  expect(conflict).toMatchObject({ kind: 'failing', host_id: 'p1', others: '[]' })
  expect(JSON.parse(conflict?.detail ?? '')).toMatchObject({
    sentence: expect.stringContaining('mdm.Authenticate in 3 tries'),
    choices: ['dismiss'],
  })
  const slot = conflict?.id.split('-').at(-1) ?? ''
  const kept = await house.sealing.open(`set_apart/p1/${slot}`)
  expect(JSON.parse(kept.ok ? new TextDecoder().decode(kept.value) : '')).toEqual({
    events: [{ type: 'mdm.Authenticate', at: morning + 2 }],
    cause: { kind: 'device', id: null },
  })
  expect(await journalled(house, 'p1')).toBe(1)
})

test('its host goes on as it was, also while it is being tried', async () => {
  await born(house, 'p2', ...enrolled, enqueue('P2', lives))
  for (const wanted of ['failed', 'failed', 'set-apart', 'failed'] as const) {
    expect(await kindOf('p2', poison())).toBe(wanted)
    expect((await tell(house, 'p2', idle())).reply).toEqual({ kind: 'command', commandUUID: 'P2' })
  }
  await tell(house, 'p2', acknowledged('P2'))
  expect(await commandStates(house, 'p2')).toEqual({ P2: 'acknowledged' })
})

test('an event that once goes well begins anew, and others count for themselves', async () => {
  await born(house, 'p3', ...enrolled)
  for (let nth = 0; nth < 4; nth += 1) {
    expect(await kindOf('p3', poison())).toBe('failed')
    expect(await kindOf('p3', poison())).toBe('failed')
    // The same kind of message, and this time the machine takes it.
    expect(await kindOf('p3', authenticates)).toBe('taken')
  }
  for (const command of ['A', 'B', 'C', 'A', 'B', 'C'])
    expect(await kindOf('p3', poisonOf(command))).toBe('failed')
  expect(await kindOf('p3', poisonOf('A'))).toBe('set-apart')
  expect(openConflicts('p3')).toHaveLength(1)
})

/** Both hosts hear of it in one turn, and the second of them cannot take it. */
const joined = async (ids: readonly [string, string], cause: Cause): Promise<string> => {
  const [one, other] = ids
  const asks = { [one]: { events: [assigned()] }, [other]: { events: [idle(), poison()] } }
  const outcome = await hosts.together({
    hostIds: ids,
    decide: () => ok({ cause, asks, writes: [] }),
  })
  return outcome.ok ? 'taken' : outcome.error.kind
}
const byDevice: Cause = { kind: 'device', id: null }

test('what a turn of two hosts cannot survive is set apart with the one that threw, and neither is changed', async () => {
  for (const id of ['p7', 'p8']) await born(house, id, ...enrolled)
  const before = ['p7', 'p8'].map((id) => store.lookups.hostActor(id))
  for (const wanted of ['failed', 'failed', 'set-apart', 'failed'] as const)
    expect(await joined(['p7', 'p8'], byDevice)).toBe(wanted)
  expect(['p7', 'p8'].map((id) => store.lookups.hostActor(id))).toEqual(before)
  expect(openConflicts('p7')).toEqual([])
  expect(openConflicts('p8')).toMatchObject([{ kind: 'failing', host_id: 'p8' }])
  expect(await journalled(house, 'p8')).toBe(1)
  for (const id of ['p7', 'p8'])
    expect((await tell(house, id, idle())).reply).toEqual({ kind: 'nothing' })
})

test('a turn of two that once goes well begins anew', async () => {
  for (const id of ['p9', 'q1']) await born(house, id, ...enrolled)
  const goodAsks = { q1: { events: [idle(), authenticates] } }
  for (let nth = 0; nth < 3; nth += 1) {
    expect(await joined(['p9', 'q1'], byDevice)).toBe('failed')
    expect(await joined(['p9', 'q1'], byDevice)).toBe('failed')
    const decide = () => ok({ cause: byDevice, asks: goodAsks, writes: [] })
    expect((await hosts.together({ hostIds: ['p9', 'q1'], decide })).ok).toBe(true)
  }
  expect(openConflicts('q1')).toEqual([])
})

test('an operator’s turn of two that throws is refused each time, and nothing is kept: the operator saw it', async () => {
  for (const id of ['q2', 'q3']) await born(house, id, ...enrolled)
  for (let nth = 0; nth < 6; nth += 1)
    expect(await joined(['q2', 'q3'], { kind: 'operator', id: 'ada' })).toBe('failed')
  expect(openConflicts('q3')).toEqual([])
  expect(await journalled(house, 'q3')).toBe(0)
})

test('with a full disk nothing is kept, so nothing is called kept, and it is once there is room', async () => {
  await born(house, 'p4', ...enrolled)
  await kindOf('p4', poison())
  await kindOf('p4', poison())
  store.failNext({ kind: 'unavailable', detail: 'the disk is full' })
  expect(await kindOf('p4', poison())).toBe('failed')
  expect(openConflicts('p4')).toEqual([])
  fillDisk(faults, false)
  expect(await kindOf('p4', poison())).toBe('set-apart')
  expect(openConflicts('p4')).toHaveLength(1)
})

test('however many kinds of event fail, a host keeps sixteen', async () => {
  await born(house, 'p5', ...enrolled)
  for (let nth = 0; nth < 60; nth += 1)
    for (let tries = 0; tries < 3; tries += 1) await kindOf('p5', poisonOf(`P5-${nth}`))
  expect(openConflicts('p5').length).toBeGreaterThan(10)
  expect(openConflicts('p5').length).toBeLessThanOrEqual(16)
})

test('a hundredth of events that are poison costs the other hosts nothing', async () => {
  const ids = Array.from({ length: 20 }, (_, nth) => `p6-${nth}`)
  for (const id of ids) await born(house, id, ...enrolled)
  const counts = { taken: 0, failed: 0, 'set-apart': 0 }
  const before = house.bugs.length
  for (let round = 0; round < 100; round += 1) {
    const outcomes = await Promise.all(
      ids.map((id, nth) => kindOf(id, (round * 20 + nth) % 100 === 0 ? poison() : idle())),
    )
    for (const kind of outcomes) counts[kind as keyof typeof counts] += 1
  }
  // Each hundredth event goes to the same host: twenty in a row, every third of them kept.
  expect(counts).toEqual({ taken: 1_980, failed: 14, 'set-apart': 6 })
  expect(house.bugs.slice(before).every(({ hostId }) => hostId === 'p6-0')).toBe(true)
  expect(ids.filter((id) => openConflicts(id).length > 0)).toEqual(['p6-0'])
})
