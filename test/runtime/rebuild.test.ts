// Design: "All projections can be rebuilt from snapshots, and a test does." This one.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRebuilding } from '../../src/runtime/rebuild.ts'
import type { Queried, Scan } from '../../storage/queries.ts'
import type { HostRow } from '../../storage/rows.ts'
import type { Write } from '../../storage/store.ts'
import { createLife, lives } from './life.ts'
import { asked, type House, openHouse } from './world.ts'

type Projections = Readonly<
  Record<'hosts' | 'enrollments' | 'agents' | 'devices', readonly unknown[]>
>

/** When a row was last written is no part of what it says. */
const timeless = ({ updated_at: _at, ...row }: HostRow): object => row

async function all<Row>(
  query: (scan: Scan) => Promise<Queried<readonly Row[]>>,
): Promise<readonly Row[]> {
  const found = await query({ after: null, limit: 10_000 })
  if (!found.ok) throw new Error(found.error.kind)
  return found.value
}

const sorted = (rows: readonly unknown[]): readonly unknown[] =>
  rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))

async function stored({ opened, store }: House): Promise<Projections> {
  const actors = await all(opened.queries.scanHostActors)
  const ids = actors.map(({ host_id }) => host_id)
  return {
    hosts: sorted(ids.flatMap((id) => store.lookups.host(id) ?? []).map(timeless)),
    enrollments: sorted(await all(opened.queries.scanEnrollments)),
    agents: sorted(await all(opened.queries.scanAgents)),
    devices: sorted(ids.flatMap((id) => store.lookups.depDevicesOf(id))),
  }
}

async function rebuilt(
  house: House,
  merged: Readonly<Record<string, string>>,
): Promise<Projections> {
  const { rowsOf } = createRebuilding()
  const actors = await all(house.opened.queries.scanHostActors)
  const writes = actors.flatMap((row) =>
    rowsOf(row, { mergedInto: merged[row.host_id] ?? null, at: 0 }),
  )
  const put = (kind: string): readonly unknown[] =>
    writes.flatMap((write: Write) => ('put' in write && write.put === kind ? [write.row] : []))
  return {
    hosts: sorted(put('host').map((row) => timeless(row as HostRow))), // what was put as a host
    enrollments: sorted(put('enrollment')),
    agents: sorted(put('agent')),
    devices: sorted(put('dep_device')),
  }
}

test('after thirty random lives every listed row follows from the snapshots alone', async () => {
  const house = await openHouse()
  let run = 0
  const property = fc.asyncProperty(
    fc.array(lives(40), { minLength: 30, maxLength: 30 }),
    async (scripts) => {
      run += 1
      await Promise.all(
        scripts.map(async (script, nth) => {
          const id = `run-${run}-host-${nth}`
          const life = createLife(id)
          const outcomes = script.map((step, index) => {
            const ask = asked(life.next(step, 1_000 * index))
            return index === 0 ? house.hosts.create(id, ask) : house.hosts.ask(id, ask)
          })
          await Promise.all(outcomes)
        }),
      )
      const rows = await stored(house)
      expect(await rebuilt(house, {})).toEqual(rows)
      expect(rows.hosts.length).toBeGreaterThan(0)
    },
  )
  await fc.assert(property, { numRuns: 5, interruptAfterTimeLimit: 4_000 })
})

test('a host that was merged away is listed as such and keeps no channel', async () => {
  const house = await openHouse()
  for (const id of ['h1', 'h2']) {
    const life = createLife(id)
    for (const [index, what] of (
      ['assign', 'Authenticate', 'TokenUpdate', 'agent enrolls'] as const
    ).entries()) {
      const ask = asked(life.next({ what, nth: 0 }, index))
      await (index === 0 ? house.hosts.create(id, ask) : house.hosts.ask(id, ask))
    }
  }
  const before = await stored(house)
  const merged = await house.hosts.together({
    hostIds: ['h1', 'h2'],
    decide: () => ({
      ok: true,
      value: {
        cause: { kind: 'identity', id: null },
        asks: {},
        merged: { h2: 'h1' },
        writes: [
          { drop: 'enrollment', key: 'DEVICE-h2', host_id: 'h2' },
          { drop: 'agent', node_key_hash: 'key-0-of-h2', host_id: 'h2' },
          { drop: 'dep_device', serial: 'C02h2', host_id: 'h2' },
        ],
      },
    }),
  })
  expect(merged.ok).toBe(true)
  const after = await stored(house)
  expect([before.enrollments.length, after.enrollments.length]).toEqual([2, 1])
  expect(await rebuilt(house, { h2: 'h1' })).toEqual(after)
})
