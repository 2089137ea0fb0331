import { setImmediate } from 'node:timers/promises'
import { beforeEach, expect, test } from 'vitest'
import {
  acknowledged,
  assigned,
  authenticate,
  device,
  enqueue,
  enrolled,
  idle,
  later,
  tokenUpdate,
} from '../machines/events.ts'
import { morning } from './clock.ts'
import { about, namesOf } from './metered-store.ts'
import { asked, born, openHouse, tell } from './world.ts'

const house = await openHouse({ lasting: true })
beforeEach(() => house.store.forget())

const lives = { expiresAt: morning + later }

test('a turn writes one row for each actor that it changed, and counts its host on in any case', async () => {
  await born(house, 'h1', ...enrolled)
  await tell(house, 'h1', enqueue('A1', lives), enqueue('B1', { ...lives, seq: 2 }))
  house.store.forget()

  await tell(house, 'h1', idle())
  expect(namesOf(house.store.commits[0])).toEqual(['advance host_actor', 'command sent', 'journal'])

  await tell(house, 'h1', acknowledged('A1', { facts: { hostname: 'ada.local' } }))
  expect(namesOf(house.store.commits[1])).toEqual([
    'host_actor',
    'host',
    'command acknowledged',
    'command sent',
    'drop alarm',
    'journal',
    'journal',
    'journal',
  ])
  expect(house.store.commits).toHaveLength(2)
})

test('the first turn of a host writes its actor, its listed row, its channel and what happened', async () => {
  await born(house, 'h2-other', authenticate())
  expect(namesOf(house.store.commits[0])).toEqual(['host_actor', 'host', 'enrollment', 'journal'])
  expect(house.store.lookups.hostActor('h2-other')).toMatchObject({
    version: 1,
    machine_version: 4,
  })
})

test('a change that no list shows leaves the listed row alone', async () => {
  await born(house, 'h3', ...enrolled)
  house.store.forget()
  await tell(house, 'h3', tokenUpdate({ pushRef: 'push-2' }))
  expect(namesOf(house.store.commits[0])).toEqual(['host_actor', 'enrollment'])
})

test('an Idle with an empty queue is answered and writes nothing', async () => {
  await born(house, 'h4', ...enrolled)
  house.store.forget()
  const { reply, changed } = await tell(house, 'h4', idle())
  expect({ reply, changed }).toEqual({ reply: { kind: 'nothing' }, changed: false })
  expect(house.store.commits).toEqual([])
})

test('an event that the state does not take is not answered and writes nothing', async () => {
  await born(house, 'h5', assigned())
  house.store.forget()
  const { reply, changed } = await tell(house, 'h5', idle())
  expect({ reply, changed }).toEqual({ reply: undefined, changed: false })
  expect(house.store.commits).toEqual([])
})

test('rows that come with an event are written even when it changes nothing', async () => {
  await born(house, 'h6', ...enrolled)
  const sealed = { ref: 'r1', host_id: 'h6', kind: 'request', sealed: null, blob: 'b' }
  await house.hosts.ask('h6', { ...asked(idle()), writes: [{ put: 'sealed', row: sealed }] })
  expect(house.store.lookups.sealed('r1')).toEqual(sealed)
})

test('nothing is answered before it is durable', async () => {
  await born(house, 'h7', ...enrolled)
  const release = house.store.hold()
  let answered = false
  const answer = house.hosts.ask('h7', asked(enqueue('A7', lives))).finally(() => (answered = true))
  for (let turns = 0; turns < 50; turns += 1) await setImmediate()
  expect(answered).toBe(false)
  expect(house.store.lookups.command('A7')).toBeUndefined()

  release()
  expect(await answer).toMatchObject({ ok: true })
  expect(house.store.lookups.command('A7')).toMatchObject({ state: 'queued' })
})

test('live watchers hear of a turn only once it is durable, with its place in the journal', async () => {
  await born(house, 'h8', ...enrolled)
  const heard: (readonly [number, string])[] = []
  house.hosts.live.watch({ happened: ({ seq, event }) => void heard.push([seq, event]) })
  const release = house.store.hold()
  const answer = tell(house, 'h8', enqueue('A8', lives))
  await setImmediate()
  expect(heard).toEqual([])
  release()
  await answer
  const listed = await house.opened.queries.listJournal({ hostIds: ['h8'], limit: 1 })
  const [last] = listed.ok ? listed.value.items : []
  expect(heard).toEqual([[last?.seq, 'operator.enqueue']])
})

test("a host's next event waits for its last commit, and other hosts do not", async () => {
  await born(house, 'h9', ...enrolled)
  await born(
    house,
    'h9-other',
    authenticate({ channel: 'OTHER' }),
    tokenUpdate({ channel: 'OTHER' }),
  )
  const release = house.store.hold(about('h9'))
  const order: string[] = []
  const first = tell(house, 'h9', enqueue('A9', lives)).then(() => order.push('h1 enqueue'))
  const second = tell(house, 'h9', idle()).then(({ reply }) => {
    order.push('h1 idle')
    return reply
  })
  await tell(house, 'h9-other', enqueue('B9', { ...lives, channel: 'OTHER' }))
  order.push('h2 enqueue')
  expect(house.hosts.stats()).toMatchObject({ waiting: 1 })

  release()
  await first
  expect(await second).toEqual({ kind: 'command', commandUUID: 'A9' })
  expect(order).toEqual(['h2 enqueue', 'h1 enqueue', 'h1 idle'])
})

test('several events of one ask become durable together', async () => {
  const wish = enqueue('A10', { ...lives, silent: true })
  await born(house, 'h10', authenticate(), tokenUpdate(), wish)
  expect(house.store.commits).toHaveLength(1)
  expect(house.store.lookups.host('h10')).toMatchObject({ mdm: 'enrolled.ready' })
  expect(house.store.lookups.alarmsOf('h10')).toEqual([
    { host_id: 'h10', name: 'expire:A10', due_at: morning + later },
  ])
})

test('a host that exists cannot be created, and one that does not cannot be asked', async () => {
  await born(house, 'h11', ...enrolled)
  expect(await house.hosts.create('h11', asked(assigned()))).toEqual({
    ok: false,
    error: { kind: 'conflict' },
  })
  expect(await house.hosts.ask('h11-other', asked(idle(device)))).toEqual({
    ok: false,
    error: { kind: 'no-such-host' },
  })
  expect(house.store.lookups.hostActor('h11-other')).toBeUndefined()
})
