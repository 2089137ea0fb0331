// Two processes that both believe they own a host cannot both win: the database is the fence.
import { expect, test } from 'vitest'
import type { HostEvent } from '../../machines/host-events.ts'
import {
  acknowledged,
  agent,
  assigned,
  authenticate,
  device,
  enqueue,
  enrolled,
  idle,
  later,
  osqueryEnroll,
  tokenUpdate,
} from '../machines/events.ts'
import { createClock, morning } from './clock.ts'
import { asked, born, commandStates, openHouse, runOn, tell, valueOf } from './world.ts'

const here = await openHouse({ lasting: true })
const there = runOn({ store: here.store, clock: createClock() })
const lives = { expiresAt: morning + later }
const conflict = { ok: false, error: { kind: 'conflict' } }

test('of two runtimes that both hold a host one wins, and the other reads it anew', async () => {
  await born(here, 'h1', ...enrolled)
  expect((await tell(there, 'h1', idle())).reply).toEqual({ kind: 'nothing' })

  await tell(here, 'h1', assigned())
  const late = await there.hosts.ask('h1', asked(osqueryEnroll(agent('key-1'))))
  expect(late).toEqual(conflict)
  await tell(there, 'h1', osqueryEnroll(agent('key-1')))
  expect(here.store.lookups.host('h1')).toMatchObject({ dep: 'assigned', osquery: 'enrolled' })
  expect(here.store.lookups.hostActor('h1')).toMatchObject({ version: 3 })
})

test('when both speak at once one of them is told to decide again', async () => {
  await born(here, 'h2', ...enrolled)
  await tell(there, 'h2', idle())
  const outcomes = await Promise.all([
    here.hosts.ask('h2', asked(tokenUpdate({ pushRef: 'push-here' }))),
    there.hosts.ask('h2', asked(tokenUpdate({ pushRef: 'push-there' }))),
  ])
  expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1)
  expect(outcomes.filter(({ ok }) => !ok)).toEqual([conflict])
  const winner = outcomes[0].ok ? 'push-here' : 'push-there'
  expect(here.store.lookups.hostActor('h2')?.snapshot).toContain(winner)
})

test('a command is reported to one of them only', async () => {
  await born(here, 'h3', ...enrolled, enqueue('A3', lives), idle())
  expect(valueOf(await there.hosts.look('h3')).commands.size).toBe(1)
  await tell(here, 'h3', acknowledged('A3'))
  expect(await there.hosts.ask('h3', asked(acknowledged('A3')))).toEqual(conflict)
  // Told again, it finds the command over and notes the report as a stray one.
  await tell(there, 'h3', acknowledged('A3'))
  expect(here.store.commits.at(-1)).toMatchObject([
    { advance: 'host_actor' },
    { put: 'journal', row: { event: 'mdm.stray_report' } },
  ])
  expect(await commandStates(here, 'h3')).toEqual({ A3: 'acknowledged' })
})

test('of two that enqueue at once one wins, and the other does so beside it', async () => {
  await born(here, 'e1', ...enrolled)
  await tell(there, 'e1', idle())
  const [one, other] = [enqueue('E1', lives), enqueue('E2', { ...lives, seq: 2 })]
  const outcomes = await Promise.all([
    here.hosts.ask('e1', asked(one)),
    there.hosts.ask('e1', asked(other)),
  ])
  expect(outcomes.map(({ ok }) => ok)).toEqual([true, false])
  expect(outcomes[1]).toEqual(conflict)
  expect(here.store.lookups.command('E2')).toBeUndefined()
  await tell(there, 'e1', other)
  expect(valueOf(await there.hosts.look('e1')).commands.size).toBe(2)
})

test('a command cannot be sent to a life that ended with the other, nor live on in the next one', async () => {
  for (const id of ['e2', 'e3']) {
    await born(here, id, ...enrolled)
    await tell(there, id, idle())
  }
  // The new life is known first: the command is too late.
  await tell(here, 'e2', authenticate())
  expect(await there.hosts.ask('e2', asked(enqueue('E3', lives)))).toEqual(conflict)
  // The command is known first: the new life ends it.
  await tell(there, 'e3', enqueue('E4', lives))
  expect(await here.hosts.ask('e3', asked(authenticate()))).toEqual(conflict)
  await tell(here, 'e3', authenticate())
  expect(here.store.lookups.command('E4')).toMatchObject({ state: 'superseded', open: 0 })
})

test('a command that was reported to one is not what the other’s next one waits for', async () => {
  await born(here, 'e4', ...enrolled, enqueue('E5', lives), idle())
  expect(valueOf(await there.hosts.look('e4')).commands.size).toBe(1)
  await tell(here, 'e4', acknowledged('E5'))
  const next = enqueue('E6', { ...lives, seq: 2 })
  expect(await there.hosts.ask('e4', asked(next))).toEqual(conflict)
  await tell(there, 'e4', next)
  // Nobody talks any more, so the computer is woken.
  expect(here.store.lookups.alarmsOf('e4').map(({ name }) => name)).toContain(`push:${device}`)
})

test('a joint turn is refused too when a host that is told nothing has moved on', async () => {
  await born(here, 'e5', ...enrolled)
  await born(here, 'e6', ...enrolled)
  await tell(there, 'e6', idle())
  await tell(here, 'e6', enqueue('E7', lives))
  const joined = await there.hosts.together({
    hostIds: ['e5', 'e6'],
    decide: () => ({
      ok: true,
      value: { cause: { kind: 'identity', id: null }, asks: { e5: asked(assigned()) }, writes: [] },
    }),
  })
  expect(joined).toEqual(conflict)
  expect(here.store.lookups.host('e5')).toMatchObject({ dep: 'unassigned' })
})

test('both may create a host, and one does', async () => {
  const outcomes = await Promise.all([
    here.hosts.create('h4', asked(authenticate())),
    there.hosts.create('h4', asked(assigned())),
  ])
  expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1)
  expect(here.store.lookups.hostActor('h4')).toMatchObject({ version: 1 })
  expect((await tell(there, 'h4', tokenUpdate())).snapshot.context.id).toBe('h4')
})

test('no update is lost while both take turns and repeat what was refused', async () => {
  await born(here, 'h5', ...enrolled)
  const runtimes = [here, there]
  async function insist(nth: number): Promise<void> {
    const event: HostEvent = osqueryEnroll(agent(`key-${nth}`, { instance: `${nth}` }))
    for (let tries = 0; tries < 50; tries += 1) {
      const outcome = await runtimes[nth % 2]?.hosts.ask('h5', asked(event))
      if (outcome?.ok) return
      expect(outcome).toEqual(conflict)
    }
    throw new Error('never its turn')
  }
  await Promise.all(Array.from({ length: 16 }, async (_, nth) => insist(nth)))
  expect(here.store.lookups.agentsOf('h5')).toHaveLength(16)
  expect(here.store.lookups.hostActor('h5')).toMatchObject({ version: 17 })
})

test('a joint turn decided on a host that has moved on is refused whole', async () => {
  await born(here, 'h6', ...enrolled)
  await born(here, 'h7', ...enrolled)
  const joined = await there.hosts.together({
    hostIds: ['h6', 'h7'],
    decide: () => {
      // Between reading and writing, the other process takes its turn.
      void here.hosts.ask('h7', asked(assigned()))
      const told = { events: [tokenUpdate({ pushRef: 'push-joint' })] }
      return {
        ok: true,
        value: { cause: { kind: 'identity', id: null }, asks: { h6: told, h7: told }, writes: [] },
      }
    },
  })
  expect(joined).toEqual(conflict)
  expect(here.store.lookups.hostActor('h6')).toMatchObject({ version: 1 })
  expect(here.store.lookups.host('h7')).toMatchObject({ dep: 'assigned' })
})
