import { expect, test } from 'vitest'
import { flushEveryMs, flushMax } from '../../src/runtime/last-seen.ts'
import { enqueue, enrolled, idle, later } from '../machines/events.ts'
import { createClock, morning } from './clock.ts'
import { namesOf } from './metered-store.ts'
import { asked, born, openHouse, reopen, runOn } from './world.ts'

test('hearing from a host writes nothing at once, and all hosts together within five seconds', async () => {
  const house = await openHouse()
  for (const id of ['h1', 'h2', 'h3']) await born(house, id, ...enrolled)
  house.store.forget()
  for (const id of ['h1', 'h2', 'h3']) await house.hosts.ask(id, { ...asked(idle()), seen: 'mdm' })
  house.hosts.lastSeen.touch('h1', 'osquery')
  expect(house.store.commits).toEqual([])
  expect(house.hosts.lastSeen.of('h1')).toMatchObject({ mdm_at: morning, osquery_at: morning })

  await house.advance(flushEveryMs)
  expect(house.store.commits.map(namesOf)).toEqual([['last_seen', 'last_seen', 'last_seen']])
  expect(house.store.lookups.lastSeen('h1')).toMatchObject({ mdm_at: morning, osquery_at: morning })
  await house.advance(60 * flushEveryMs)
  expect(house.store.commits).toHaveLength(1)
})

test("a host's own turn writes when it was seen, in the same commit", async () => {
  const house = await openHouse()
  await born(house, 'h1', ...enrolled)
  house.store.forget()
  const events = [enqueue('A', { at: morning, expiresAt: morning + later, silent: true })]
  await house.hosts.ask('h1', { ...asked(...events), seen: 'mdm' })
  expect(namesOf(house.store.commits[0])).toContain('last_seen')
  await house.advance(2 * flushEveryMs)
  expect(house.store.commits).toHaveLength(1)
})

test('the other protocol keeps its time over a restart', async () => {
  const before = await openHouse()
  await born(before, 'h1', ...enrolled)
  before.hosts.lastSeen.touch('h1', 'osquery')
  await before.hosts.lastSeen.flush()
  before.clock.set(morning + 1_000)
  const after = await reopen(before)
  after.hosts.lastSeen.touch('h1', 'mdm')
  await after.hosts.lastSeen.flush()
  const row = { host_id: 'h1', at: morning + 1_000, mdm_at: morning + 1_000, osquery_at: morning }
  expect(after.store.lookups.lastSeen('h1')).toEqual(row)
})

test('a busy fleet is flushed at its times and not without end', async () => {
  const house = await openHouse()
  await born(house, 'h1', ...enrolled)
  house.store.forget()
  let polls = 0
  const watched = runOn({
    clock: createClock(),
    store: {
      ...house.store,
      lookups: house.store.lookups,
      // Every commit takes so long that the host is heard of meanwhile.
      commit(writes) {
        polls += 1
        if (polls < 100) watched.hosts.lastSeen.touch('h1', 'osquery')
        return house.store.commit(writes)
      },
    },
  })
  watched.hosts.lastSeen.touch('h1', 'osquery')
  await watched.hosts.lastSeen.flush()
  expect(polls).toBe(1)
  await watched.stop()
})

test('a large fleet is flushed in pieces that leave room for others', async () => {
  const house = await openHouse()
  for (let nth = 0; nth < 2 * flushMax + 1; nth += 1)
    house.hosts.lastSeen.touch(`host-${nth}`, 'osquery')
  await house.hosts.lastSeen.flush()
  expect(house.store.commits.map(({ length }) => length)).toEqual([flushMax, flushMax, 1])
})

test('what could not be flushed is flushed later, and never over what is newer', async () => {
  const house = await openHouse()
  await born(house, 'h1', ...enrolled)
  house.hosts.lastSeen.touch('h1', 'osquery')
  house.store.failNext({ kind: 'unavailable', detail: 'the disk is full' })
  await house.advance(flushEveryMs)
  expect(house.store.lookups.lastSeen('h1')).toBeUndefined()
  expect(house.hosts.lastSeen.of('h1')).toMatchObject({ osquery_at: morning })
  house.hosts.lastSeen.touch('h1', 'mdm')
  await house.advance(flushEveryMs)
  expect(house.store.lookups.lastSeen('h1')).toMatchObject({
    mdm_at: morning + flushEveryMs,
    osquery_at: morning,
  })
})
