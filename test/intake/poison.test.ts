// What devices and agents hear when a machine throws at what they say: come again, and at last that it is taken.
import { expect, test } from 'vitest'
import { emptyDict } from '../../src/protocol/plist/value.ts'
import { type House, openHouse } from '../runtime/world.ts'
import { type Computer, openDoors, operator, ownerOf } from './world.ts'

const mac: Computer = { serial: 'C02POISON', uuid: '11111111-2222-4333-8444-555555555555' }

async function opened() {
  const house = await openHouse()
  const doors = openDoors(house)
  await doors.authenticate(mac)
  await doors.tokenUpdate(mac)
  return { house, doors, hostId: ownerOf(house, 'serial', mac.serial) ?? '' }
}

/** A snapshot that a machine with a bug might have left: it wakes, and throws when facts are told. */
async function spoil({ store }: House, hostId: string, facts: object | null = null): Promise<void> {
  const row = store.lookups.hostActor(hostId)
  if (row === undefined) throw new Error('the host was born')
  const snapshot = JSON.parse(row.snapshot)
  snapshot.context.facts = facts
  const spoiled = { ...row, version: row.version + 1, snapshot: JSON.stringify(snapshot) }
  await store.commit([{ put: 'host_actor', row: spoiled }])
}

test('a report that no turn survives is refused twice, then taken, and kept with its body', async () => {
  const { house, doors, hostId } = await opened()
  const wish = { hostId, commandUUID: 'A1', requestType: 'DeviceInformation', payload: emptyDict() }
  await doors.commands.send({ ...wish, priority: 0, expiresInMs: 60_000 }, operator)
  expect(await doors.report({ UDID: mac.uuid, Status: 'Idle' })).toMatchObject({ kind: 'command' })
  await spoil(house, hostId)
  const report = {
    UDID: mac.uuid,
    Status: 'Acknowledged',
    CommandUUID: 'A1',
    QueryResponses: { DeviceName: 'poison' },
  }
  const answers: unknown[] = []
  for (let tries = 0; tries < 4; tries += 1) answers.push(await doors.report(report))
  expect(answers).toEqual([
    // The row moved under the host, which is read anew.
    { kind: 'refused', why: 'unavailable' },
    { kind: 'refused', why: 'failed' },
    { kind: 'refused', why: 'failed' },
    { kind: 'nothing' },
  ])
  const body = await house.sealing.open('A1.result')
  expect(body.ok ? new TextDecoder().decode(body.value) : '').toContain('poison')
  expect(house.store.lookups.command('A1')?.state).toBe('sent')

  const [conflict] = house.store.lookups.conflictsOf(hostId)
  expect(conflict).toMatchObject({ kind: 'failing', resolved_at: null })
  const how = { choice: 'dismiss', dryRun: false, cause: operator }
  expect(await doors.reconcile.resolveConflict(conflict?.id ?? '', how)).toMatchObject({ ok: true })
  expect(house.store.lookups.conflictsOf(hostId)).toMatchObject([{ resolution: 'dismiss' }])
})

test('an Authenticate whose merge no turn survives is refused, and the third time set apart with its host', async () => {
  const house = await openHouse()
  const doors = openDoors(house)
  await doors.assign(mac)
  await house.advance(1)
  await doors.enroll({ uuid: mac.uuid })
  const survivor = ownerOf(house, 'serial', mac.serial) ?? ''
  const loser = ownerOf(house, 'uuid', mac.uuid) ?? ''
  await spoil(house, survivor)
  for (let tries = 1; tries <= 3; tries += 1) {
    expect(house.store.lookups.conflictsOf(survivor)).toEqual([])
    expect(await doors.authenticate(mac)).toEqual({ kind: 'refused', why: 'failed' })
  }
  expect(house.store.lookups.conflictsOf(survivor)).toMatchObject([
    { kind: 'failing', detail: expect.stringContaining('identity.absorb') },
  ])
  expect(house.store.lookups.host(loser)?.merged_into).toBeNull()

  // Once the bug is mended the next one is taken.
  await spoil(house, survivor, {})
  expect(await doors.authenticate(mac)).toEqual({ kind: 'nothing' })
  expect(house.store.lookups.host(loser)?.merged_into).toBe(survivor)
})

test('an agent whose enrolment merges two hosts is told to come again, and the third time it is set apart', async () => {
  const house = await openHouse()
  const doors = openDoors(house)
  await doors.assign(mac)
  await house.advance(1)
  await doors.enroll({ uuid: mac.uuid })
  const survivor = ownerOf(house, 'serial', mac.serial) ?? ''
  await spoil(house, survivor)
  for (let tries = 1; tries <= 3; tries += 1)
    expect(await doors.enroll(mac)).toMatchObject({ kind: 'failed', status: 500 })
  expect(house.store.lookups.conflictsOf(survivor)).toMatchObject([{ kind: 'failing' }])
  await spoil(house, survivor, {})
  expect(await doors.enroll(mac)).toMatchObject({ kind: 'enrolled' })
  expect(ownerOf(house, 'uuid', mac.uuid)).toBe(survivor)
})

test('a check-in that no turn survives is never answered as done', async () => {
  const { house, doors, hostId } = await opened()
  await spoil(house, hostId)
  const again = { OSVersion: '26.2' }
  const answers: unknown[] = []
  for (let tries = 0; tries < 8; tries += 1) answers.push(await doors.authenticate(mac, again))
  for (const answer of answers)
    expect(answer).toMatchObject({
      kind: 'refused',
      why: expect.stringMatching(/failed|unavailable/),
    })
  expect(house.store.lookups.conflictsOf(hostId)).toMatchObject([{ kind: 'failing' }])
})
