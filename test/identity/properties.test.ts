import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  anyStep,
  history,
  isSettledKind,
  landedOn,
  partition,
  play,
  playAll,
  presented,
  repeated,
} from './histories.ts'
import { computers, honestSightings } from './sightings.ts'
import type { Tables } from './world.ts'
import { openWorld } from './world.ts'
import { outranks } from '../../src/identity/trust.ts'

const runs = { numRuns: 300 }

test('honest computers give the same hosts and the same claims in every order, with restarts anywhere', () => {
  fc.assert(
    fc.property(honestOrders, ({ one, other, restarts }) => {
      const first = partition(play(one, []))
      const second = partition(play(other, restarts))
      expect(second).toEqual(first)
    }),
    runs,
  )
})

const honestOrders = computers(5).chain((fleet) => {
  const steps = fleet.flatMap((computer, index) =>
    honestSightings(computer).map((sighting) => ({ computer: index, sighting })),
  )
  const order = fc.shuffledSubarray([...steps, ...steps], { minLength: steps.length * 2 })
  return fc.record({ one: order, other: order, restarts: fc.array(fc.nat(40), { maxLength: 5 }) })
})

test('after honest sightings every computer is on one host and no conflict is open', () => {
  fc.assert(
    fc.property(honestOrders, ({ one }) => {
      const { world, landings } = play(one, [])
      for (const hosts of Map.groupBy(landings, ({ computer }) => computer).values())
        expect(new Set(hosts.map(({ hostId }) => world.live(hostId))).size).toBe(1)
      const tables = world.tables()
      expect(tables.conflicts).toEqual([])
      const live = tables.hosts.filter((host) => host.merged_into === null)
      expect(live).toHaveLength(new Set(landings.map(({ computer }) => computer)).size)
      expect(live.every((host) => host.quarantined === 0)).toBe(true)
    }),
    runs,
  )
})

test('whatever is claimed, an identifier has one live owner and no row is lost', () => {
  fc.assert(
    fc.property(history, ({ steps, restarts }) => {
      let world = openWorld()
      let before = countRows(world.tables())
      for (const [index, step] of steps.entries()) {
        if (restarts.includes(index)) world = world.restart()
        world.see(presented(step, world))
        const tables = world.tables()
        const after = countRows(tables)
        for (const [name, count] of Object.entries(before))
          expect(after[name], name).toBeGreaterThanOrEqual(count)
        before = after
        for (const row of [...tables.claims, ...tables.agents, ...tables.enrollments])
          expect(world.live(row.host_id)).toBe(row.host_id)
        for (const row of [...tables.depDevices, ...tables.commands])
          expect(world.live(row.host_id)).toBe(row.host_id)
      }
    }),
    runs,
  )
})

const countRows = (tables: Tables): Readonly<Record<string, number>> => ({
  hosts: tables.hosts.length,
  enrollments: tables.enrollments.length,
  depDevices: tables.depDevices.length,
  agents: tables.agents.length,
  commands: tables.commands.length,
  conflicts: tables.conflicts.length,
  identifiers: new Set(tables.claims.map(({ kind, value }) => `${kind} ${value}`)).size,
})

test('resolving the same sighting twice changes nothing and lands on the same host', () => {
  fc.assert(
    fc.property(history, anyStep, ({ steps }, last) => {
      const world = playAll(steps)
      const sighting = presented(last, world)
      const first = world.decide(sighting, world.fresh())
      const before = world.tables()
      const again = world.decide(repeated(sighting, first, world), world.fresh())
      expect(landedOn(again)).toBe(landedOn(first))
      expect(world.tables()).toEqual(before)
    }),
    { numRuns: 600 },
  )
})

test('weaker evidence never moves or restates a stronger claim, except with the host that a merge moves whole', () => {
  fc.assert(
    fc.property(history, anyStep, ({ steps }, last) => {
      const world = playAll(steps)
      const sighting = presented(last, world)
      const trust = sighting.vouched ? 'apple' : sighting.trust
      const before = world.tables().claims
      world.decide(sighting, world.fresh())
      for (const row of before.filter(({ source }) => outranks(source, trust))) {
        const after = world.claimOf(world.live(row.host_id), row.kind, row.value)
        expect(after?.source).toBe(row.source)
        const isMoved = after?.host_id !== row.host_id
        const allowed = isMoved ? ['active', 'shared', 'disputed'] : [row.status]
        expect([row.status, ...allowed]).toContain(after?.status)
      }
    }),
    { numRuns: 600 },
  )
})

test('a contradiction changes no claim of any other host, nor its standing', () => {
  fc.assert(
    fc.property(history, anyStep, ({ steps }, last) => {
      const world = playAll(steps)
      const before = world.tables()
      const decision = world.decide(presented(last, world), world.fresh())
      if (isSettledKind(decision)) return
      const mine = landedOn(decision)
      const others = (tables: Tables) => ({
        claims: tables.claims.filter((row) => row.host_id !== mine),
        hosts: tables.hosts.filter((row) => row.id !== mine),
        agents: tables.agents,
        enrollments: tables.enrollments,
        depDevices: tables.depDevices,
        commands: tables.commands,
      })
      expect(others(world.tables())).toEqual(others(before))
      if (decision.kind === 'copied-credential') expect(world.tables()).toEqual(before)
    }),
    { numRuns: 600 },
  )
})
