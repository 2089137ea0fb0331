import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createClock } from './clock.ts'
import { createLife, lives } from './life.ts'
import { asked, born, openHouse, plain, runOn, tell } from './world.ts'
import { assigned, enrolled, idle } from '../machines/events.ts'

const roomy = await openHouse({ lasting: true })
const narrow = await openHouse({ lasting: true, residentsMax: 2 })

test('twenty hosts of which two fit into memory answer like twenty that all do', async () => {
  let run = 0
  const property = fc.asyncProperty(
    fc.array(lives(20), { minLength: 20, maxLength: 20 }),
    async (scripts) => {
      run += 1
      const answers = await Promise.all(
        [roomy, narrow].map((house) =>
          Promise.all(
            scripts.map(async (script, nth) => {
              const id = `run-${run}-host-${nth}`
              const life = createLife(id)
              // All at once: the mailbox keeps them in order, and hosts crowd each other out meanwhile.
              const outcomes = script.map((step, index) => {
                const ask = asked(life.next(step, index))
                return index === 0 ? house.hosts.create(id, ask) : house.hosts.ask(id, ask)
              })
              return (await Promise.all(outcomes)).map(plain)
            }),
          ),
        ),
      )
      expect(answers[1]).toEqual(answers[0])
      expect(narrow.bugs).toEqual([])
    },
  )
  await fc.assert(property, { numRuns: 15, interruptAfterTimeLimit: 4_000 })
})

test('no more hosts stay in memory than may, once they are idle', async () => {
  for (const id of ['a', 'b', 'c', 'd', 'e']) await born(narrow, id, assigned())
  expect(narrow.hosts.stats().resident).toBe(2)
  expect([await lookedAt('e'), await lookedAt('a'), await lookedAt('e')]).toEqual([
    true,
    false,
    true,
  ])
})

async function lookedAt(id: string): Promise<boolean> {
  const looked = await narrow.hosts.look(id)
  if (!looked.ok) throw new Error(looked.error.kind)
  return looked.value.resident
}

test('the host used longest ago is let go first', async () => {
  for (const id of ['f', 'g']) await born(narrow, id, ...enrolled)
  await tell(narrow, 'f', idle())
  await born(narrow, 'h', ...enrolled)
  expect([await lookedAt('f'), await lookedAt('h'), await lookedAt('g')]).toEqual([
    true,
    true,
    false,
  ])
})

test('a host whose events are under way is never let go, even where none fits', async () => {
  const house = runOn({ store: narrow.store, clock: createClock(), residentsMax: 0 })
  await born(house, 'i', ...enrolled)
  const outcomes = await Promise.all(
    Array.from({ length: 30 }, async () => house.hosts.ask('i', asked(assigned(), idle()))),
  )
  expect(outcomes.every(({ ok }) => ok)).toBe(true)
  await house.stop()
})
