// Effects leave the process through a real door here: a small HTTP server that counts its callers.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { type Attempt, backoffMs, type Performers } from '../../src/runtime/outbox.ts'
import type { OutboxRow } from '../../storage/rows.ts'
import type { HostEvent } from '../../machines/host-events.ts'
import { device, enqueue, enrolled, later } from '../machines/events.ts'
import { morning } from './clock.ts'
import { born, commandStates, type House, openHouse, reopen, tell, until } from './world.ts'

const lives = { at: morning, expiresAt: morning + later }
const minute = 60_000

type PushService = {
  readonly calls: readonly string[]
  /** Keeps callers waiting until `answer`. */
  slow(): void
  answer(): void
  readonly performers: Performers
}

/** A push service that answers with each of these in turn, and with the last for good. */
async function openPushService(...statuses: readonly number[]): Promise<PushService> {
  const calls: string[] = []
  const held: (() => void)[] = []
  let isSlow = false
  const server = createServer((request, response) => {
    calls.push(request.url ?? '')
    const answer = (): void => {
      response.writeHead(statuses[calls.length - 1] ?? statuses.at(-1) ?? 200).end()
    }
    if (isSlow) held.push(answer)
    else answer()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo // it listens on TCP
  return {
    calls,
    slow: () => void (isSlow = true),
    answer: (): void => {
      isSlow = false
      for (const answer of held.splice(0)) answer()
    },
    performers: {
      'apns.push': (row) => push(`http://127.0.0.1:${port}/`, row),
    },
  }
}

async function push(url: string, row: OutboxRow): Promise<Attempt> {
  const { channel } = JSON.parse(row.payload) as { readonly channel: string }
  const { ok, status } = await fetch(`${url}${channel}`, { headers: { connection: 'close' } })
  if (!ok) return { kind: 'again', reason: `status ${status}` }
  return { kind: 'done', event: { type: 'apns.pushed', at: row.created_at, channel, apnsId: '1' } }
}

const toldLines = async (house: House): Promise<number> => {
  const listed = await house.opened.queries.listJournal({ events: ['apns.pushed'], limit: 99 })
  return listed.ok ? listed.value.items.length : -1
}

test('an effect is performed once its turn is durable, and its host hears of it once', async () => {
  const service = await openPushService()
  const house = await openHouse({ performers: service.performers })
  await born(house, 'h1', ...enrolled)
  const release = house.store.hold()
  const answer = tell(house, 'h1', enqueue('A', lives))
  while (house.clock.runNext(morning));
  await setImmediate()
  expect(service.calls).toEqual([])
  release()
  await answer
  await house.advance(minute)
  expect(service.calls).toEqual([`/${device}`])
  expect(await commandStates(house, 'h1')).toEqual({ A: 'pushed' })
  expect(await toldLines(house)).toBe(1)
  expect(house.store.lookups.nextOutboxAt()).toBeUndefined()
})

test('an effect of a turn that failed is not performed', async () => {
  const service = await openPushService()
  const house = await openHouse({ performers: service.performers })
  await born(house, 'h1', ...enrolled)
  house.store.failNext({ kind: 'unavailable', detail: 'the disk is full' })
  await house.hosts.ask('h1', {
    events: [enqueue('A', lives)],
    cause: { kind: 'operator', id: null },
  })
  await house.advance(minute)
  expect(service.calls).toEqual([])
})

test('an effect nobody performs leaves no row', async () => {
  const house = await openHouse()
  await born(house, 'h1', ...enrolled, enqueue('A', lives))
  expect(house.store.lookups.nextOutboxAt()).toBeUndefined()
})

test('what fails is tried again, later each time, until it is done', async () => {
  const service = await openPushService(503, 503, 500, 200)
  const house = await openHouse({ performers: service.performers })
  await born(house, 'h1', ...enrolled, enqueue('A', lives))
  await house.advance(0)
  expect(service.calls).toHaveLength(1)
  const [row] = house.store.lookups.dueOutbox(morning + minute, 9)
  expect(row).toMatchObject({ attempts: 1 })
  expect(row?.due_at).toBeGreaterThanOrEqual(morning + 4_000)
  expect(row?.due_at).toBeLessThanOrEqual(morning + 6_000)
  await house.advance(3_999)
  expect(service.calls).toHaveLength(1)
  await house.advance(minute)
  expect(service.calls).toHaveLength(4)
  expect(await toldLines(house)).toBe(1)
})

test('retries double from five seconds and end at six hours, give or take a fifth', () => {
  expect([1, 2, 3, 12, 13, 40].map((attempts) => backoffMs(attempts, 0.5) / 1_000)).toEqual([
    5, 10, 20, 10_240, 20_480, 21_600,
  ])
  expect([backoffMs(1, 0), backoffMs(1, 1)]).toEqual([4_000, 6_000])
  expect(Number.isInteger(backoffMs(3, 0.123_456_789))).toBe(true)
})

test('a day without the service ends in one push for each host', async () => {
  let isDown = true
  const taken: string[] = []
  const house = await openHouse({
    performers: {
      async 'apns.push'({ host_id, created_at: at, payload }) {
        if (isDown) return { kind: 'again', reason: 'status 503' }
        taken.push(host_id)
        const { channel } = JSON.parse(payload) as { readonly channel: string }
        return { kind: 'done', event: { type: 'apns.pushed', at, channel, apnsId: '1' } }
      },
    },
  })
  const week = { at: morning, expiresAt: morning + 7 * 24 * 60 * minute }
  for (const id of ['h1', 'h2']) {
    await born(house, id, ...enrolled)
    for (const nth of [1, 2, 3, 4])
      await tell(house, id, enqueue(`${id}-${nth}`, { ...week, seq: nth }))
  }
  await house.advance(24 * 60 * minute)
  isDown = false
  await house.advance(8 * 60 * minute)
  expect(taken.toSorted()).toEqual(['h1', 'h2'])
  for (const id of taken)
    expect(Object.values(await commandStates(house, id))).toEqual(Array(4).fill('pushed'))
})

test('effects asked for twice before they are done are done once', async () => {
  const service = await openPushService()
  const house = await openHouse({ performers: service.performers })
  await born(house, 'h1', ...enrolled, enqueue('A', lives), enqueue('B', { ...lives, seq: 2 }))
  await tell(house, 'h1', enqueue('C', { ...lives, seq: 3 }))
  await house.advance(minute)
  expect(service.calls).toHaveLength(1)
  expect(await commandStates(house, 'h1')).toEqual({ A: 'pushed', B: 'pushed', C: 'pushed' })
})

test('an effect asked for again while it is being performed is performed again', async () => {
  const service = await openPushService()
  service.slow()
  const house = await openHouse({ performers: service.performers })
  await born(house, 'h1', ...enrolled, enqueue('A', lives))
  while (house.clock.runNext(morning));
  await until(() => service.calls.length === 1)
  house.clock.set(morning + 10)
  await tell(house, 'h1', enqueue('B', { ...lives, seq: 2 }))
  service.answer()
  await house.advance(minute)
  expect(service.calls).toHaveLength(2)
  expect(house.store.lookups.nextOutboxAt()).toBeUndefined()
})

test('an effect survives the end of the process and is done by the next', async () => {
  const service = await openPushService(503, 200)
  const before = await openHouse({ performers: service.performers })
  await born(before, 'h1', ...enrolled, enqueue('A', lives))
  await before.advance(0)
  const after = await reopen(before, { performers: service.performers })
  await after.advance(minute)
  expect(service.calls).toHaveLength(2)
  expect(await commandStates(after, 'h1')).toEqual({ A: 'pushed' })
})

test('an effect that was done but could not be told is done again and told once', async () => {
  const service = await openPushService()
  const house = await openHouse({ performers: service.performers })
  await born(house, 'h1', ...enrolled, enqueue('A', lives))
  house.store.failNext({ kind: 'unavailable', detail: 'the disk is full' })
  await house.advance(minute)
  expect(service.calls).toHaveLength(2)
  expect(await toldLines(house)).toBe(1)
})

test('one effect that hangs keeps no other waiting, and is not asked for in a loop', async () => {
  const hung = Promise.withResolvers<void>()
  onTestFinished(() => hung.resolve())
  const seen: string[] = []
  const house = await openHouse({
    performers: {
      async 'apns.push'({ host_id, attempts }) {
        seen.push(host_id)
        if (host_id === 'hangs') await hung.promise
        return host_id === 'fails' && attempts < 2
          ? { kind: 'again', reason: 'busy' }
          : { kind: 'done' }
      },
    },
  })
  // Not `quiet()`, which would wait for the hung one as well.
  const pass = async (ms: number): Promise<number> => {
    const end = house.clock.now() + ms
    let tasks = 0
    for (; tasks < 1_000 && house.clock.runNext(end); tasks += 1)
      for (let turns = 0; turns < 5 || house.store.pending > 0; turns += 1) await setImmediate()
    house.clock.set(end)
    return tasks
  }
  await born(house, 'hangs', ...enrolled, enqueue('A', lives))
  await pass(1_000)
  await born(house, 'fails', ...enrolled, enqueue('B', lives))
  const tasks = await pass(2 * minute)
  expect(seen).toEqual(['hangs', 'fails', 'fails', 'fails'])
  expect(tasks).toBeLessThan(30)
  hung.resolve()
  await house.quiet()
})

test('what a host was told after it became another, the other hears', async () => {
  const service = await openPushService()
  service.slow()
  const house = await openHouse({ performers: service.performers })
  await born(house, 'h1', ...enrolled, enqueue('A', lives))
  await born(house, 'h2', ...enrolled)
  while (house.clock.runNext(morning));
  await until(() => service.calls.length === 1)
  const joined = await house.hosts.together({
    hostIds: ['h1', 'h2'],
    decide: () => ({
      ok: true,
      value: {
        cause: { kind: 'identity', id: null },
        asks: {},
        merged: { h1: 'h2' },
        writes: [{ move: 'commands', from: 'h1', to: 'h2', origin: null }],
      },
    }),
  })
  expect(joined.ok).toBe(true)
  service.answer()
  await house.advance(minute)
  expect(await commandStates(house, 'h2')).toEqual({ A: 'pushed' })
  expect(house.store.lookups.nextOutboxAt()).toBeUndefined()
})

test('an effect whose outcome makes its host fail is not repeated every few seconds', async () => {
  let calls = 0
  const house = await openHouse({
    performers: {
      async 'apns.push'() {
        calls += 1
        return { kind: 'done', event: { type: 'mdm.Authenticate' } as HostEvent }
      },
    },
  })
  await born(house, 'h1', ...enrolled, enqueue('A', lives))
  await house.advance(10 * minute)
  expect(calls).toBeGreaterThan(2)
  expect(calls).toBeLessThan(10)
})
