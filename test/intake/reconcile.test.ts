import { expect, test } from 'vitest'
import { createRefusals } from '../../src/intake/refusals.ts'
import { enqueue } from '../machines/events.ts'
import { asked, openHouse, valueOf } from '../runtime/world.ts'
import { type Computer, openDoors, operator, ownerOf, portrait } from './world.ts'

const mac: Computer = { serial: 'C02ONE', uuid: '11111111-2222-4333-8444-555555555555' }
const told = { dryRun: false, cause: operator }

/** A host Apple's list knows by serial, and another that an agent knows by UUID only. */
async function twoHalves() {
  const house = await openHouse()
  const doors = openDoors(house)
  await doors.assign(mac)
  await house.advance(1)
  const agent = await doors.enroll({ uuid: mac.uuid })
  const bySerial = ownerOf(house, 'serial', mac.serial) ?? ''
  const byUuid = ownerOf(house, 'uuid', mac.uuid) ?? ''
  expect(bySerial).not.toBe(byUuid)
  return { house, doors, bySerial, byUuid, agent }
}

test('an Authenticate that names both identifiers makes one host of the two', async () => {
  const { house, doors, bySerial, byUuid } = await twoHalves()
  expect(await doors.authenticate(mac)).toEqual({ kind: 'nothing' })
  expect(await doors.tokenUpdate(mac)).toEqual({ kind: 'nothing' })
  expect(house.store.lookups.host(byUuid)?.merged_into).toBe(bySerial)
  expect(house.store.lookups.host(bySerial)).toMatchObject({
    mdm: 'enrolled.ready',
    dep: 'assigned',
    osquery: 'enrolled',
    merged_into: null,
  })
  expect(await house.hosts.ask(byUuid, asked())).toEqual({
    ok: false,
    error: { kind: 'merged', into: bySerial },
  })
})

test('after a merge the other host’s agent goes on with its key', async () => {
  const { house, doors, bySerial, byUuid, agent } = await twoHalves()
  valueOf((await doors.reconcile.merge(bySerial, byUuid, told)) as never)
  const key = agent.kind === 'enrolled' ? agent.nodeKey : ''
  expect(doors.osquery.agent(key)?.hostId).toBe(bySerial)
  expect(house.store.lookups.host(bySerial)?.osquery).toBe('enrolled')
})

test('a split after a merge leaves both hosts as they were', async () => {
  const { house, doors, bySerial, byUuid } = await twoHalves()
  const before = [await portrait(house, bySerial), await portrait(house, byUuid)]
  const merged = await doors.reconcile.merge(bySerial, byUuid, told)
  expect(merged).toMatchObject({ ok: true, value: { survivor: bySerial, loser: byUuid } })
  const split = await doors.reconcile.split(bySerial, told)
  expect(split).toMatchObject({ ok: true, value: { host: bySerial, restored: byUuid } })
  expect([await portrait(house, bySerial), await portrait(house, byUuid)]).toEqual(before)
  expect(house.store.lookups.host(byUuid)?.merged_into).toBeNull()
  expect(ownerOf(house, 'uuid', mac.uuid)).toBe(byUuid)
})

test('open commands go along with a merge and come back with a split, timers included', async () => {
  const house = await openHouse()
  const doors = openDoors(house)
  await doors.enroll({ serial: 'C02OTHER' })
  await house.advance(1)
  const survivor = ownerOf(house, 'serial', 'C02OTHER') ?? ''
  await doors.authenticate({ ...mac, serial: '' })
  await doors.tokenUpdate(mac)
  const loser = ownerOf(house, 'uuid', mac.uuid) ?? ''
  const wish = enqueue('A1', { channel: mac.uuid, expiresAt: house.clock.now() + 1_000_000 })
  expect(valueOf(await house.hosts.ask(loser, asked(wish))).reply).toEqual({ kind: 'done' })

  await doors.reconcile.merge(survivor, loser, told)
  const after = ownerOf(house, 'uuid', mac.uuid) ?? ''
  expect(house.store.lookups.command('A1')).toMatchObject({ host_id: after, state: 'queued' })
  expect(house.store.lookups.alarmsOf(after).map(({ name }) => name)).toEqual([
    `push:${mac.uuid}`,
    'expire:A1',
  ])

  // Asked of both as one, on the channel that goes back: only there can it ever be done.
  const later = enqueue('BA1', { channel: mac.uuid, expiresAt: house.clock.now() + 1_000_000 })
  expect(valueOf(await house.hosts.ask(after, asked(later))).reply).toEqual({ kind: 'done' })
  await doors.reconcile.split(after, told)
  expect(house.store.lookups.alarmsOf(after)).toEqual([])
  for (const name of ['A1', 'BA1'])
    expect(house.store.lookups.command(name)).toMatchObject({ host_id: loser, state: 'queued' })
  const alarms = house.store.lookups.alarmsOf(loser).map(({ name }) => name)
  expect(alarms.toSorted()).toEqual(['expire:A1', 'expire:BA1', `push:${mac.uuid}`])
  expect(valueOf(await house.hosts.look(loser)).commands.size).toBe(2)
})

test('an Authenticate that merges ends the commands of every host it makes one of', async () => {
  const house = await openHouse()
  const doors = openDoors(house)
  await doors.enroll({ serial: mac.serial })
  await house.advance(1)
  await doors.authenticate({ ...mac, serial: '' })
  await doors.tokenUpdate(mac)
  const loser = ownerOf(house, 'uuid', mac.uuid) ?? ''
  const wish = enqueue('A1', { channel: mac.uuid, expiresAt: house.clock.now() + 1_000_000 })
  expect(valueOf(await house.hosts.ask(loser, asked(wish))).reply).toEqual({ kind: 'done' })
  expect(await doors.authenticate(mac)).toEqual({ kind: 'nothing' })
  const survivor = ownerOf(house, 'serial', mac.serial) ?? ''
  expect(house.store.lookups.host(loser)?.merged_into).toBe(survivor)
  expect(house.store.lookups.command('A1')).toMatchObject({
    host_id: survivor,
    state: 'superseded',
    open: 0,
  })
  expect(house.store.lookups.alarmsOf(survivor)).toEqual([])
})

test('a merge that was decided before a sighting became durable is decided again, and leaves no claim behind', async () => {
  const { house, doors, bySerial, byUuid } = await twoHalves()
  // The agent of before has been silent for so long that the host takes another.
  await house.advance(700_000)
  const release = house.store.hold()
  const enrolling = doors.enroll({ uuid: mac.uuid, instance: 'another' })
  const merging = doors.reconcile.merge(bySerial, byUuid, told)
  release()
  expect(await enrolling).toMatchObject({ kind: 'enrolled' })
  expect(await merging).toEqual({ ok: false, error: { kind: 'conflict' } })
  expect(await doors.reconcile.merge(bySerial, byUuid, told)).toMatchObject({ ok: true })
  expect(house.store.lookups.claimsOf(byUuid)).toEqual([])
  expect(house.store.lookups.claimsOf(bySerial).map(({ value }) => value)).toContain('another')
})

test('an Authenticate that merges while one of the hosts changes lands on one host all the same', async () => {
  const { house, doors, bySerial, byUuid } = await twoHalves()
  const release = house.store.hold()
  const removing = house.hosts.ask(byUuid, {
    ...asked({ type: 'osquery.revoke', at: house.clock.now(), keyHashes: null }),
  })
  const authenticating = doors.authenticate(mac)
  release()
  expect((await removing).ok).toBe(true)
  expect(await authenticating).toEqual({ kind: 'nothing' })
  expect(house.store.lookups.host(byUuid)?.merged_into).toBe(bySerial)
  expect(house.store.lookups.claimsOf(byUuid)).toEqual([])
  expect(house.store.lookups.agentsOf(byUuid)).toEqual([])
})

test('a dry run tells the plan and changes nothing', async () => {
  const { house, doors, bySerial, byUuid } = await twoHalves()
  const before = await portrait(house, bySerial)
  const plan = await doors.reconcile.merge(bySerial, byUuid, { ...told, dryRun: true })
  expect(plan).toMatchObject({ ok: true, value: { merge_id: null, survivor: bySerial } })
  expect(await portrait(house, bySerial)).toEqual(before)
  expect(house.store.lookups.host(byUuid)?.merged_into).toBeNull()
})

test('a deleted host is gone with its keys; one that Apple’s list assigns becomes pending', async () => {
  const { house, doors, bySerial, byUuid, agent } = await twoHalves()
  const gone = await doors.reconcile.remove(byUuid, told)
  expect(gone).toMatchObject({ ok: true, value: { outcome: 'deleted' } })
  const key = agent.kind === 'enrolled' ? agent.nodeKey : ''
  expect(doors.osquery.agent(key)).toBeUndefined()
  expect(house.store.lookups.host(byUuid)).toBeUndefined()
  expect(ownerOf(house, 'uuid', mac.uuid)).toBeUndefined()

  await doors.authenticate(mac)
  const reset = await doors.reconcile.remove(bySerial, told)
  expect(reset).toMatchObject({ ok: true, value: { outcome: 'reset_to_pending' } })
  expect(house.store.lookups.host(bySerial)).toMatchObject({ mdm: 'unenrolled', status: 'pending' })
  expect(await doors.tokenUpdate(mac)).toMatchObject({ kind: 'refused' })
})

test('a clone set is one conflict, and its members are told apart by serial', async () => {
  const house = await openHouse()
  const doors = openDoors(house)
  await doors.enroll({ ...mac, instance: 'a' })
  await doors.enroll({ ...mac, serial: 'C02TWO', instance: 'b' })
  const [one, two] = [ownerOf(house, 'serial', mac.serial), ownerOf(house, 'serial', 'C02TWO')]
  expect(one).not.toBe(two)
  expect(ownerOf(house, 'uuid', mac.uuid)).toBeUndefined()
  const conflicts = await house.opened.queries.listConflicts({ open: true, limit: 10 } as never)
  expect(conflicts).toMatchObject({ ok: true, value: { items: [{ kind: 'clone' }] } })
})

test('a computer that enrols under a key takes it from the host that had it, commands and all', async () => {
  const house = await openHouse()
  const doors = openDoors(house)
  await doors.authenticate(mac)
  await doors.tokenUpdate(mac)
  const former = ownerOf(house, 'serial', mac.serial) ?? ''
  const wish = enqueue('A1', { channel: mac.uuid, expiresAt: house.clock.now() + 1_000_000 })
  await house.hosts.ask(former, asked(wish))
  await doors.authenticate({ ...mac, serial: 'C02CLONE' })
  await doors.tokenUpdate(mac)
  const clone = ownerOf(house, 'serial', 'C02CLONE') ?? ''
  expect(clone).not.toBe(former)
  expect(house.store.lookups.enrollment(mac.uuid)?.host_id).toBe(clone)
  expect(house.store.lookups.host(former)?.mdm).toBe('unenrolled')
  expect(house.store.lookups.host(clone)?.mdm).toBe('enrolled.ready')
  expect(house.store.lookups.command('A1')?.state).toBe('superseded')
})

test('a device that is refused is told of with the host that its own became part of', async () => {
  const { house, doors, bySerial, byUuid } = await twoHalves()
  await doors.reconcile.merge(bySerial, byUuid, told)
  const { store, hosts, clock: world } = house
  const noteRefusal = createRefusals({ store, live: hosts.live, world, count: () => {} })
  const journalled = Promise.withResolvers<string | null>()
  hosts.live.watch({ happened: ({ host_id }) => journalled.resolve(host_id) })
  noteRefusal({ kind: 'foreign-certificate', fingerprint: 'f1', hostId: byUuid })
  expect(await journalled.promise).toBe(bySerial)
})

test('the journal tells of merges and splits even where nothing else moved', async () => {
  const house = await openHouse()
  const doors = openDoors(house)
  await doors.enroll({ serial: mac.serial, instance: 'a' })
  await house.advance(1)
  await doors.enroll({ uuid: mac.uuid, instance: 'b' })
  const survivor = ownerOf(house, 'serial', mac.serial) ?? ''
  const loser = ownerOf(house, 'uuid', mac.uuid) ?? ''
  await doors.reconcile.merge(survivor, loser, told)
  await doors.reconcile.split(survivor, told)
  const events = house.store.commits
    .flat()
    .flatMap((write) => ('put' in write && write.put === 'journal' ? [write.row.event] : []))
  expect(events.filter((event) => event.startsWith('identity.m'))).toEqual([
    'identity.merged',
    'identity.merged_into',
  ])
  expect(events.filter((event) => event === 'identity.split')).toHaveLength(2)
})
