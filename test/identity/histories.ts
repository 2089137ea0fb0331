// Random histories: honest computers, clones, new boards, virtual machines, liars and copied keys.
import fc from 'fast-check'
import type { Decision } from '../../src/identity/decision.ts'
import type { Sighting } from '../../src/identity/sighting.ts'
import type { Trust } from '../../storage/rows.ts'
import { dep, mdm, osquery, uuidOf } from './sightings.ts'
import type { World } from './world.ts'
import { openWorld } from './world.ts'

/** A sighting, and which credential it comes with: a node key or a certificate picked among those that live. */
export type Step = {
  readonly sighting: Sighting
  readonly key?: number
  readonly certificate?: number
}

const number = fc.integer({ min: 1, max: 3 })
const serial = fc.oneof(
  { weight: 5, arbitrary: number.map((n) => `C02X${n}`) },
  { weight: 1, arbitrary: fc.constantFrom('None', '0') },
)
const uuid = fc.oneof(
  { weight: 5, arbitrary: number.map(uuidOf) },
  { weight: 1, arbitrary: fc.constant('03000200-0400-0500-0006-000700080009') },
)
const instance = fc.oneof(
  number.map((n) => `instance-${n}`),
  fc.constant(undefined),
)
const udid = fc.oneof(
  uuid,
  number.map((n) => `00008112-${String(n).padStart(15, '0')}A`),
)
const trust: fc.Arbitrary<Trust> = fc.constantFrom('agent', 'mdm', 'mdm', 'apple')
const rarely = fc.integer({ min: 0, max: 5 }).map((n) => n === 0)

/** Out of so few identifiers everything collides with everything. */
export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  number.map((n): Step => ({ sighting: dep(`C02X${n}`) })),
  number.map((n): Step => ({ sighting: mdm({ enrollmentId: `enrollment-${n}` }) })),
  fc
    .record({ serial, udid, trust, vouched: rarely, newCertificate: rarely })
    .map(({ serial, udid, trust, ...more }): Step => ({
      sighting: mdm({ serial, udid }, trust, more),
    })),
  fc
    .record({ serial, udid, trust, vouched: rarely, certificate: fc.nat(5) })
    .map(({ serial, udid, trust, vouched, certificate }): Step => {
      return { sighting: mdm({ serial, udid }, trust, { vouched }), certificate }
    }),
  fc
    .record({ serial, uuid, osqueryInstance: instance, virtual: rarely })
    .map(({ virtual, ...raw }): Step => ({ sighting: osquery(raw, { virtual }) })),
  fc
    .record({ serial, uuid, osqueryInstance: instance, key: fc.nat(20) })
    .map(({ key, ...raw }): Step => ({ sighting: osquery(raw), key })),
)

/** The sighting with its credential, which belongs to whatever host its row names by now. */
export function presented({ sighting, key, certificate }: Step, world: World): Sighting {
  const { agents, enrollments } = world.tables()
  const rows = key !== undefined ? agents.filter((row) => row.revoked_at === null) : enrollments
  const index = key ?? certificate
  const row = index === undefined ? undefined : rows[index % Math.max(1, rows.length)]
  return row === undefined ? sighting : { ...sighting, credential: { hostId: row.host_id } }
}

/** The same sighting again: a new certificate is bound by now, and a credential's row may have moved. */
export function repeated(sighting: Sighting, first: Decision, world: World): Sighting {
  const { newCertificate, credential, ...rest } = sighting
  const bound = newCertificate === true ? landedOn(first) : credential?.hostId
  return bound === undefined ? rest : { ...rest, credential: { hostId: world.live(bound) } }
}

export function playAll(steps: readonly Step[]): World {
  const world = openWorld()
  for (const step of steps) world.see(presented(step, world))
  return world
}

export const history = fc.record({
  steps: fc.array(anyStep, { minLength: 3, maxLength: 14, size: 'max' }),
  restarts: fc.array(fc.nat(14), { maxLength: 4 }),
})

export const landedOn = (decision: Decision): string | undefined =>
  decision.kind === 'unidentifiable' ? undefined : decision.hostId

/** Whether the sighting was taken for what it says. */
export const isSettledKind = (decision: Decision): boolean =>
  decision.kind === 'create' || decision.kind === 'attach' || decision.kind === 'merge'

export type HonestStep = { readonly computer: number; readonly sighting: Sighting }

type Landed = { readonly computer: number; readonly hostId: string }

export function play(
  steps: readonly HonestStep[],
  restarts: readonly number[],
): { readonly world: World; readonly landings: readonly Landed[] } {
  let world = openWorld()
  const landings: Landed[] = []
  for (const [index, { computer, sighting }] of steps.entries()) {
    if (restarts.includes(index)) world = world.restart()
    const hostId = landedOn(world.see(sighting))
    if (hostId !== undefined) landings.push({ computer, hostId })
  }
  return { world, landings }
}

/** Which computers share a host, and what each claims: all that must not depend on the order. */
export function partition({ world, landings }: ReturnType<typeof play>): readonly unknown[] {
  const byHost = Map.groupBy(landings, ({ hostId }) => world.live(hostId))
  return [...byHost]
    .map(([hostId, landed]) => ({
      computers: [...new Set(landed.map(({ computer }) => computer))].toSorted((a, b) => a - b),
      claims: world
        .tables()
        .claims.filter((row) => row.host_id === hostId)
        .map(({ kind, value, status, source }) => `${kind} ${value} ${status} ${source}`)
        .toSorted(),
    }))
    .toSorted((one, other) => JSON.stringify(one).localeCompare(JSON.stringify(other)))
}
