import { expect, test } from 'vitest'
import { createMailbox, mailboxMax } from '../../src/runtime/mailbox.ts'
import { enqueue, enrolled, idle, later } from '../machines/events.ts'
import { createClock, morning } from './clock.ts'
import { about } from './metered-store.ts'
import { asked, born, openHouse, runOn, tell, valueOf } from './world.ts'

const house = await openHouse({ lasting: true })
const lives = { at: morning, expiresAt: morning + later, silent: true }

test('a mailbox holds 64 events beside the one under way; more are refused and change nothing', async () => {
  await born(house, 'h1', ...enrolled)
  await born(house, 'h2', ...enrolled)
  const release = house.store.hold(about('h1'))
  const outcomes = Array.from({ length: mailboxMax + 6 }, async (_, seq) =>
    house.hosts.ask('h1', asked(enqueue(`A${seq}`, { ...lives, seq }))),
  )
  expect(house.hosts.stats().waiting).toBe(64)
  const refused = await Promise.all(outcomes.slice(65))
  expect(refused).toEqual(Array(5).fill({ ok: false, error: { kind: 'overloaded' } }))
  expect((await tell(house, 'h2', idle())).reply).toEqual({ kind: 'nothing' })

  release()
  const taken = await Promise.all(outcomes.slice(0, 65))
  expect(taken.every(({ ok }) => ok)).toBe(true)
  expect(house.store.lookups.openCommands('h1')).toHaveLength(65)
  expect(house.hosts.stats().waiting).toBe(0)
})

test('a writer at its bound is an overload to the caller, and the host stays as it was', async () => {
  await born(house, 'h3', ...enrolled)
  house.store.failNext({ kind: 'overloaded' }, about('h3'))
  expect(await house.hosts.ask('h3', asked(enqueue('B', lives)))).toEqual({
    ok: false,
    error: { kind: 'overloaded' },
  })
  expect((await tell(house, 'h3', enqueue('B', lives))).reply).toEqual({ kind: 'done' })
})

test('a look sees the host after everything that was asked before it', async () => {
  await born(house, 'h4', ...enrolled)
  const release = house.store.hold(about('h4'))
  const asking = tell(house, 'h4', enqueue('C', lives))
  const looking = house.hosts.look('h4')
  release()
  await asking
  const view = valueOf(await looking)
  expect([...view.commands.keys()]).toEqual(['C'])
  expect(view.commands.get('C')?.saved.value).toBe('queued')
  expect(view).toMatchObject({ resident: true, version: 2 })
})

test('a look at a host after a commit that failed sees what is durable', async () => {
  await born(house, 'h5', ...enrolled)
  house.store.failNext({ kind: 'unavailable', detail: 'the disk is full' }, about('h5'))
  const asking = house.hosts.ask('h5', asked(enqueue('D', lives)))
  const view = valueOf(await house.hosts.look('h5'))
  expect((await asking).ok).toBe(false)
  expect(view.commands.size).toBe(0)
})

test('drain waits for every turn that was taken and writes when hosts were last seen', async () => {
  await born(house, 'h6', ...enrolled)
  const heardAt = house.clock.now()
  await house.hosts.ask('h6', { ...asked(idle()), seen: 'mdm' })
  const release = house.store.hold(about('h6'))
  const asking = tell(house, 'h6', enqueue('E', lives))
  let drained = false
  const draining = house.hosts.drain().then(() => (drained = true))
  house.clock.runNext(house.clock.now() + 100)
  expect(drained).toBe(false)
  release()
  await asking
  while (house.clock.runNext(house.clock.now() + 100)) await Promise.resolve()
  await draining
  expect(house.store.lookups.command('E')).toBeDefined()
  expect(house.store.lookups.lastSeen('h6')).toMatchObject({ mdm_at: heardAt })
})

test('a job that posts to its own mailbox finds its place behind those that wait', async () => {
  const mailbox = createMailbox()
  const order: string[] = []
  const held = Promise.withResolvers<void>()
  mailbox.post(() => held.promise)
  mailbox.post(() => {
    order.push('second')
    mailbox.post(() => void order.push('posted by the second'))
    order.push('end of the second')
    expect(mailbox.idle()).toBe(false)
    return undefined
  })
  mailbox.post(() => void order.push('third'))
  held.resolve()
  await held.promise
  await Promise.resolve()
  expect(order).toEqual(['second', 'end of the second', 'third', 'posted by the second'])
  expect(mailbox.idle()).toBe(true)
})

test('after the store is closed every change is refused, and nobody waits for an answer', async () => {
  const other = await openHouse()
  await born(other, 'h1', ...enrolled)
  await other.close()
  const outcomes = await Promise.all([
    other.hosts.ask('h1', asked(enqueue('A', lives))),
    other.hosts.ask('h1', asked(enqueue('A', lives))),
    other.hosts.create('h2', asked(...enrolled)),
  ])
  for (const outcome of outcomes)
    expect(outcome).toMatchObject({ ok: false, error: { kind: 'unavailable' } })
})

test('a host whose rows cannot be read now is unavailable, and answers once they can', async () => {
  await born(house, 'h7', ...enrolled)
  let isBroken = true
  const { hostActor } = house.store.lookups
  const lookups = {
    ...house.store.lookups,
    hostActor(id: string) {
      if (isBroken) throw new Error('disk I/O error')
      return hostActor(id)
    },
  }
  const other = runOn({ store: { ...house.store, lookups }, clock: createClock() })
  const faults = await Promise.all([
    other.hosts.ask('h7', asked(idle())),
    other.hosts.look('h7'),
    other.hosts.create('h8', asked(...enrolled)),
  ])
  for (const fault of faults)
    expect(fault).toMatchObject({ ok: false, error: { kind: 'unavailable' } })
  isBroken = false
  expect((await tell(other, 'h7', idle())).reply).toEqual({ kind: 'nothing' })
  await other.stop()
})
