// Two computers of Apple's list that an operator makes one host, and perhaps two again.
import { expect, test } from 'vitest'
import { openHouse } from '../runtime/world.ts'
import { openDoors, operator, ownerOf, portrait } from './world.ts'

const house = await openHouse({ lasting: true })
const { lookups } = house.store
const doors = openDoors(house)
const told = { dryRun: false, cause: operator }

let pairs = 0

/** Two hosts that Apple's list assigns to us, by their serial numbers; the first is the older. */
async function twoListed() {
  pairs += 1
  const [one, other] = [`C02ONE${pairs}`, `C02TWO${pairs}`] as const
  for (const serial of [one, other]) {
    await doors.assign({ serial })
    await house.advance(1)
  }
  const hosts = [one, other].map((serial) => ownerOf(house, 'serial', serial) ?? '')
  const [survivor = '', loser = ''] = hosts
  return { one, other, survivor, loser }
}

const depOf = (hostId: string) => lookups.host(hostId)?.dep
const listedOf = (hostId: string) => lookups.depDevicesOf(hostId).map(({ serial }) => serial)

/** The serial numbers its actor knows of, which the rows only repeat. */
const knownOf = async (hostId: string) =>
  Object.keys((await portrait(house, hostId)).context.depDevices).toSorted()

test('a host made of two listed ones is on the list by both serial numbers', async () => {
  const { one, other, survivor, loser } = await twoListed()
  const merged = await doors.reconcile.merge(survivor, loser, told)
  expect(merged).toMatchObject({ ok: true, value: { survivor, moves: { dep_serials: [other] } } })
  expect(await knownOf(survivor)).toEqual([one, other])
  expect(listedOf(survivor)).toEqual([one, other])
})

test('it is assigned until the last of them leaves the list', async () => {
  const { one, other, survivor, loser } = await twoListed()
  await doors.reconcile.merge(survivor, loser, told)
  for (const [serial, dep, left] of [
    [other, 'assigned', [one]],
    [one, 'unassigned', []],
  ] as const) {
    expect(await doors.unassign({ serial })).toMatchObject([{ outcome: 'removed' }])
    expect(depOf(survivor)).toBe(dep)
    expect([await knownOf(survivor), listedOf(survivor)]).toEqual([left, left])
  }
})

test('the list may go on about either of them', async () => {
  const { one, other, survivor, loser } = await twoListed()
  await doors.reconcile.merge(survivor, loser, told)
  const said = { profile_status: 'pushed' }
  expect(await doors.assign({ serial: other }, said)).toMatchObject([{ outcome: 'changed' }])
  expect(lookups.depDevice(one)).toMatchObject({ profile_status: null, host_id: survivor })
  expect(lookups.depDevice(other)).toMatchObject({ profile_status: 'pushed', host_id: survivor })
})

test('a split after the merge leaves both as they were', async () => {
  const { one, other, survivor, loser } = await twoListed()
  const before = [await portrait(house, survivor), await portrait(house, loser)]
  await doors.reconcile.merge(survivor, loser, told)
  expect((await doors.reconcile.split(survivor, told)).ok).toBe(true)
  expect([await portrait(house, survivor), await portrait(house, loser)]).toEqual(before)
  expect([listedOf(survivor), listedOf(loser)]).toEqual([[one], [other]])
})

test('a number that came back to the list without a host is a host of its own, and a split leaves it there', async () => {
  const { one, other, survivor, loser } = await twoListed()
  await doors.reconcile.merge(survivor, loser, told)
  await doors.unassign({ serial: other })
  const [seen] = await doors.assign({ serial: other })
  expect(seen).toMatchObject({ outcome: 'created' })
  const third = seen?.hostId ?? ''
  expect((await doors.reconcile.split(survivor, told)).ok).toBe(true)
  expect([listedOf(survivor), listedOf(loser), listedOf(third)]).toEqual([[one], [], [other]])
  expect([await knownOf(survivor), await knownOf(loser)]).toEqual([[one], []])
})

test('a number that another host goes by now is listed there with the next word of it', async () => {
  const { one, other, survivor, loser } = await twoListed()
  await doors.reconcile.merge(survivor, loser, told)
  await doors.enroll({ serial: other })
  const owner = ownerOf(house, 'serial', other) ?? ''
  expect(owner).not.toBe(survivor)
  expect(await doors.assign({ serial: other }, { profile_status: 'pushed' })).toMatchObject([
    { hostId: owner, outcome: 'changed' },
  ])
  expect([listedOf(survivor), listedOf(owner)]).toEqual([[one], [other]])
  expect([await knownOf(survivor), await knownOf(owner)]).toEqual([[one], [other]])
  expect(depOf(survivor)).toBe('assigned')
})

test('word of a number that a split takes along meanwhile is given again to whoever has it then', async () => {
  const { other, survivor, loser } = await twoListed()
  await doors.reconcile.merge(survivor, loser, told)
  const release = house.store.hold()
  const splitting = doors.reconcile.split(survivor, told)
  const assigning = doors.assign({ serial: other }, { profile_status: 'pushed' })
  const removing = doors.unassign({ serial: other })
  release()
  expect((await splitting).ok).toBe(true)
  for (const outcomes of [await assigning, await removing])
    expect(outcomes).toMatchObject([{ outcome: 'failed', detail: 'conflict' }])
  expect(await doors.assign({ serial: other }, { profile_status: 'pushed' })).toMatchObject([
    { hostId: loser, outcome: 'changed' },
  ])
  expect(await doors.unassign({ serial: other })).toMatchObject([
    { hostId: loser, outcome: 'removed' },
  ])
})

const steps = ['+one', '-one', '+other', '-other'] as const
const histories = steps.flatMap((first) => [
  [first],
  // What left the list and came back is another story: above.
  ...steps.filter((second) => second !== first.replace('-', '+')).map((second) => [first, second]),
])
test.each(histories.map((history) => [history.join(' '), history] as const))(
  'after %s between merge and split each host has what the list says of its serial number',
  async (_, history) => {
    const { one, other, survivor, loser } = await twoListed()
    await doors.reconcile.merge(survivor, loser, told)
    const statuses = new Map<string, string | undefined>([
      [one, 'assigned'],
      [other, 'assigned'],
    ])
    for (const [nth, step] of history.entries()) {
      const serial = step.endsWith('one') ? one : other
      const profile_status = nth === 0 ? 'pushed' : 'removed'
      if (step.startsWith('+')) await doors.assign({ serial }, { profile_status })
      else await doors.unassign({ serial })
      statuses.set(serial, step.startsWith('+') ? profile_status : undefined)
      const left = [one, other].filter((listed) => statuses.get(listed) !== undefined)
      expect(depOf(survivor)).toBe(left.length > 0 ? 'assigned' : 'unassigned')
      expect([await knownOf(survivor), listedOf(survivor)]).toEqual([left, left])
    }
    expect((await doors.reconcile.split(survivor, told)).ok).toBe(true)
    for (const [hostId, serial] of [
      [survivor, one],
      [loser, other],
    ] as const) {
      const listed = statuses.get(serial) === undefined ? [] : [serial]
      expect(depOf(hostId)).toBe(listed.length > 0 ? 'assigned' : 'unassigned')
      expect([await knownOf(hostId), listedOf(hostId)]).toEqual([listed, listed])
    }
  },
)
