import { expect, test } from 'vitest'
import { osquery, uuidOf } from './sightings.ts'
import { openWorld } from './world.ts'

test('a computer reinstalled without end keeps its last 32 instances and nothing else grows', () => {
  const world = openWorld()
  const seen = (installation: number): void =>
    void world.see(
      osquery({ serial: 'C02X1', uuid: uuidOf(1), osqueryInstance: `instance-${installation}` }),
    )
  for (let installation = 100; installation < 140; installation += 1) seen(installation)
  const { claims, conflicts } = world.tables()
  const instances = claims.filter(({ kind }) => kind === 'osquery_instance')
  expect(instances.map(({ value }) => value)).toEqual(
    Array.from({ length: 32 }, (_, index) => `instance-${index + 108}`),
  )
  expect(claims).toHaveLength(34)
  expect(conflicts).toEqual([])
  seen(139)
  expect(world.tables().claims).toEqual(claims)
})
