// Who may become which host: the certificate decides, and what was known of the host before.
import { expect, test } from 'vitest'
import type { Sighting } from '../../src/identity/sighting.ts'
import { dep, mdm, osquery, uuidOf } from './sightings.ts'
import { openWorld } from './world.ts'
import type { World } from './world.ts'

const X = 'C02X1'
const Y = 'C02X2'
const U = uuidOf(1)
const V = uuidOf(2)

const shared = { newCertificate: true }

/** Sightings after which the computer with serial X and hardware UUID U is known as the name says. */
const standings = {
  'known to nobody': [],
  'known to its agent': [osquery({ serial: X, uuid: U })],
  'in Apple’s list': [dep(X)],
  'in Apple’s list, with an agent': [dep(X), osquery({ serial: X, uuid: U })],
  'enrolled by a certificate': [mdm({ serial: X, udid: U }, 'mdm', shared)],
  'enrolled before certificates were asked for': [mdm({ serial: X, udid: U }, 'agent')],
  'known to MDM, and no longer enrolled': [osquery({ serial: X, uuid: U }, { trust: 'mdm' })],
} as const satisfies Readonly<Record<string, readonly Sighting[]>>

type Standing = keyof typeof standings

/** The certificate presented, and the host it was minted for or bound to before. */
type Certificate = 'shared' | 'minted for it' | 'minted for another' | 'another’s' | 'proven'

// prettier-ignore
const rules: readonly (readonly [Standing, Certificate, { readonly serial?: string; readonly udid?: string }, string])[] = [
  // the host                                      its certificate        says                       is
  ['known to nobody',                              'shared',              { serial: X, udid: U },    'created'],
  ['known to nobody',                              'proven',              { serial: X, udid: U },    'created'],
  ['known to its agent',                           'shared',              { serial: X, udid: U },    'taken in'],
  ['known to its agent',                           'shared',              { udid: U },               'taken in'],
  ['known to its agent',                           'minted for it',       { serial: X, udid: U },    'taken in'],
  ['known to its agent',                           'proven',              { serial: X, udid: U },    'taken in'],
  ['in Apple’s list',                              'shared',              { serial: X, udid: U },    'set apart'],
  ['in Apple’s list',                              'shared',              { serial: X },             'set apart'],
  ['in Apple’s list',                              'minted for it',       { serial: X, udid: U },    'taken in'],
  ['in Apple’s list',                              'proven',              { serial: X, udid: U },    'taken in'],
  ['in Apple’s list, with an agent',               'shared',              { serial: X, udid: U },    'set apart'],
  ['in Apple’s list, with an agent',               'shared',              { udid: U },               'set apart'],
  ['in Apple’s list, with an agent',               'shared',              { serial: Y, udid: U },    'set apart'],
  ['enrolled by a certificate',                    'shared',              { serial: X, udid: U },    'set apart'],
  ['enrolled by a certificate',                    'shared',              { serial: X },             'set apart'],
  ['enrolled by a certificate',                    'shared',              { udid: U },               'set apart'],
  ['enrolled by a certificate',                    'shared',              { serial: X, udid: V },    'set apart'],
  ['enrolled by a certificate',                    'shared',              { serial: Y, udid: U },    'set apart'],
  ['enrolled by a certificate',                    'shared',              { serial: Y, udid: V },    'created'],
  ['enrolled by a certificate',                    'minted for it',       { serial: X, udid: U },    'taken in'],
  ['enrolled by a certificate',                    'minted for it',       { serial: X, udid: V },    'taken in'],
  ['enrolled by a certificate',                    'minted for it',       { serial: Y, udid: V },    'refused'],
  ['enrolled by a certificate',                    'minted for it',       { serial: Y, udid: U },    'refused'],
  ['enrolled by a certificate',                    'minted for another',  { serial: X, udid: U },    'refused'],
  ['enrolled by a certificate',                    'minted for another',  { serial: X },             'refused'],
  ['enrolled by a certificate',                    'minted for another',  { udid: U },               'refused'],
  ['enrolled by a certificate',                    'another’s',           { serial: X, udid: U },    'refused'],
  ['enrolled by a certificate',                    'another’s',           { udid: U },               'refused'],
  ['enrolled by a certificate',                    'proven',              { serial: X, udid: U },    'taken in'],
  ['enrolled by a certificate',                    'proven',              { serial: X, udid: V },    'taken in'],
  ['enrolled before certificates were asked for',  'shared',              { serial: X, udid: U },    'set apart'],
  ['enrolled before certificates were asked for',  'minted for it',       { serial: X, udid: U },    'taken in'],
  ['known to MDM, and no longer enrolled',         'shared',              { serial: X, udid: U },    'set apart'],
  ['known to MDM, and no longer enrolled',         'shared',              { udid: U },               'set apart'],
  ['known to MDM, and no longer enrolled',         'minted for it',       { serial: X, udid: U },    'taken in'],
  ['known to MDM, and no longer enrolled',         'another’s',           { serial: X, udid: U },    'refused'],
]
for (const [standing, certificate, says, outcome] of rules)
  test(`a host ${standing}: a certificate ${certificate} that says ${Object.keys(says).join(' and ')}${Object.values(says).includes(Y) || Object.values(says).includes(V) ? ' (another)' : ''} is ${outcome}`, () => {
    const { world, host, other } = stage(standing)
    const before = world.tables()
    const decision = world.decide(sightingWith(certificate, { says, host, other }), world.fresh())
    expect(outcomeOf(decision, host)).toBe(outcome)
    if (outcome !== 'taken in' && host !== undefined) {
      expect(world.tables().claims).toEqual(expect.arrayContaining([...before.claims]))
      expect(world.live(host)).toBe(host)
    }
  })

function stage(standing: Standing) {
  const world = openWorld()
  const seen = standings[standing].map((sighting) => idOf(world.see(sighting)))
  const other = idOf(world.see(mdm({ serial: 'C02OTHER1', udid: uuidOf(9) }, 'mdm', shared)))
  return { world, host: seen.at(-1), other }
}

type Staged = {
  readonly says: { readonly serial?: string; readonly udid?: string }
  readonly host: string | undefined
  readonly other: string
}

function sightingWith(certificate: Certificate, { says, host = 'none', other }: Staged): Sighting {
  switch (certificate) {
    case 'shared':
      return mdm(says, 'mdm', shared)
    case 'minted for it':
      return mdm(says, 'mdm', { vouched: true, credential: { hostId: host } })
    case 'minted for another':
      return mdm(says, 'mdm', { vouched: true, credential: { hostId: other } })
    case 'another’s':
      return mdm(says, 'mdm', { credential: { hostId: other } })
    case 'proven':
      return mdm(says, 'apple', shared)
  }
}

function outcomeOf(decision: ReturnType<World['decide']>, host: string | undefined): string {
  switch (decision.kind) {
    case 'create':
      return 'created'
    case 'attach':
    case 'merge':
      return decision.hostId === host ? 'taken in' : `lands on ${decision.hostId}`
    case 'quarantine':
      return 'set apart'
    case 'propose-merge':
      return 'proposed'
    case 'copied-credential':
    case 'agent-present':
    case 'unidentifiable':
      return 'refused'
  }
}

const idOf = (decision: ReturnType<World['see']>): string =>
  decision.kind === 'unidentifiable' ? 'none' : decision.hostId

/** Enrolled by one certificate, and somebody else says to be the same computer with another. */
function withTwin() {
  const world = openWorld()
  const owner = idOf(world.see(mdm({ serial: X, udid: U }, 'mdm', shared)))
  const twin = idOf(world.see(mdm({ serial: X, udid: U }, 'mdm', shared)))
  return { world, owner, twin }
}

const sightingsThatProveNothing = [
  ['Apple’s device list', dep(X)],
  ['an agent', osquery({ serial: X, uuid: U })],
  ['a third certificate', mdm({ serial: X, udid: U }, 'mdm', shared)],
] as const
for (const [who, sighting] of sightingsThatProveNothing)
  test(`a quarantined twin is not merged into the host because ${who} names it again`, () => {
    const { world, owner, twin } = withTwin()
    world.see(sighting)
    expect([owner, twin].map((id) => world.live(id))).toEqual([owner, twin])
  })

test('a twin that names a serial only is not merged by Apple’s list, which names no more', () => {
  const world = openWorld()
  const owner = idOf(world.see(dep(X)))
  const twin = idOf(world.see(mdm({ serial: X }, 'mdm', shared)))
  expect(world.see(dep(X))).toMatchObject({ kind: 'attach', hostId: owner })
  expect(world.live(twin)).toBe(twin)
})

test('whoever comes third does not take the place of the one set apart', () => {
  const { world, owner, twin } = withTwin()
  const third = idOf(world.see(mdm({ serial: X, udid: U }, 'mdm', shared)))
  expect([owner, twin]).not.toContain(third)
})

test('nor does one that names the new board of the one set apart', () => {
  const world = openWorld()
  const owner = idOf(world.see(mdm({ serial: X, udid: U }, 'mdm', shared)))
  const twin = idOf(world.see(mdm({ serial: X, udid: V }, 'mdm', shared)))
  const third = idOf(world.see(mdm({ serial: X, udid: V }, 'mdm', shared)))
  expect([owner, twin]).not.toContain(third)
})

test('the host’s own certificate leaves the twin to an operator', () => {
  const { world, owner, twin } = withTwin()
  const own = mdm({ serial: X, udid: U }, 'mdm', { credential: { hostId: owner } })
  expect(world.see(own)).toMatchObject({ kind: 'attach', hostId: owner, release: [] })
  expect(world.live(twin)).toBe(twin)
})

const proofs = [
  [
    'a challenge minted for the host',
    (hostId: string) => ({ vouched: true, credential: { hostId } }),
    'mdm',
  ],
  ['evidence of Apple’s', () => shared, 'apple'],
] as const
for (const [what, more, trust] of proofs)
  test(`${what} takes the quarantined twin along`, () => {
    const { world, owner, twin } = withTwin()
    world.see(mdm({ serial: X, udid: U }, trust, more(owner)))
    expect(world.live(twin)).toBe(owner)
  })
