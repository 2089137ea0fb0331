import { expect, test } from 'vitest'
import { setImmediate } from 'node:timers/promises'
import type { HostSnapshot } from '../../machines/host.ts'
import { ok } from '../../src/result.ts'
import type { Joint } from '../../src/runtime/together.ts'
import {
  assigned,
  details,
  agent,
  enqueue,
  enrolled,
  idle,
  later,
  osqueryEnroll,
} from '../machines/events.ts'
import { morning } from './clock.ts'
import { about } from './metered-store.ts'
import { asked, born, openHouse, tell, until, valueOf } from './world.ts'

const house = await openHouse({ lasting: true })
const { hosts, store } = house
const lives = { expiresAt: morning + later }

const joint = (change: Partial<Joint> = {}): Joint => ({
  cause: { kind: 'identity', id: null },
  asks: {},
  writes: [],
  ...change,
})

test('hosts that take a turn together become durable as one, or not at all', async () => {
  await born(house, 'a1', ...enrolled)
  await born(house, 'a2', ...enrolled)
  const joining = {
    hostIds: ['a2', 'a1'],
    decide: () =>
      ok(joint({ asks: { a1: { events: [assigned()] }, a2: { events: [assigned()] } } })),
  }
  const before = ['a1', 'a2'].map((id) => store.lookups.hostActor(id))
  store.failNext({ kind: 'unavailable', detail: 'the disk is full' })
  expect((await hosts.together(joining)).ok).toBe(false)
  expect(['a1', 'a2'].map((id) => store.lookups.hostActor(id))).toEqual(before)

  store.forget()
  const joined = valueOf(await hosts.together(joining))
  expect([...joined.keys()]).toEqual(['a1', 'a2'])
  expect(store.commits).toHaveLength(1)
  for (const id of ['a1', 'a2']) expect(store.lookups.host(id)).toMatchObject({ dep: 'assigned' })
})

test('joint turns hold their hosts in the order of their ids, after what was asked before', async () => {
  await born(house, 'b1', ...enrolled)
  await born(house, 'b2', ...enrolled)
  const release = store.hold(about('b1'))
  const order: string[] = []
  const first = tell(house, 'b1', enqueue('B1', lives)).then(() => order.push('b1'))
  const both = hosts
    .together({
      hostIds: ['b2', 'b1'],
      decide: () => ok(joint()),
    })
    .then(() => order.push('both'))
  // b1 is busy and comes first, so b2 is still free.
  await tell(house, 'b2', enqueue('B2', lives)).then(() => order.push('b2'))
  release()
  await Promise.all([first, both])
  expect(order).toEqual(['b2', 'b1', 'both'])
})

test('joint turns that cross each other end, each seeing what the other left', async () => {
  for (const id of ['c1', 'c2', 'c3']) await born(house, id, ...enrolled)
  const pairs = [
    ['c1', 'c2'],
    ['c2', 'c1'],
    ['c3', 'c2'],
    ['c1', 'c3'],
    ['c2', 'c3', 'c1'],
  ]
  const turns = pairs.flatMap((hostIds) =>
    Array.from({ length: 5 }, async () =>
      hosts.together({
        hostIds,
        decide(snapshots) {
          const at = (snapshots.get('c1')?.context.depDevices['C02C']?.since ?? 0) + 1
          const device = {
            serial_number: 'C02C',
            profile_status: null,
            profile_uuid: null,
            op_date: null,
          }
          const event = assigned({ device: { ...device, since: at, raw: { at } } })
          return ok(joint({ asks: hostIds.includes('c1') ? { c1: { events: [event] } } : {} }))
        },
      }),
    ),
  )
  const outcomes = await Promise.all(turns)
  expect(outcomes.every((outcome) => outcome.ok)).toBe(true)
  // Twenty of the turns counted c1 on by one: none was lost.
  expect(valueOf(await hosts.look('c1')).snapshot.context.depDevices['C02C']?.since).toBe(20)
})

test('one host named twice takes one turn', async () => {
  await born(house, 'd1', ...enrolled)
  const joined = await hosts.together({
    hostIds: ['d1', 'd1'],
    decide: () => ok(joint({ asks: { d1: { events: [assigned()] } } })),
  })
  expect(joined.ok).toBe(true)
})

test('a joint turn that a full mailbox refuses lets go of the hosts it already held', async () => {
  await born(house, 'e1', ...enrolled)
  await born(house, 'e2', ...enrolled)
  const release = store.hold(about('e2'))
  const waiting = Array.from({ length: 65 }, async (_, seq) =>
    hosts.ask('e2', asked(enqueue(`E${seq}`, { ...lives, seq }))),
  )
  const refused = await hosts.together({ hostIds: ['e1', 'e2'], decide: () => ok(joint()) })
  expect(refused).toEqual({ ok: false, error: { kind: 'overloaded' } })
  expect((await tell(house, 'e1', idle())).reply).toEqual({ kind: 'nothing' })
  release()
  await Promise.all(waiting)
})

test('a decision not to go on changes nothing and lets everyone go', async () => {
  await born(house, 'f1', ...enrolled)
  const refused = await hosts.together({
    hostIds: ['f1', 'nobody'],
    decide: () => ok(joint()),
  })
  expect(refused).toEqual({ ok: false, error: { kind: 'no-such-host' } })
  const stale = await hosts.together({
    hostIds: ['f1'],
    decide: () => ({ ok: false, error: { kind: 'conflict' } }),
  })
  expect(stale).toEqual({ ok: false, error: { kind: 'conflict' } })
  expect((await tell(house, 'f1', idle())).reply).toEqual({ kind: 'nothing' })
})

test('events for a host that is being merged reach nobody, and say who it is now', async () => {
  await born(house, 'g1', ...enrolled)
  await born(house, 'g2', ...enrolled, enqueue('G2', lives))
  const release = store.hold((writes) => writes.some((write) => 'move' in write))
  const merging = hosts.together({
    hostIds: ['g1', 'g2'],
    decide: () =>
      ok(
        joint({
          // Both are told something, so the one that goes is written twice in one turn.
          asks: {
            g1: { events: [assigned()], seen: 'osquery' },
            g2: { events: [assigned()] },
          },
          merged: { g2: 'g1' },
          writes: [{ move: 'commands', from: 'g2', to: 'g1', origin: null }],
        }),
      ),
  })
  await until(() => store.pending > 0)
  const late = hosts.ask('g2', asked(idle()))
  await setImmediate()
  release()
  expect((await merging).ok).toBe(true)
  expect(await late).toEqual({ ok: false, error: { kind: 'merged', into: 'g1' } })
  expect(await hosts.look('g2')).toEqual({ ok: false, error: { kind: 'merged', into: 'g1' } })
  // The survivor was let go, so it finds the commands that moved to it.
  expect((await tell(house, 'g1', idle())).reply).toEqual({ kind: 'command', commandUUID: 'G2' })
  expect(hosts.lastSeen.of('g1')).toMatchObject({ osquery_at: house.clock.now() })
})

test('a host that was merged away comes back when a joint turn revives it', async () => {
  await born(house, 'h1', ...enrolled)
  await born(house, 'h2', osqueryEnroll(agent('key-h2')))
  const merged = await hosts.together({
    hostIds: ['h1', 'h2'],
    decide: () => ok(joint({ merged: { h2: 'h1' } })),
  })
  expect(merged.ok).toBe(true)
  const seen: (HostSnapshot | undefined)[] = []
  const revived = await hosts.together({
    hostIds: ['h1', 'h2'],
    revived: 'h2',
    decide(snapshots) {
      seen.push(snapshots.get('h2'))
      return ok(joint({ asks: { h2: { events: [details('key-h2')] } } }))
    },
  })
  expect(revived.ok).toBe(true)
  expect(seen[0]?.value.osquery).toBe('enrolled')
  expect(store.lookups.host('h2')).toMatchObject({ merged_into: null, hostname: 'ada.local' })
  expect((await hosts.look('h2')).ok).toBe(true)
})
