import fc from 'fast-check'
import { expect, test } from 'vitest'
import { knownAmong, knownForSplit } from '../../src/identity/known.ts'
import { mergeHosts } from '../../src/identity/merge.ts'
import { resolveConflict } from '../../src/identity/resolve-conflict.ts'
import type { Answer } from '../../src/identity/resolve-conflict.ts'
import { split } from '../../src/identity/split.ts'
import { undoOf } from '../../src/identity/undo.ts'
import { history, playAll } from './histories.ts'
import { dep, mdm, osquery, uuidOf } from './sightings.ts'
import type { Tables, World } from './world.ts'
import { openWorld } from './world.ts'

const X = 'C02X1'
const Y = 'C02X2'
const U = uuidOf(1)
const V = uuidOf(2)

function merge(world: World, ids: readonly string[], prefer?: string) {
  const outcome = mergeHosts(knownAmong(ids, world.lookups), prefer, world.fresh())
  if (outcome.ok) follow(world, outcome.value)
  return outcome
}

function follow(
  world: World,
  merged: Extract<ReturnType<typeof mergeHosts>, { readonly ok: true }>['value'],
): void {
  world.commit(merged.writes)
  world.follow({ gone: merged.losers, to: merged.hostId, settled: merged.settled })
}

/** Takes the newest merge back. */
function takeBack(world: World): ReturnType<typeof split> {
  const newest = world
    .tables()
    .merges.filter((row) => row.undone_at === null)
    // Tables are sorted by id, in which merge-9 comes after merge-10.
    .toSorted((one, next) => one.at - next.at)
    .at(-1)
  if (newest === undefined) throw new Error('nothing was merged')
  const outcome = split(newest, knownForSplit(undoOf(newest), world.lookups), world.fresh())
  world.commit(outcome.writes)
  world.follow({ back: outcome.loserId, settled: outcome.settled })
  return outcome
}

/** Every row but the record that there was a merge and a split. */
const rows = (tables: Tables) => ({
  ...tables,
  merges: tables.merges.filter((row) => row.undone_at === null),
  conflicts: tables.conflicts.filter((row) => row.kind !== 'split'),
})

test('a split after a merge puts every row back as it was', () => {
  fc.assert(
    fc.property(history, fc.nat(9), fc.nat(9), ({ steps }, one, other) => {
      const world = playAll(steps)
      const live = world.tables().hosts.filter((host) => host.merged_into === null)
      const ids = [live[one % live.length]?.id ?? '', live[other % live.length]?.id ?? '']
      const before = rows(world.tables())
      const outcome = merge(world, ids, ids[0])
      fc.pre(outcome.ok)
      takeBack(world)
      expect(rows(world.tables())).toEqual(before)
    }),
    { numRuns: 400 },
  )
})

test('a merge loses no row and leaves one live host', () => {
  fc.assert(
    fc.property(history, ({ steps }) => {
      const world = playAll(steps)
      const before = world.tables()
      const live = before.hosts.filter((host) => host.merged_into === null)
      fc.pre(live.length > 1)
      const outcome = merge(
        world,
        live.map((host) => host.id),
        live[0]?.id,
      )
      const after = world.tables()
      expect(outcome.ok && outcome.value.hostId).toBe(
        live.toSorted((a, b) => a.first_seen_at - b.first_seen_at)[0]?.id,
      )
      for (const name of ['enrollments', 'depDevices', 'agents', 'commands'] as const) {
        expect(after[name]).toHaveLength(before[name].length)
        expect(new Set(after[name].map((row) => world.live(row.host_id))).size).toBeLessThan(2)
      }
      const named = (tables: Tables) => new Set(tables.claims.map((row) => row.kind + row.value))
      expect(named(after)).toEqual(named(before))
    }),
    { numRuns: 200 },
  )
})

test('hosts that contradict each other are merged only when somebody says which is right', () => {
  const world = openWorld()
  const one = hostOf(world.see(mdm({ serial: X, udid: U })))
  const other = hostOf(world.see(mdm({ serial: Y, udid: V })))
  expect(merge(world, [one, other])).toMatchObject({ ok: false, error: { kind: 'differ' } })
  expect(merge(world, [one, other], other)).toMatchObject({ ok: true, value: { hostId: one } })
  expect(world.claimOf(one, 'serial', Y)?.status).toBe('active')
  expect(world.claimOf(one, 'serial', X)?.status).toBe('superseded')
})

test('one host is nothing to merge', () => {
  const world = openWorld()
  const one = hostOf(world.see(dep(X)))
  expect(merge(world, [one, one])).toEqual({ ok: false, error: { kind: 'one-host' } })
})

test('what the survivor learned since a merge stays with it, and what the loser brought goes back', () => {
  const world = openWorld()
  const one = hostOf(world.see(dep(X)))
  const other = hostOf(world.see(mdm({ udid: U })))
  merge(world, [one, other])
  world.see(osquery({ serial: X, uuid: U, osqueryInstance: 'instance-1' }))
  takeBack(world)
  expect(world.claimOf(one, 'osquery_instance', 'instance-1')?.status).toBe('active')
  expect(world.claimOf(one, 'uuid', U)).toBeUndefined()
  expect(world.claimOf(other, 'uuid', U)?.status).toBe('active')
  expect(world.lookups.enrollmentsOf(other)).toHaveLength(1)
})

test('the evidence that merged two hosts does not merge them again after a split', () => {
  const world = openWorld()
  world.see(dep(X))
  world.see(osquery({ uuid: U }))
  expect(world.see(mdm({ serial: X, udid: U })).kind).toBe('merge')
  takeBack(world)
  expect(world.see(mdm({ serial: X, udid: U })).kind).toBe('quarantine')
  expect(world.see(mdm({ serial: X, udid: U })).kind).toBe('attach')
})

test('a split gives the keys back that the merge had ended', () => {
  const world = openWorld()
  world.see(dep(X))
  world.see(osquery({ uuid: U }))
  world.see(mdm({ serial: X, udid: U }))
  expect(takeBack(world).restored).toEqual(world.tables().agents.map((row) => row.node_key_hash))
})

const conflicting = {
  replaced: [osquery({ serial: X, uuid: U }), osquery({ serial: X, uuid: V })],
  proposed: [dep(X), mdm({ udid: U }), osquery({ serial: X, uuid: U })],
  cloned: [osquery({ serial: X, uuid: U }), osquery({ serial: Y, uuid: U })],
} as const

function answered(kind: keyof typeof conflicting, answer: Answer) {
  const world = openWorld()
  const hosts = conflicting[kind].map((sighting) => hostOf(world.see(sighting)))
  const [conflict] = world.tables().conflicts
  if (conflict === undefined) throw new Error('no conflict to answer')
  const outcome = resolveConflict(
    { conflict, answer },
    knownAmong(hosts, world.lookups),
    world.fresh(),
  )
  if (outcome.ok) {
    world.commit(outcome.value.writes)
    const gone = outcome.value.kind === 'merged' ? outcome.value.losers : []
    world.follow({ gone, to: outcome.value.hostId, settled: outcome.value.settled })
  }
  return { world, hosts, outcome, conflict: world.tables().conflicts[0] }
}

test('a confirmed replacement makes one host with the new board', () => {
  const { world, hosts, conflict } = answered('replaced', { choice: 'confirm-replacement' })
  expect(world.live(hosts[1] ?? '')).toBe(hosts[0])
  expect(world.claimOf(hosts[0] ?? '', 'uuid', V)?.status).toBe('active')
  expect(world.claimOf(hosts[0] ?? '', 'uuid', U)?.status).toBe('superseded')
  expect(conflict?.resolution).toBe('merged')
  expect(world.see(osquery({ serial: X, uuid: V }))).toMatchObject({
    kind: 'attach',
    hostId: hosts[0],
  })
})

test('a host kept separate leaves quarantine and is found again', () => {
  const { world, hosts, conflict } = answered('replaced', { choice: 'keep-separate' })
  expect(world.lookups.host(hosts[1] ?? '')?.quarantined).toBe(0)
  expect(conflict?.resolution).toBe('keep-separate')
  expect(world.see(osquery({ serial: X, uuid: V }))).toMatchObject({
    kind: 'attach',
    hostId: hosts[1],
  })
})

test('a dismissed conflict is closed and changes no host', () => {
  const { world, hosts, conflict } = answered('replaced', { choice: 'dismiss' })
  expect(world.lookups.host(hosts[1] ?? '')?.quarantined).toBe(1)
  expect(conflict?.resolved_at).not.toBeNull()
})

test('a confirmed proposal makes one host of all three', () => {
  const { world, hosts, conflict } = answered('proposed', { choice: 'merge' })
  expect(hosts.map((id) => world.live(id))).toEqual([hosts[0], hosts[0], hosts[0]])
  expect(world.claimOf(hosts[0] ?? '', 'uuid', U)?.status).toBe('active')
  expect(conflict?.resolution).toBe('merged')
})

test('a refused proposal keeps the two apart whatever agents say', () => {
  const { world, hosts } = answered('proposed', { choice: 'keep-separate' })
  const again = world.see(osquery({ serial: X, uuid: U }))
  expect(again).toMatchObject({ kind: 'attach', hostId: hosts[2] })
})

test('clones that are one computer are merged under the serial an operator names, and own their UUID again', () => {
  expect(answered('cloned', { choice: 'merge' }).outcome).toMatchObject({
    ok: false,
    error: { kind: 'differ' },
  })
  const first = openWorld()
  const preferred = hostOf(first.see(conflicting.cloned[0]))
  const { world, hosts } = answered('cloned', { choice: 'merge', prefer: preferred })
  expect(world.claimOf(hosts[0] ?? '', 'uuid', U)?.status).toBe('active')
  expect(world.claimOf(hosts[0] ?? '', 'serial', Y)?.status).toBe('superseded')
})

test('a conflict takes one answer, and only one that was offered', () => {
  const { world, hosts, conflict } = answered('replaced', { choice: 'dismiss' })
  if (conflict === undefined) throw new Error('the conflict is gone')
  const again = { conflict, answer: { choice: 'keep-separate' as const } }
  expect(resolveConflict(again, knownAmong(hosts, world.lookups), world.fresh())).toEqual({
    ok: false,
    error: { kind: 'already-resolved' },
  })
  expect(answered('cloned', { choice: 'confirm-replacement' }).outcome).toMatchObject({
    ok: false,
    error: { kind: 'not-offered' },
  })
})

function hostOf(decision: ReturnType<World['see']>): string {
  if (decision.kind === 'unidentifiable') throw new Error('nothing to find a host by')
  return decision.hostId
}
