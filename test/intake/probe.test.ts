import { test } from 'vitest'
import { openHouse } from '../runtime/world.ts'
import { openDoors, operator, ownerOf } from './world.ts'
const told = { dryRun: false, cause: operator }
test('merge race', async () => {
  const house = await openHouse()
  const doors = openDoors(house)
  await doors.assign({ serial: 'C02ONE' })
  await house.advance(1)
  await doors.enroll({ uuid: '11111111-2222-4333-8444-555555555555', instance: 'i1' })
  const a = ownerOf(house, 'serial', 'C02ONE') ?? ''
  const b = ownerOf(house, 'uuid', '11111111-2222-4333-8444-555555555555') ?? ''
  const ask = house.hosts.ask
  const L: unknown[] = []
  const mark = (w: string) => L.push([w, house.store.lookups.claimsOf(b).map((c) => c.value), house.store.lookups.host(b)?.merged_into?.slice(-4)])
  mark('start')
  const more = doors.enroll({ uuid: '11111111-2222-4333-8444-555555555555', instance: 'i2' }).then(() => mark('more'))
  for (let i = 0; i < 30; i += 1) await null
  mark('before merge')
  const merging = doors.reconcile.merge(a, b, told).then(() => mark('merge'))
  await Promise.all([more, merging])
  mark('end')
  console.log('R', JSON.stringify(L, null, 1), ask.length, a.slice(-4), b.slice(-4), house.store.lookups.claimsOf(a).map((c) => [c.value,c.status]))
})
