// Memory holds nothing the rows do not: a process may end anywhere, and nobody can tell afterwards.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createClock } from './clock.ts'
import { createLife, lives, type Step } from './life.ts'
import { asked, commandStates, type House, openHouse, plain, reopen } from './world.ts'

const always = await openHouse({ lasting: true })

/** Hosts that live in step; `fresh` gives the house each step happens in. */
async function live(
  scripts: Readonly<Record<string, readonly Step[]>>,
  startAt: number,
  houseAt: (step: number) => Promise<House> | House,
): Promise<readonly unknown[]> {
  const hosts = Object.entries(scripts).map(([id, script]) => ({
    id,
    script,
    life: createLife(id),
  }))
  const length = Math.max(...hosts.map(({ script }) => script.length))
  const answers: unknown[] = []
  for (let index = 0; index < length; index += 1) {
    const house = await houseAt(index)
    const at = startAt + index * 1_000
    house.clock.set(at)
    const taking = hosts.flatMap(({ id, script, life }) => {
      const step = script[index]
      if (step === undefined) return []
      const ask = asked(life.next(step, at))
      return [index === 0 ? house.hosts.create(id, ask) : house.hosts.ask(id, ask)]
    })
    answers.push((await Promise.all(taking)).map(plain))
  }
  return answers
}

async function standings(house: House, ids: readonly string[]): Promise<unknown> {
  return Promise.all(
    ids.map(async (id) => ({
      actor: house.store.lookups.hostActor(id),
      host: house.store.lookups.host(id),
      alarms: house.store.lookups.alarmsOf(id),
      commands: await commandStates(house, id),
    })),
  )
}

// prettier-ignore
const scripted: readonly Step[] = [
  { what: 'assign', nth: 0 }, { what: 'Authenticate', nth: 0 }, { what: 'TokenUpdate', nth: 0 },
  { what: 'enqueue', nth: 0 }, { what: 'enqueue', nth: 0 }, { what: 'enqueue', nth: 0 },
  { what: 'Idle', nth: 0 }, { what: 'NotNow', nth: 0 }, { what: 'NotNow', nth: 1 }, { what: 'Acknowledged', nth: 2 },
  { what: 'Idle', nth: 0 }, { what: 'agent enrolls', nth: 0 }, { what: 'Acknowledged', nth: 0 }, { what: 'Error', nth: 1 },
  { what: 'Idle', nth: 0 }, { what: 'Authenticate', nth: 0 },
]

test('a host answers alike whether or not the process ends between any two of its events', async () => {
  const ids = scripted.map((_, index) => `restarted-after-${index}`)
  // Each host waits its number of steps longer, so that one restart falls at another point of each life.
  const scripts = Object.fromEntries(
    ids.map((id, wait) => [
      id,
      [
        ...Array.from({ length: wait }, (): Step => ({ what: 'Idle', nth: 0 })),
        ...scripted,
        ...Array.from({ length: ids.length - wait }, (): Step => ({ what: 'Idle', nth: 0 })),
      ],
    ]),
  )
  const startAt = always.clock.now()
  const expected = await live(scripts, startAt, () => always)
  let house = await openHouse({ clock: createClock(startAt) })
  const answers = await live(scripts, startAt, async (step) => {
    if (step === ids.length) house = await reopen(house)
    return house
  })
  expect(answers).toEqual(expected)
  expect(await standings(house, ids)).toEqual(await standings(always, ids))
  const states = await commandStates(house, 'restarted-after-7')
  expect(Object.values(states).toSorted()).toEqual(['acknowledged', 'acknowledged', 'error'])
})

test('random lives give the same answers and rows wherever the process ends', async () => {
  let run = 0
  const property = fc.asyncProperty(
    fc.array(lives(30), { minLength: 1, maxLength: 12 }),
    fc.uniqueArray(fc.nat({ max: 29 }), { minLength: 1, maxLength: 2 }),
    async (scripts, ends) => {
      run += 1
      const named = Object.fromEntries(scripts.map((script, nth) => [`run-${run}-${nth}`, script]))
      const startAt = always.clock.now() + 1_000
      const expected = await live(named, startAt, () => always)
      let house = await openHouse({ clock: createClock(startAt) })
      const answers = await live(named, startAt, async (step) => {
        if (ends.includes(step)) house = await reopen(house)
        return house
      })
      const ids = Object.keys(named)
      const [after, before] = [await standings(house, ids), await standings(always, ids)]
      await house.close()
      expect(answers).toEqual(expected)
      expect(after).toEqual(before)
    },
  )
  await fc.assert(property, { numRuns: 8, interruptAfterTimeLimit: 5_000 })
})
