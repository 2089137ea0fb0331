// What fails, fails alone: the caller hears of it, and the host goes on from its last durable row.
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { HostEvent } from '../../machines/host-events.ts'
import { createFaults, failNextCommits, fillDisk } from '../../storage/faults.ts'
import { acknowledged, assigned, enqueue, enrolled, idle, later } from '../machines/events.ts'
import { morning } from './clock.ts'
import { asked, born, commandStates, openHouse, plain, tell, valueOf } from './world.ts'
import { hostRow } from '../storage/rows.ts'

const faults = createFaults()
const house = await openHouse({ lasting: true, faults })
const { hosts, store } = house
const lives = { expiresAt: morning + later }

/** Whatever would have ended the process. */
const fatal: unknown[] = []
const note = (reason: unknown): void => void fatal.push(reason)
beforeEach(() => {
  store.forget()
  process.on('unhandledRejection', note).on('uncaughtException', note)
})
afterEach(async () => {
  await house.quiet()
  process.off('unhandledRejection', note).off('uncaughtException', note)
  expect(fatal).toEqual([])
})

test('a commit that fails is told to the caller, and the next event finds the host as it was', async () => {
  await born(house, 'h1', ...enrolled)
  failNextCommits(faults, 1)
  const failed = await hosts.ask('h1', asked(enqueue('A1', lives)))
  expect(failed).toMatchObject({ ok: false, error: { kind: 'unavailable' } })
  expect((await tell(house, 'h1', idle())).reply).toEqual({ kind: 'nothing' })

  await tell(house, 'h1', enqueue('A1', lives))
  expect((await tell(house, 'h1', idle())).reply).toEqual({ kind: 'command', commandUUID: 'A1' })
})

test('events that waited behind a failed commit start from the last durable row', async () => {
  await born(house, 'h2', ...enrolled, enqueue('A2', lives))
  store.failNext({ kind: 'unavailable', detail: 'the disk is full' })
  const [offered, acked, offeredAgain] = await Promise.all([
    hosts.ask('h2', asked(idle())),
    hosts.ask('h2', asked(idle())),
    hosts.ask('h2', asked(acknowledged('A2'))),
  ])
  expect(offered.ok).toBe(false)
  expect(valueOf(acked).reply).toEqual({ kind: 'command', commandUUID: 'A2' })
  expect(valueOf(offeredAgain).reply).toEqual({ kind: 'nothing' })
  expect(await commandStates(house, 'h2')).toEqual({ A2: 'acknowledged' })
})

test('a host whose first commit fails does not exist, and can be created again', async () => {
  failNextCommits(faults, 1)
  expect((await hosts.create('h3', asked(assigned()))).ok).toBe(false)
  expect(await hosts.ask('h3', asked(idle()))).toEqual({
    ok: false,
    error: { kind: 'no-such-host' },
  })
  expect((await hosts.create('h3', asked(assigned()))).ok).toBe(true)
})

test('a commit whose reply was lost counts, and a repeat of its event does not do it twice', async () => {
  await born(house, 'h4', ...enrolled)
  store.failNext({ kind: 'reply-lost' })
  expect((await hosts.ask('h4', asked(enqueue('A4', lives)))).ok).toBe(false)
  expect((await tell(house, 'h4', enqueue('A4', lives))).reply).toEqual({
    kind: 'refused',
    reason: 'exists',
  })
  expect(await commandStates(house, 'h4')).toEqual({ A4: 'queued' })
})

test('while the disk is full every change is refused, and reading goes on', async () => {
  await born(house, 'h5', ...enrolled)
  fillDisk(faults, true)
  const big = { hostname: 'x'.repeat(100_000) }
  const failed = await hosts.ask(
    'h5',
    asked(enqueue('A5', lives), acknowledged('A5', { facts: big })),
  )
  expect(failed).toMatchObject({ ok: false, error: { kind: 'unavailable' } })
  expect((await tell(house, 'h5', idle())).reply).toEqual({ kind: 'nothing' })
  fillDisk(faults, false)
  expect((await tell(house, 'h5', enqueue('A5', lives))).reply).toEqual({ kind: 'done' })
})

/** No device can say this: a bug of ours would have to. */
const poison = { type: 'mdm.Authenticate', at: morning } as HostEvent

test('an event that makes a machine throw is told to the caller and changes nothing', async () => {
  await born(house, 'h6', ...enrolled, enqueue('A6', lives))
  const before = plain(await hosts.ask('h6', asked(idle())))
  store.forget()
  const bugs = house.bugs.length
  const failed = await hosts.ask('h6', asked({ type: 'mdm.CheckOut' } as HostEvent, poison))
  expect(failed).toMatchObject({ ok: false, error: { kind: 'failed' } })
  expect(store.commits).toEqual([])
  expect(house.bugs.slice(bugs)).toMatchObject([{ hostId: 'h6' }])
  expect(plain(await hosts.ask('h6', asked(acknowledged('A6'))))).toMatchObject({
    value: (before as { readonly value: unknown }).value,
    reply: { kind: 'nothing' },
  })
})

test('a host that is born of a throwing event does not exist', async () => {
  expect(await hosts.create('h7', asked(poison))).toMatchObject({
    ok: false,
    error: { kind: 'failed' },
  })
  expect(await hosts.look('h7')).toEqual({ ok: false, error: { kind: 'no-such-host' } })
})

test('a row that no table takes fails its own turn only', async () => {
  await born(house, 'h8', ...enrolled)
  const timeless = enqueue('A8', { ...lives, seq: 'first' as unknown as number })
  const [failed, other] = await Promise.all([
    hosts.ask('h8', asked(timeless)),
    hosts.create('h8-other', asked(assigned())),
  ])
  expect(failed).toMatchObject({ ok: false, error: { kind: 'failed' } })
  expect(other.ok).toBe(true)
  expect((await tell(house, 'h8', idle())).reply).toEqual({ kind: 'nothing' })
})

const unreadable: Readonly<Record<string, string>> = {
  'is not JSON': '{',
  'is of no state we know': JSON.stringify({
    status: 'active',
    value: { mdm: 'gone', dep: 'unassigned', osquery: 'unenrolled' },
    context: {},
    children: {},
    historyValue: {},
  }),
  'is empty': '{}',
}
for (const [what, snapshot] of Object.entries(unreadable))
  test(`a host whose stored snapshot ${what} answers with a fault, also when only looked at`, async () => {
    const id = `h9 ${what}`
    await opened(id, snapshot)
    expect(await hosts.look(id)).toMatchObject({ ok: false, error: { kind: 'failed' } })
    expect(await hosts.ask(id, asked(idle()))).toMatchObject({
      ok: false,
      error: { kind: 'failed' },
    })
    expect(store.lookups.hostActor(id)?.snapshot).toBe(snapshot)
  })

async function opened(id: string, snapshot: string): Promise<void> {
  const row = { host_id: id, version: 1, machine_version: 1, snapshot }
  await store.commit([
    { put: 'host', row: hostRow(id) },
    { put: 'host_actor', row },
  ])
}

test('a host with a command whose stored snapshot is of no state we know answers with a fault', async () => {
  await born(house, 'h10', ...enrolled, enqueue('A10', lives))
  const row = store.lookups.command('A10')
  if (row === undefined) throw new Error('A10 was enqueued')
  const snapshot = row.snapshot.replace('"queued"', '"gone"')
  await store.commit([{ put: 'command', row: { ...row, snapshot, version: row.version + 1 } }])
  // The version moved under the host, so its next turn fails and it is read anew.
  expect((await hosts.ask('h10', asked(idle()))).ok).toBe(false)
  expect(await hosts.look('h10')).toMatchObject({ ok: false, error: { kind: 'failed' } })
  expect(await hosts.ask('h10', asked(idle()))).toMatchObject({
    ok: false,
    error: { kind: 'failed' },
  })
})

test('a snapshot of a newer Muster is not guessed at', async () => {
  await born(house, 'h11', assigned())
  const row = store.lookups.hostActor('h11')
  if (row === undefined) throw new Error('h11 was born')
  await store.commit([
    { put: 'host', row: hostRow('h11-newer') },
    { put: 'host_actor', row: { ...row, host_id: 'h11-newer', version: 1, machine_version: 99 } },
  ])
  const looked = await hosts.look('h11-newer')
  expect(looked).toMatchObject({ ok: false, error: { kind: 'failed' } })
  expect(looked.ok ? '' : JSON.stringify(looked.error)).toContain('newer than this Muster')
})

test('a host that failed does not keep others from their turns', async () => {
  await born(house, 'h12', ...enrolled)
  await born(house, 'h12-other', ...enrolled)
  const outcomes = await Promise.all(
    Array.from({ length: 40 }, async (_, index) =>
      index % 2 === 0
        ? hosts.ask('h12', asked(poison))
        : hosts.ask('h12-other', asked(enqueue(`A12-${index}`, { ...lives, seq: index }))),
    ),
  )
  expect(outcomes.map(({ ok }) => ok)).toEqual(
    Array.from({ length: 40 }, (_, index) => index % 2 === 1),
  )
})
