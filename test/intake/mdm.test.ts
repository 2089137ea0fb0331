// What an MDM client says and gets, where two of its messages or two computers meet.
import { expect, test } from 'vitest'
import { emptyDict } from '../../src/protocol/plist/value.ts'
import { openHouse, valueOf } from '../runtime/world.ts'
import { type Computer, openDoors, operator, ownerOf } from './world.ts'

const uuid = '11111111-2222-4333-8444-555555555555'
const mac: Computer = { serial: 'C02ONE', uuid }

async function enrolled() {
  const house = await openHouse()
  const doors = openDoors(house)
  await doors.authenticate(mac)
  await doors.tokenUpdate(mac)
  return { house, doors, hostId: ownerOf(house, 'serial', mac.serial) ?? '' }
}

const textOf = async (
  { sealing }: ReturnType<typeof openDoors>,
  ref: string,
): Promise<string | undefined> => {
  const opened = await sealing.open(ref)
  return opened.ok ? new TextDecoder().decode(opened.value) : undefined
}

test('of two reports of one command that come together, the first is the result and the other a stray', async () => {
  const { house, doors, hostId } = await enrolled()
  const sent = await doors.commands.send(
    {
      hostId,
      commandUUID: 'A1',
      requestType: 'DeviceInformation',
      payload: emptyDict(),
      priority: 0,
      expiresInMs: 1_000,
    },
    operator,
  )
  expect(sent.ok).toBe(true)
  expect(await doors.report({ UDID: uuid, Status: 'Idle' })).toMatchObject({ kind: 'command' })
  const report = { UDID: uuid, CommandUUID: 'A1' }
  const answers = await Promise.all([
    doors.report({ ...report, Status: 'Acknowledged', said: 'first' }),
    doors.report({ ...report, Status: 'Error', said: 'second' }),
  ])
  expect(answers).toEqual([{ kind: 'nothing' }, { kind: 'nothing' }])
  expect(house.store.lookups.command('A1')?.state).toBe('acknowledged')
  expect(await textOf(doors, 'A1.result')).toContain('first')
  const journal = await house.opened.queries.listJournal({ hostIds: [hostId], limit: 10 })
  expect(journal.ok && journal.value.items.map(({ event }) => event)).toContain('mdm.stray_report')
})

test('a host that loses its UDID to another loses its own token, and forgetting it takes nothing of the other', async () => {
  const { house, doors, hostId: first } = await enrolled()
  const bootstrap = (token: string) =>
    doors.checkin({
      MessageType: 'SetBootstrapToken',
      UDID: uuid,
      BootstrapToken: new TextEncoder().encode(token),
    })
  await bootstrap('of the first')
  const clone = { serial: 'C02TWO', uuid }
  await doors.authenticate(clone)
  await doors.tokenUpdate(clone)
  await bootstrap('of the second')
  const second = house.store.lookups.enrollment(uuid)?.host_id ?? ''
  expect(second).not.toBe(first)
  const refOf = async (hostId: string): Promise<string> =>
    valueOf(await house.hosts.look(hostId)).snapshot.context.bootstrapTokenRef ?? ''
  expect(await refOf(first)).toBe('')

  expect(await doors.reconcile.remove(first, { dryRun: false, cause: operator })).toMatchObject({
    ok: true,
  })
  expect(await textOf(doors, await refOf(second))).toBe('of the second')
  expect(await doors.checkin({ MessageType: 'GetBootstrapToken', UDID: uuid })).toMatchObject({
    kind: 'plist',
  })
})

test('of a token that comes while its computer leaves, nothing is kept', async () => {
  const { house, doors, hostId } = await enrolled()
  const [left, token] = await Promise.all([
    doors.checkin({ MessageType: 'CheckOut', UDID: uuid }),
    doors.tokenUpdate(mac),
  ])
  expect([left, token]).toMatchObject([
    { kind: 'nothing' },
    { kind: 'refused', why: 'not-enrolled' },
  ])
  expect(house.store.lookups.sealed(`push/${hostId}/${uuid}`)).toBeUndefined()
})
