import { expect, test } from 'vitest'
import type { Sighting } from '../../src/identity/sighting.ts'
import { dep, mdm, osquery, uuidOf } from './sightings.ts'
import { openWorld } from './world.ts'
import type { World } from './world.ts'

const X = 'C02X1'
const Y = 'C02X2'
const U = uuidOf(1)
const V = uuidOf(2)
const I = 'instance-1'
const J = 'instance-2'

/** Minted for the host of the first sighting. */
const vouched = { vouched: true }
const agent = osquery({ serial: X, uuid: U, osqueryInstance: I })

/** Which of the earlier sightings' hosts the last one lands on; `new` when on none of them. */
function outcome(before: readonly Sighting[], last: Sighting) {
  const world = openWorld()
  const hosts = before.map((sighting) => idOf(world.see(sighting)))
  const [first = 'none'] = hosts
  const decision = world.see(last.vouched ? { ...last, credential: { hostId: first } } : last)
  const index = hosts.findIndex((id) => world.live(id) === idOf(decision))
  return { world, decision, hosts, landed: index === -1 ? 'new' : index }
}

const idOf = (decision: ReturnType<World['see']>): string =>
  decision.kind === 'unidentifiable' ? 'none' : decision.hostId

// prettier-ignore
const rules: readonly (readonly [string, readonly Sighting[], Sighting, string, number | 'new', string | undefined])[] = [
  // a true sentence                                                                  before                                             then                                          is              on     conflict
  ['1: a computer nobody knows gets a host',                                          [],                                                agent,                                        'create',       'new', undefined],
  ['1: a computer known only by its osquery instance is found by it',                 [osquery({ osqueryInstance: I })],                 osquery({ osqueryInstance: I }),              'attach',       0,     undefined],
  ['2: the agent on a Mac from the device list is that Mac',                          [dep(X)],                                          agent,                                        'attach',       0,     undefined],
  ['2: a Mac in MDM is the computer whose agent came first',                          [agent],                                           mdm({ serial: X, udid: U }),                  'attach',       0,     undefined],
  ['2: an agent that first said nothing but its instance fills in the rest later',    [osquery({ osqueryInstance: I })],                 agent,                                        'attach',       0,     undefined],
  ['2: a second agent on one computer is the same host',                              [agent],                                           osquery({ serial: X, uuid: U, osqueryInstance: J }), 'attach', 0,    undefined],
  ['2: a disk image on other hardware is another computer',                           [agent],                                           osquery({ serial: Y, uuid: V, osqueryInstance: I }), 'create', 'new', undefined],
  ['3: Authenticate links a pending serial and an agent known by UUID',               [dep(X), osquery({ uuid: U })],                    mdm({ serial: X, udid: U }),                  'merge',        0,     undefined],
  ['3: an agent links them too while only one is known to Apple or MDM',              [dep(X), osquery({ uuid: U })],                    agent,                                        'merge',        0,     undefined],
  ['3: between two hosts known to Apple and MDM an agent only proposes',              [dep(X), mdm({ udid: U })],                        agent,                                        'propose-merge', 'new', 'proposed-merge'],
  ['3: the proposing agent seen again stays where it was put',                        [dep(X), mdm({ udid: U }), agent],                 agent,                                        'attach',       2,     undefined],
  ['3: better evidence merges them and takes the proposing agent along',              [dep(X), mdm({ udid: U }), agent],                 mdm({ serial: X, udid: U }),                  'merge',        0,     undefined],
  ['4: another board under a known serial is not believed of an agent',               [agent],                                           osquery({ serial: X, uuid: V }),              'quarantine',   'new', 'serial-reuse'],
  ['4: nor of MDM at equal trust',                                                    [mdm({ serial: X, udid: U })],                     mdm({ serial: X, udid: V }),                  'quarantine',   'new', 'serial-reuse'],
  ['4: seen again it is where it was put',                                            [agent, osquery({ serial: X, uuid: V })],          osquery({ serial: X, uuid: V }),              'attach',       1,     undefined],
  ['4: a challenge minted for the host proves the new board',                         [mdm({ serial: X, udid: U })],                     mdm({ serial: X, udid: V }, 'mdm', vouched),  'attach',       0,     undefined],
  ['4: so does evidence of Apple\'s',                                                 [mdm({ serial: X, udid: U })],                     mdm({ serial: X, udid: V }, 'apple'),          'attach',       0,     undefined],
  ['4: proof of the new board takes the quarantined host along',                      [agent, osquery({ serial: X, uuid: V })],          mdm({ serial: X, udid: V }, 'mdm', vouched),  'merge',        0,     undefined],
  ['4: a virtual machine has no board to replace',                                    [mdm({ serial: X, udid: U })],                     mdm({ serial: X, udid: V }, 'mdm', { vouched: true, virtual: true }), 'copied-credential', 0, undefined],
  ['4: an agent\'s guess about the board does not lock the real one out',             [dep(X), agent],                                   mdm({ serial: X, udid: V }),                  'attach',       0,     undefined],
  ['4: the old board in another computer belongs to that one',                        [mdm({ serial: X, udid: U }), mdm({ serial: X, udid: V }, 'apple')], osquery({ serial: Y, uuid: U }), 'create', 'new', undefined],
  ['4: the board that was replaced, seen with the serial again, is not believed of an agent', [mdm({ serial: X, udid: U }), mdm({ serial: X, udid: V }, 'apple')], osquery({ serial: X, uuid: U }), 'quarantine', 'new', 'serial-reuse'],
  ['5: two serials under one UUID at equal trust are clones',                         [agent],                                           osquery({ serial: Y, uuid: U }),              'create',       'new', 'clone'],
  ['5: a clone seen again is told by its serial',                                     [agent, osquery({ serial: Y, uuid: U })],          osquery({ serial: Y, uuid: U }),              'attach',       1,     undefined],
  ['5: the first of them too',                                                        [agent, osquery({ serial: Y, uuid: U })],          agent,                                        'attach',       0,     undefined],
  ['5: a clone without serial is told by its instance',                               [agent, osquery({ serial: Y, uuid: U })],          osquery({ uuid: U, osqueryInstance: I }),     'attach',       0,     undefined],
  ['5: a clone that nothing tells apart is set apart',                                [agent, osquery({ serial: Y, uuid: U })],          osquery({ uuid: U }),                         'quarantine',   'new', 'clone'],
  ['5: against better evidence the agent gets a host of its own',                     [mdm({ serial: X, udid: U })],                     osquery({ serial: Y, uuid: U }),              'quarantine',   'new', 'contradiction'],
  ['5: better evidence takes the UUID from the agent that had it',                    [osquery({ serial: Y, uuid: U })],                 mdm({ serial: X, udid: U }),                  'create',       'new', 'contradiction'],
  ['6: a virtual machine with a known serial and another UUID is not guessed about',  [agent],                                           osquery({ serial: X, uuid: V }, { virtual: true }), 'quarantine', 'new', 'contradiction'],
  ['6: an agent that mixes two computers is neither',                                 [mdm({ serial: X, udid: U }), mdm({ serial: Y, udid: V })], osquery({ serial: X, uuid: V }),     'quarantine',   'new', 'serial-reuse'],
  ['a new certificate does not walk into a live enrollment',                          [mdm({ serial: X, udid: U })],                     mdm({ serial: X, udid: U }, 'mdm', { newCertificate: true }), 'quarantine', 'new', 'takeover'],
  ['a new certificate minted for the host does',                                      [mdm({ serial: X, udid: U })],                     mdm({ serial: X, udid: U }, 'mdm', vouched),  'attach',       0,     undefined],
  ['a computer that says nothing of itself gets no host',                             [],                                                osquery({ serial: 'None', uuid: '' }),        'unidentifiable', 'new', undefined],
]
for (const [sentence, before, last, kind, landed, conflict] of rules)
  test(sentence, () => {
    const result = outcome(before, last)
    expect(result.decision.kind).toBe(kind)
    expect(result.landed).toBe(landed)
    const opened =
      'writes' in result.decision
        ? result.decision.writes.flatMap((write) =>
            'put' in write && write.put === 'conflict' && write.row.resolved_at === null
              ? [write.row.kind]
              : [],
          )
        : []
    expect(opened).toEqual(conflict === undefined ? [] : [conflict])
  })

test('a replaced board leaves its UUID behind as superseded', () => {
  const { world, hosts } = outcome(
    [mdm({ serial: X, udid: U })],
    mdm({ serial: X, udid: V }, 'apple'),
  )
  expect(world.claimOf(hosts[0], 'uuid', U)?.status).toBe('superseded')
  expect(world.claimOf(hosts[0], 'uuid', V)?.status).toBe('active')
})

test('6: hosts that differ in what the sighting does not say are not merged by it', () => {
  const world = openWorld()
  const one = idOf(world.see(mdm({ serial: X, udid: '00008112-000A5C2E1B46D01E' })))
  const other = idOf(world.see(osquery({ uuid: U })))
  const credential = { hostId: other }
  world.see(mdm({ udid: '00008112-000A5C2E1B46D01F' }, 'agent', { credential }))
  const decision = world.see(osquery({ serial: X, uuid: U }, { trust: 'mdm' }))
  expect(decision.kind).toBe('quarantine')
  expect([one, other].map((id) => world.live(id))).toEqual([one, other])
})

test('a device set apart for its certificate does not get in with that certificate later', () => {
  const world = openWorld()
  const owner = idOf(world.see(mdm({ serial: X, udid: U })))
  const stranger = idOf(world.see(mdm({ serial: X, udid: U }, 'mdm', { newCertificate: true })))
  const credential = { hostId: stranger }
  const again = world.see(mdm({ serial: X, udid: U }, 'mdm', { credential }))
  expect(again).toMatchObject({ kind: 'attach', hostId: stranger, release: [] })
  expect(world.live(owner)).toBe(owner)
})

test('a host set apart owns what nobody else does and disputes the rest', () => {
  const { world, decision } = outcome([agent], osquery({ serial: X, uuid: V }))
  expect(world.claimOf(idOf(decision), 'serial', X)?.status).toBe('disputed')
  expect(world.claimOf(idOf(decision), 'uuid', V)?.status).toBe('active')
  expect(world.lookups.host(idOf(decision))?.quarantined).toBe(1)
})

test('three clones make one conflict that names them all', () => {
  const clones = ['C1', 'C2', 'C3'].map((serial) => osquery({ serial, uuid: U }))
  const { world, hosts } = outcome(clones, osquery({ serial: 'C4', uuid: U }))
  const [conflict, ...more] = world.tables().conflicts
  expect(more).toEqual([])
  expect(conflict?.host_id).toBe(hosts[0])
  expect(JSON.parse(conflict?.others ?? '')).toEqual([hosts[1], hosts[2], expect.any(String)])
  expect(hosts.map((id) => world.claimOf(id, 'uuid', U)?.status)).toEqual([
    'shared',
    'shared',
    'shared',
  ])
})

test('one instance on two computers tells neither of them', () => {
  const { world, hosts, decision } = outcome(
    [agent],
    osquery({ serial: Y, uuid: V, osqueryInstance: I }),
  )
  expect(world.claimOf(hosts[0], 'osquery_instance', I)?.status).toBe('shared')
  expect(world.claimOf(idOf(decision), 'osquery_instance', I)?.status).toBe('shared')
})

test('an agent that squatted on a UUID loses its key and its host once MDM speaks', () => {
  const { world, hosts, decision } = outcome(
    [osquery({ serial: Y, uuid: U })],
    mdm({ serial: X, udid: U }),
  )
  expect('revoked' in decision && decision.revoked).toHaveLength(1)
  expect(world.lookups.host(hosts[0] ?? '')?.quarantined).toBe(1)
  expect(world.claimOf(hosts[0], 'uuid', U)?.status).toBe('disputed')
})

test('a host that Apple vouches for is not quarantined for what an agent said on it', () => {
  const { world, hosts } = outcome(
    [dep(Y), osquery({ serial: Y, uuid: U })],
    mdm({ serial: X, udid: U }),
  )
  expect(world.lookups.host(hosts[0] ?? '')?.quarantined).toBe(0)
  expect(world.claimOf(hosts[0], 'uuid', U)?.status).toBe('superseded')
})

test('better evidence that merges two hosts leaves no ghost of the agent that proposed it', () => {
  const { world, hosts } = outcome([dep(X), mdm({ udid: U }), agent], mdm({ serial: X, udid: U }))
  expect(hosts.map((id) => world.live(id))).toEqual([hosts[0], hosts[0], hosts[0]])
  expect(world.tables().conflicts).toMatchObject([{ resolution: 'merged' }])
})

test("a claim that MDM disputed becomes its host's own on the word of MDM, not of an agent", () => {
  const { world, hosts } = outcome([mdm({ serial: X, udid: U })], mdm({ serial: X, udid: V }))
  const [owner = '', apart = ''] = [...hosts, world.lookups.claimsOn('uuid', V)[0]?.host_id]
  world.commit([{ drop: 'claim', kind: 'serial', value: X, host_id: owner }])
  world.see(osquery({ serial: X, uuid: V }))
  expect(world.claimOf(apart, 'serial', X)?.status).toBe('disputed')
  world.see(mdm({ serial: X, udid: V }))
  expect(world.claimOf(apart, 'serial', X)?.status).toBe('active')
  expect(world.lookups.host(apart)?.quarantined).toBe(0)
})

test('agents end on a host that better evidence takes into another, and go on when an agent does', () => {
  const before = [osquery({ uuid: U, osqueryInstance: I }), dep(X)]
  const byMdm = outcome(before, mdm({ serial: X, udid: U })).decision
  const byAgent = outcome(before.toReversed(), agent).decision
  expect('revoked' in byMdm && byMdm.revoked).toHaveLength(1)
  expect('revoked' in byAgent && byAgent.revoked).toEqual([])
})

test('a conflict says what was seen, what it contradicts and what can be done', () => {
  const { world } = outcome([agent], osquery({ serial: X, uuid: V }))
  const detail: unknown = JSON.parse(world.tables().conflicts[0]?.detail ?? '')
  expect(detail).toEqual({
    sentence:
      `A computer came with serial ${X} and hardware UUID ${V}, but that serial belongs to a host with hardware UUID ${U}. ` +
      'Confirm the replacement if its board was changed; keep them separate if these are two computers.',
    seen: [
      { kind: 'serial', value: X },
      { kind: 'uuid', value: V },
    ],
    contradicts: [{ kind: 'uuid', value: U, host_id: expect.any(String) }],
    choices: ['confirm-replacement', 'keep-separate', 'dismiss'],
  })
})

// prettier-ignore
const credentials = [
  // the host's own             payload with its key                      is
  [agent,                       { serial: X, uuid: U },                   'attach'],
  [agent,                       { serial: X },                            'attach'],
  [agent,                       {},                                       'attach'],
  [agent,                       { serial: X, uuid: V },                   'copied-credential'],
  [agent,                       { serial: Y, uuid: U },                   'copied-credential'],
  [agent,                       { serial: Y, uuid: V },                   'copied-credential'],
  [osquery({ osqueryInstance: I }), { serial: X, uuid: U },               'attach'],
  [osquery({ uuid: U }),        { serial: X },                            'attach'],
] as const
for (const [own, payload, kind] of credentials)
  test(`the key of ${said(own.claims)} with a payload of ${said(Object.entries(payload))} is ${kind}`, () => {
    const world = openWorld()
    const hostId = idOf(world.see(own))
    const before = world.tables()
    const decision = world.decide(osquery(payload, { credential: { hostId } }), world.fresh())
    expect(decision).toMatchObject({ kind, hostId })
    if (kind === 'copied-credential') expect(world.tables()).toEqual(before)
  })

function said(claims: readonly unknown[]): string {
  return claims.length === 0 ? 'nothing' : JSON.stringify(claims)
}

test('a credentialed payload that names what another host owns disputes it and takes nothing', () => {
  const world = openWorld()
  const owner = idOf(world.see(mdm({ serial: X, udid: U })))
  const hostId = idOf(world.see(osquery({ serial: Y })))
  const decision = world.decide(
    osquery({ serial: Y, uuid: U }, { credential: { hostId } }),
    world.fresh(),
  )
  expect(decision).toMatchObject({ kind: 'attach', hostId })
  expect(world.claimOf(owner, 'uuid', U)?.status).toBe('active')
  expect(world.claimOf(hostId, 'uuid', U)?.status).toBe('disputed')
  expect(world.tables().conflicts).toMatchObject([{ kind: 'contradiction', host_id: hostId }])
})
