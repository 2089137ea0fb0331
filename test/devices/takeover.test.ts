// Somebody wants to be another computer. Each script ends with the same questions: is the victim itself still, and
// does anything the attacker holds speak for it?
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  authenticate,
  authority,
  type Badge,
  enrolled,
  identity,
  type Identity,
  idle,
  impostor,
  type Keys,
  openRig,
  type Rig,
  tokenUpdate,
  topic,
} from './rig.ts'

const ca = authority('Muster device CA of the scripts')
let rig: Rig
beforeAll(async () => (rig = await openRig(ca)))
afterAll(() => rig.close())

type Victim = { readonly who: Identity; readonly badge: Badge; readonly host: string }

/** Gives what the attacker holds in the end. */
type Attack = (victim: Victim) => Promise<readonly Badge[]>

/** A stranger with a certificate of a shared link says so and goes on as an enrolled device does. */
const byLink =
  (says: (who: Identity) => Keys): Attack =>
  async ({ who }) => {
    const badge = await rig.badge()
    const keys = says(who)
    const { status } = await rig.say(badge, keys)
    expect([200, 400]).toContain(status)
    const { UDID: udid = who.udid } = keys
    await goOn(badge, { ...who, udid: typeof udid === 'string' ? udid : who.udid })
    return [badge]
  }

const goOn = async (badge: Badge, who: Identity): Promise<void> => {
  await rig.say(badge, tokenUpdate(who))
  await rig.say(badge, tokenUpdate(who, { UserID: 'U-1', UserShortName: 'mallory' }))
  await rig.say(badge, idle(who))
}

const says =
  (change: (who: Identity) => Partial<Identity> & Keys) =>
  (who: Identity): Keys => {
    const { serial = who.serial, udid = who.udid, ...more } = change(who)
    return { ...authenticate({ serial, udid }), ...more }
  }

const mintedFor = async (
  how: (other: Victim) => Promise<Badge>,
  keys: (who: Identity, other: Victim) => Keys,
  { who }: Victim,
) => {
  const other = await enrolled(rig)
  const badge = await how(other)
  expect((await rig.say(badge, keys(who, other))).status).toBe(400)
  await goOn(badge, who)
  return [badge]
}

const another = { serial: 'C02STRANGER', udid: '00000000-1111-4000-8000-0000000000FF' }

// prettier-ignore
const attacks: readonly (readonly [string, Attack])[] = [
  ['by a shared link, under UDID and serial',       byLink(says(() => ({})))],
  ['by a shared link, under the UDID alone',        byLink(({ udid }) => authenticate({ udid }))],
  ['by a shared link, under the serial alone',      byLink(says(() => ({ udid: another.udid })))],
  ['by a shared link, under a UDID of zeros',       byLink(says(() => ({ udid: '00000000-0000-0000-0000-000000000000' })))],
  ['by a shared link, under UDID and other serial', byLink(says(() => ({ serial: another.serial })))],
  ['with the UDID in lower case',                   byLink(says(({ udid }) => ({ udid: udid.toLowerCase() })))],
  ['with the UDID in mixed case',                   byLink(says(({ udid }) => ({ udid: udid.replace('B', 'b') })))],
  ['with spaces before the UDID',                   byLink(says(({ udid }) => ({ udid: `  ${udid}` })))],
  ['with spaces after the UDID',                    byLink(says(({ udid }) => ({ udid: `${udid} ` })))],
  ['with a no-break space after the UDID',          byLink(says(({ udid }) => ({ udid: `${udid}\u00a0` })))],
  ['with a zero-width space in the UDID',           byLink(says(({ udid }) => ({ udid: `${udid.slice(0, 9)}\u200b${udid.slice(9)}` })))],
  ['with braces round the UDID',                    byLink(says(({ udid }) => ({ udid: `{${udid}}` })))],
  ['with the UDID’s dashes left out',               byLink(says(({ udid }) => ({ udid: udid.replaceAll('-', '') })))],
  ['with full-width digits in the UDID',            byLink(says(({ udid }) => ({ udid: udid.replaceAll('4', '４') })))],
  ['with a Cyrillic letter in the UDID',            byLink(says(({ udid }) => ({ udid: udid.replace('C', 'С') })))],
  ['with the serial in lower case',                 byLink(says(({ serial }) => ({ serial: serial.toLowerCase(), udid: another.udid })))],
  ['with spaces round the serial',                  byLink(says(({ serial }) => ({ serial: ` ${serial}  `, udid: another.udid })))],
  ['with a Cyrillic letter in the serial',          byLink(says(({ serial }) => ({ serial: serial.replace('C', 'С'), udid: another.udid })))],
  ['with a combining mark in the serial',           byLink(says(({ serial }) => ({ serial: `${serial}\u0301`, udid: another.udid })))],
  ['under an EnrollmentID and the serial',          byLink(({ serial }) => ({ ...authenticate({ serial }), EnrollmentID: 'E-1' }))],
  ['under the UDID as an EnrollmentID',             byLink(({ udid }) => ({ ...authenticate({}), EnrollmentID: udid }))],
  ['under a UDID that ends in a user',              byLink(says(({ udid }) => ({ udid: `${udid}:U-1` })))],
  ['as a user of the device',                       byLink((who) => ({ ...authenticate(who), UserID: 'U-1' }))],
  ['twice, with two certificates',                  async (victim) => [...(await byLink(says(() => ({})))(victim)), ...(await byLink(says(() => ({})))(victim))]],
  ['sixteen strangers at once', async ({ who }) => {
    const badges = await Promise.all(Array.from({ length: 16 }, () => rig.badge()))
    await Promise.all(badges.map((badge) => rig.say(badge, authenticate(who))))
    await Promise.all(badges.map((badge) => rig.say(badge, tokenUpdate(who))))
    return badges
  }],
  ['while the victim itself enrols again', async ({ who, badge }) => {
    const strangers = await Promise.all(Array.from({ length: 4 }, () => rig.badge()))
    await Promise.all([badge, ...strangers].map((one) => rig.say(one, authenticate(who))))
    await Promise.all([...strangers, badge].map((one) => rig.say(one, tokenUpdate(who))))
    return strangers
  }],
  ['with a certificate bound to another host, by Authenticate',  (victim) => mintedFor(async ({ badge }) => badge, authenticate, victim)],
  ['with a certificate bound to another host, serial only',      (victim) => mintedFor(async ({ badge }) => badge, ({ serial }, other) => authenticate({ serial, udid: other.who.udid }), victim)],
  ['with a certificate bound to another host, by TokenUpdate',   (victim) => mintedFor(async ({ badge }) => badge, (who) => tokenUpdate(who), victim)],
  ['with a certificate bound to another host, by CheckOut',      (victim) => mintedFor(async ({ badge }) => badge, ({ udid }) => ({ MessageType: 'CheckOut', UDID: udid, Topic: topic }), victim)],
  ['with a certificate bound to another host, by a new user',    (victim) => mintedFor(async ({ badge }) => badge, (who) => tokenUpdate(who, { UserID: 'U-2' }), victim)],
  ['with a certificate bound to another host, naming both',      (victim) => mintedFor(async ({ badge }) => badge, ({ udid }) => ({ UDID: udid, EnrollmentID: 'E-2', Status: 'Idle' }), victim)],
  ['with a certificate minted for another host',                 (victim) => mintedFor(({ host }) => rig.badge({ mintedFor: host }), authenticate, victim)],
  ['with a certificate minted for another host, UDID only',      (victim) => mintedFor(({ host }) => rig.badge({ mintedFor: host }), ({ udid }) => authenticate({ udid }), victim)],
  ['with a renewal of another host’s, by Idle',                  (victim) => mintedFor(({ host, badge }) => rig.badge({ mintedFor: host, renews: badge.certificate.fingerprint }), (who) => idle(who), victim)],
  ['with a renewal of another host’s, by Authenticate',          (victim) => mintedFor(({ host, badge }) => rig.badge({ mintedFor: host, renews: badge.certificate.fingerprint }), authenticate, victim)],
  ['with a certificate minted for a host that is gone', async ({ who }) => {
    const other = await enrolled(rig)
    const badge = await rig.badge({ mintedFor: other.host })
    await rig.operator.remove(`/hosts/${other.host}`)
    expect((await rig.say(badge, authenticate(who))).status).toBe(400)
    return [badge, other.badge]
  }],
  ['with what proves another computer', async ({ who }) => {
    const badge = await rig.badge({ proven: identity() })
    expect((await rig.say(badge, authenticate(who))).status).toBe(400)
    return [badge]
  }],
  ['with a proof of the own serial and the victim’s UDID', async ({ who }) => {
    const own = identity()
    const badge = await rig.badge({ proven: { serial: own.serial } })
    await rig.say(badge, authenticate({ serial: own.serial, udid: who.udid }))
    await goOn(badge, who)
    return [badge]
  }],
  ['with a proof of the own UDID and the victim’s serial', async ({ who }) => {
    const own = identity()
    const badge = await rig.badge({ proven: { udid: own.udid } })
    await rig.say(badge, authenticate({ serial: who.serial, udid: own.udid }))
    await goOn(badge, own)
    return [badge]
  }],
  ['with a certificate of the victim’s that was revoked', async ({ who, host }) => {
    const badge = await rig.badge({ status: 'revoked', host_id: host })
    for (const keys of [authenticate(who), tokenUpdate(who)]) expect((await rig.say(badge, keys)).status).toBe(400)
    return [badge]
  }],
  ['with one that has run out', async ({ who, host }) => {
    const badge = await rig.badge({ status: 'active', host_id: host, not_after: Date.now() - 90_000_000 })
    for (const keys of [authenticate(who), tokenUpdate(who)]) expect((await rig.say(badge, keys)).status).toBe(400)
    return []
  }],
  ['with one that signed itself', async ({ who }) => {
    const badge = impostor()
    for (const keys of [authenticate(who), tokenUpdate(who)]) expect((await rig.say(badge, keys)).status).toBe(400)
    return [badge]
  }],
  ['with one we signed and never recorded', async ({ who }) => {
    const badge = await rig.badge({ recorded: false })
    for (const keys of [authenticate(who), tokenUpdate(who)]) expect((await rig.say(badge, keys)).status).toBe(400)
    return [badge]
  }],
  ['and then the device list names the serial', async (victim) => {
    const badges = await byLink(({ serial }) => authenticate({ serial, udid: '00000000-0000-0000-0000-000000000000' }))(victim)
    await assign(victim.who)
    await assign(victim.who)
    return badges
  }],
  ['and then the operator keeps them separate', async (victim) => {
    const badges = await byLink(says(() => ({})))(victim)
    await answer(victim, 'keep-separate')
    await goOn(badges[0] ?? impostor(), victim.who)
    return badges
  }],
  ['and then the operator dismisses it', async (victim) => {
    const badges = await byLink(says(() => ({})))(victim)
    await answer(victim, 'dismiss')
    await goOn(badges[0] ?? impostor(), victim.who)
    return badges
  }],
  ['and then the attacker leaves and comes back', async (victim) => {
    const badges = await byLink(says(() => ({})))(victim)
    const [badge = impostor()] = badges
    await rig.say(badge, { MessageType: 'CheckOut', UDID: victim.who.udid, Topic: topic })
    await rig.say(badge, authenticate(victim.who))
    await goOn(badge, victim.who)
    return badges
  }],
]

for (const [name, attack] of attacks)
  test(`a live host is not taken over ${name}`, async () => {
    const victim = await enrolled(rig)
    const held = await attack(victim)
    await isItself(victim, held)
  })

/** Before the first token, after leaving, and where Apple's list speaks for a computer nobody has enrolled. */
const standings: Readonly<Record<string, () => Promise<Victim>>> = {
  'a host that has only said Authenticate': async () => {
    const [who, badge] = [identity(), await rig.badge()]
    await rig.say(badge, authenticate(who))
    return { who, badge, host: rig.hostOf(badge) ?? '' }
  },
  'a host that has left': async () => {
    const victim = await enrolled(rig)
    const { udid } = victim.who
    await rig.say(victim.badge, { MessageType: 'CheckOut', UDID: udid, Topic: topic })
    return victim
  },
  'a pending host': async () => {
    const who = identity()
    const host = await assign(who)
    return { who, host, badge: await rig.badge({ mintedFor: host }) }
  },
  'a host merged from two': async () => {
    const who = identity()
    await assign({ ...who, serial: who.serial })
    const first = await enrolled(rig, { serial: '', udid: who.udid })
    const pending = rig.store.lookups.claimsOn('serial', who.serial)[0]?.host_id ?? ''
    const { status } = await rig.operator.post(`/hosts/${pending}/merge`, { with: first.host })
    expect(status).toBe(200)
    return { who, badge: first.badge, host: pending }
  },
}
for (const [standing, prepare] of Object.entries(standings))
  for (const [name, keys] of [
    ['UDID and serial', says(() => ({}))],
    ['the serial alone', says(() => ({ udid: another.udid }))],
    ['the UDID alone', ({ udid }: Identity) => authenticate({ udid })],
  ] as const)
    test(`${standing} is not taken over by a shared link, under ${name}`, async () => {
      const victim = await prepare()
      const held = await byLink(keys)(victim)
      if ((await rig.say(victim.badge, authenticate(victim.who))).status !== 200)
        throw new Error('the victim cannot enrol again')
      await rig.say(victim.badge, tokenUpdate(victim.who))
      await isItself(victim, held)
    })

async function isItself({ who, badge, host }: Victim, held: readonly Badge[]): Promise<void> {
  const live = rig.live(host)
  expect((await rig.say(badge, idle(who))).status).toBe(200)
  expect(rig.live(rig.hostOf(badge) ?? '')).toBe(live)
  const before = standingOf(live)
  for (const one of held) {
    expect(speaksFor(one), 'what the attacker holds').not.toBe(live)
    for (const keys of [
      tokenUpdate(who),
      tokenUpdate(who, { UserID: 'U-1' }),
      idle(who),
      { MessageType: 'CheckOut', UDID: who.udid, Topic: topic },
    ])
      await rig.say(one, keys)
  }
  expect(standingOf(live)).toEqual(before)
  expect(rig.store.lookups.host(live)?.mdm).toBe('enrolled.ready')
  expect(rig.store.lookups.host(live)?.quarantined).toBe(0)
  expect((await rig.say(badge, idle(who))).status).toBe(200)
}

function speaksFor({ certificate }: Badge): string | undefined {
  const row = rig.store.lookups.certificate(certificate.fingerprint)
  const isOver = row === undefined || row.status === 'revoked' || row.status === 'retired'
  return isOver || row.host_id === null ? undefined : rig.live(row.host_id)
}

const standingOf = (host: string): readonly unknown[] => [
  rig.store.lookups.hostActor(host),
  rig.store.lookups.claimsOf(host),
  rig.store.lookups.enrollmentsOf(host),
]

async function assign({ serial }: Identity): Promise<string> {
  const device = { serial_number: serial, model: 'MacBook Pro', op_type: 'added' }
  const { status } = await rig.operator.post('/dep/devices', { devices: [device] })
  expect(status).toBe(200)
  return rig.store.lookups.depDevice(serial)?.host_id ?? ''
}

/** What an operator says to the conflict between the victim and whoever was set apart. */
async function answer({ host }: Victim, choice: string): Promise<void> {
  const [conflict] = rig.store.lookups
    .conflictsOf(host)
    .concat(await openConflicts())
    .filter((row) => row.kind === 'takeover' && row.others.includes(host))
  if (conflict === undefined) throw new Error('there is no conflict to answer')
  const path = `/conflicts/${conflict.id}/resolve`
  expect((await rig.operator.post(path, { choice })).status).toBe(200)
}

async function openConflicts() {
  const items = await rig.operator.all('/conflicts?open=true')
  return items.flatMap(({ id }) => rig.store.lookups.conflict(String(id)) ?? [])
}

test('a host that is quarantined for a shared link claims no name of its victim: references and webhooks know the victim', async () => {
  const { who, host } = await enrolled(rig)
  const hook = await rig.operator.post('/webhooks', {
    name: 'nanocmd',
    url: 'https://receiver.example/hook',
    kind: 'nanomdm',
  })
  expect(hook.status).toBe(201)
  const badge = await rig.badge()
  expect((await rig.say(badge, authenticate(who))).status).toBe(200)
  await goOn(badge, who)
  const twin = rig.hostOf(badge)
  expect(twin).not.toBe(host)
  const shown = await rig.operator.get(`/hosts/${twin}`)
  expect(shown.body).toMatchObject({ quarantined: true })
  for (const ref of [who.serial, who.udid])
    expect((await rig.operator.get(`/hosts/${ref}`)).body).toMatchObject({ id: host })
  const told = await rig.operator.all(`/webhooks/${String(hook.body['id'])}/deliveries`)
  expect(told.filter((one) => one['host_id'] === twin)).toEqual([])
})
