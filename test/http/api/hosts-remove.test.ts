// Hosts that a flood of enrolments made are found by filter, and forgotten together.
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openHttpWorld } from '../world.ts'

const world = await openHttpWorld()
const mac = { udid: 'F1A61111-2222-3333-4444-555555555501', serial: 'GHOST00001' }

async function flood(count: number, from: number): Promise<void> {
  for (let nth = from; nth < from + count; nth += 1)
    await world.ask('/api/osquery/enroll', {
      method: 'POST',
      body: {
        enroll_secret: world.secrets.enroll,
        host_details: {
          system_info: { uuid: `F100D000-0000-4000-8000-${String(nth).padStart(12, '0')}` },
        },
      },
    })
}

const remove = (body: object) => world.api('/hosts/remove', { method: 'POST', body })
const idsOf = async (query: string): Promise<readonly string[]> => {
  const { items } = (await world.api(`/hosts?${query}`)).json() as {
    readonly items: readonly { readonly id: string }[]
  }
  return items.map(({ id }) => id)
}

test('what a flood made is found by when it was first seen, and forgotten, and nothing else is', async () => {
  const id = await world.enrolled(mac)
  await flood(1, 1)
  const [honest] = await idsOf('lifecycle=osquery_enrolled')
  await setTimeout(5)
  const since = new Date().toISOString()
  await flood(40, 100)
  await setTimeout(5)
  const before = new Date().toISOString()
  await flood(1, 2)
  const filter = `lifecycle=osquery_enrolled&first_seen_since=${since}&first_seen_before=${before}`
  expect(await idsOf(filter)).toHaveLength(40)
  const tried = await remove({ filter, dry_run: true })
  expect(tried.json()).toMatchObject({ found: 40, deleted: 0, left: 40 })
  expect((await remove({ filter, expected: 39 })).status).toBe(409)
  expect((await idsOf(filter)).length).toBe(40)
  expect((await remove({ filter, expected: 40 })).json()).toEqual({
    dry_run: false,
    found: 40,
    deleted: 40,
    reset_to_pending: 0,
    failed: [],
    left: 0,
  })
  expect(await idsOf(filter)).toEqual([])
  const left = await idsOf('sort=first_seen_at')
  expect([left.length, left[0], left[1]]).toEqual([3, id, honest])
})

test.each([
  ['', '/filter'],
  ['sort=id', '/filter'],
  ['limit=5', '/filter'],
  ['nonsense=1', '/filter'],
  ['first_seen_since=yesterday', '/filter'],
])('the filter "%s" forgets nothing', async (filter, pointer) => {
  const refused = await remove({ filter })
  expect(refused.status).toBe(422)
  expect(refused.text).toContain(pointer)
  expect((await idsOf('')).length).toBe(3)
})

test('a viewer forgets nothing', async () => {
  const body = { filter: 'osquery=enrolled' }
  const refused = await world.api('/hosts/remove', { method: 'POST', body, as: 'viewer' })
  expect(refused.status).toBe(403)
})
