// Two processes that both believe they own a host cannot both win: the database is the fence.
import { expect, test } from 'vitest'
import type { HostEvent } from '../../machines/host-events.ts'
import {
  acknowledged,
  agent,
  assigned,
  authenticate,
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
    { put: 'journal', row: { event: 'mdm.stray_report' } },
  ])
  expect(await commandStates(here, 'h3')).toEqual({ A3: 'acknowledged' })
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
