// Entries of Apple's list that name only what changed, or a serial number that is not ours.
import { expect, test } from 'vitest'
import { readDevices } from '../../src/protocol/dep/device.ts'
import { openHouse } from '../runtime/world.ts'
import { openDoors, ownerOf, portrait } from './world.ts'

const house = await openHouse({ lasting: true })
const doors = openDoors(house)
const { lookups } = house.store

const whole = {
  profile_status: 'pushed',
  profile_uuid: 'AB12',
  asset_tag: 'desk 7',
  op_date: '2026-01-01T00:00:00Z',
}
const later = { op_type: 'modified', op_date: '2026-02-01T00:00:00Z' }

test('an entry that says the serial number is not ours makes no host', async () => {
  for (const response_status of ['NOT_ACCESSIBLE', 'FAILED']) {
    const told = await doors.assign({ serial: 'C02FOREIGN' }, { response_status })
    expect(told).toMatchObject([{ outcome: 'unknown', hostId: null }])
    expect(told[0]?.detail).toContain(response_status)
    expect(ownerOf(house, 'serial', 'C02FOREIGN')).toBeUndefined()
  }
  const ours = await doors.assign({ serial: 'C02OURS0001' }, { response_status: 'SUCCESS' })
  expect(ours).toMatchObject([{ outcome: 'created' }])
})

test('an entry that says so of a host which the list has leaves it as it is', async () => {
  await doors.assign({ serial: 'C02OURS0002' }, whole)
  const told = await doors.assign({ serial: 'C02OURS0002' }, { response_status: 'NOT_ACCESSIBLE' })
  expect(told).toMatchObject([{ outcome: 'unchanged' }])
  expect(lookups.depDevice('C02OURS0002')).toMatchObject({ profile_status: 'pushed' })
})

// prettier-ignore
const modified: readonly (readonly [string, object, object])[] = [
  ['names nothing',              {},                          { profile_status: 'pushed', profile_uuid: 'AB12', asset_tag: 'desk 7' }],
  ['names another profile',      { profile_uuid: 'CD34' },    { profile_status: 'pushed', profile_uuid: 'CD34', asset_tag: 'desk 7' }],
  ['names an empty asset tag',   { asset_tag: '' },           { profile_status: 'pushed', profile_uuid: 'AB12', asset_tag: '' }],
  ['says it has no profile now', { profile_status: 'empty' }, { profile_status: 'empty', profile_uuid: null, asset_tag: 'desk 7' }],
]
for (const [index, [name, more, expected]] of modified.entries())
  test(`a modified entry that ${name} clears nothing else`, async () => {
    const serial = `C02SPARSE0${index}`
    await doors.assign({ serial }, whole)
    expect(await doors.assign({ serial }, { ...later, ...more })).toMatchObject([
      { outcome: 'changed' },
    ])
    const { context } = await portrait(house, ownerOf(house, 'serial', serial) ?? '')
    const { raw, ...device } = context.depDevices[serial] ?? {}
    expect({ ...device, asset_tag: raw?.['asset_tag'] }).toMatchObject(expected)
  })

test('a modified entry clears nothing either that the same page says before or behind it', () => {
  const [added, changed] = [
    { serial_number: 'C02PAGE0001', op_type: 'added', ...whole },
    { serial_number: 'C02PAGE0001', ...later, asset_tag: 'desk 8' },
  ]
  for (const devices of [
    [added, changed],
    [changed, added],
  ])
    expect(readDevices({ devices })).toMatchObject({
      ok: true,
      value: [{ op_type: 'modified', profile_uuid: 'AB12', asset_tag: 'desk 8' }],
    })
})
