import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createClock } from '../runtime/clock.ts'
import { openHouse, reopen } from '../runtime/world.ts'
import { type Computer, openDoors, ownerOf } from './world.ts'

const mac: Computer = { serial: 'C02ONE', uuid: '11111111-2222-4333-8444-555555555555' }

type Doors = ReturnType<typeof openDoors>
const arrivals = {
  dep: (doors: Doors, computer: Computer) => doors.assign(computer),
  mdm: async (doors: Doors, computer: Computer) => {
    await doors.authenticate(computer)
    await doors.tokenUpdate(computer)
  },
  osquery: (doors: Doors, computer: Computer) => doors.enroll(computer),
}
type Arrival = keyof typeof arrivals

const orders: readonly (readonly Arrival[])[] = [
  ['dep', 'mdm', 'osquery'],
  ['dep', 'osquery', 'mdm'],
  ['mdm', 'dep', 'osquery'],
  ['mdm', 'osquery', 'dep'],
  ['osquery', 'dep', 'mdm'],
  ['osquery', 'mdm', 'dep'],
]
for (const order of orders) {
  test(`a computer seen by ${order.join(', then ')} is one host that is all three`, async () => {
    const house = await openHouse()
    const doors = openDoors(house)
    for (const arrival of order) await arrivals[arrival](doors, mac)
    const hostId = ownerOf(house, 'serial', mac.serial)
    expect(ownerOf(house, 'uuid', mac.uuid)).toBe(hostId)
    expect(house.store.lookups.host(hostId ?? '')).toMatchObject({
      mdm: 'enrolled.ready',
      dep: 'assigned',
      osquery: 'enrolled',
      lifecycle: 'mdm_enrolled',
      status: 'on_automatic',
      quarantined: 0,
      serial: mac.serial,
      uuid: mac.uuid,
    })
  })
}

test('sightings of one computer that arrive at once make one host', async () => {
  const house = await openHouse()
  const doors = openDoors(house)
  const answers = await Promise.all([
    doors.assign(mac),
    doors.enroll(mac),
    doors.authenticate(mac),
    doors.enroll({ ...mac, instance: 'another' }),
  ])
  expect(answers[1]?.kind).toBe('enrolled')
  expect(answers[2]?.kind).toBe('nothing')
  const hosts = await house.opened.queries.hostsByRef(mac.serial)
  expect(hosts.ok && hosts.value.filter(({ merged_into }) => merged_into === null)).toHaveLength(1)
})

/** Each restart opens a store with its threads: on a busy machine a dozen histories take a minute. */
const historyTimeout = { timeout: 180_000 }

type Step = { readonly arrival: Arrival; readonly computer: number; readonly restart: boolean }

/** Lives through the steps, some of them the last of a process, and tells who saw which computer. */
async function live(steps: readonly Step[]) {
  let house = await openHouse()
  let doors = openDoors(house)
  const seen = new Map<number, Set<Arrival>>()
  for (const [index, { arrival, computer, restart }] of steps.entries()) {
    await arrivals[arrival](doors, macOf(computer))
    seen.set(computer, (seen.get(computer) ?? new Set()).add(arrival))
    if (!restart) continue
    // Chance does not repeat itself after a restart.
    house = await reopen(house, { clock: createClock(house.clock.now(), index + 2) })
    doors = openDoors(house)
  }
  return { house, seen }
}

test(
  'in every history, with restarts, honest computers are one host each, listed as their claims say',
  historyTimeout,
  async () => {
    const step = fc.record({
      arrival: fc.constantFrom<Arrival>('dep', 'mdm', 'osquery'),
      computer: fc.integer({ min: 1, max: 4 }),
      restart: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 12 }), async (steps) => {
        const { house, seen } = await live(steps)
        const owner = (n: number) => ownerOf(house, 'serial', macOf(n).serial) ?? ''
        expect(new Set([...seen.keys()].map(owner)).size).toBe(seen.size)
        for (const [n, by] of seen)
          expect(house.store.lookups.host(owner(n))).toMatchObject(listingOf(macOf(n), by))
        await house.close()
      }),
      { numRuns: 12 },
    )
  },
)

const listingOf = ({ uuid }: Computer, by: ReadonlySet<Arrival>) => ({
  mdm: by.has('mdm') ? 'enrolled.ready' : 'unenrolled',
  dep: by.has('dep') ? 'assigned' : 'unassigned',
  osquery: by.has('osquery') ? 'enrolled' : 'unenrolled',
  uuid: by.has('mdm') || by.has('osquery') ? uuid : null,
})

const macOf = (n: number): Computer => ({
  serial: `C02N${n}`,
  uuid: `00000000-0000-4000-8000-00000000000${n}`,
})
