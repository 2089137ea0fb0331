// Whom a certificate speaks for, out of memory; and what is written down of those who are not believed.
import { expect, test } from 'vitest'
import { rowOfCertificate } from '../../src/intake/certificates.ts'
import type { Credential } from '../../src/intake/credential.ts'
import { createDeviceRegistry } from '../../src/intake/device-registry.ts'
import { createMdmIntake } from '../../src/intake/mdm.ts'
import { createRefusals } from '../../src/intake/refusals.ts'
import { createSight } from '../../src/intake/sight.ts'
import { createTurnstile } from '../../src/intake/turnstile.ts'
import { readCheckin } from '../../src/protocol/mdm/checkin.ts'
import { readReport } from '../../src/protocol/mdm/report.ts'
import { buildPlist } from '../../src/protocol/plist/build.ts'
import type { CertificateRow } from '../../storage/certificate-rows.ts'
import { authority, device, nowMs } from '../pki/signers.ts'
import { createClock } from '../runtime/clock.ts'
import { type House, openHouse } from '../runtime/world.ts'

const { certificate } = device(authority('the authority'), 'a device', 'ec')
const minuteMs = 60_000

const rowOf = (more: Partial<CertificateRow> = {}): CertificateRow => ({
  ...rowOfCertificate(certificate),
  public_key_hash: certificate.spkiHash,
  origin: 'issued',
  status: 'issued',
  host_id: null,
  vouched_host_id: null,
  proven: null,
  profile: null,
  link_id: null,
  team: null,
  challenge_hash: null,
  transaction_id: null,
  renews: null,
  issued_at: nowMs,
  first_use_by: null,
  bound_at: null,
  ended_at: null,
  ended_by: null,
  ...more,
})

const opened = (): Promise<House> => openHouse({ clock: createClock(nowMs) })

const registryOf = ({ store, hosts, clock }: House, isFormer = false) =>
  createDeviceRegistry({
    lookups: store.lookups,
    live: hosts.live,
    world: clock,
    isFormer: () => isFormer,
  })

const device1 = { UDID: '7F3A0000-0000-4000-8000-000000000001', Topic: 'com.apple.mgmt.test' }
const authenticate = { ...device1, MessageType: 'Authenticate', SerialNumber: 'C02REG1' }
const token = { ...device1, MessageType: 'TokenUpdate', Token: Buffer.alloc(32), PushMagic: 'm' }

/** The intake as devices reach it, each message with what the registry says of the certificate. */
function door(house: House, registry = registryOf(house)) {
  const { hosts, store, clock: world, sealing } = house
  const sight = createSight({ store, hosts, world, turnstile: createTurnstile() })
  const mdm = createMdmIntake({ hosts, lookups: store.lookups, sealing, sight, world })
  const credential = (): Credential => {
    const known = registry({ certificate })
    if (!known.ok) throw new Error(known.error.kind)
    return known.value
  }
  return {
    async checkin(message: Parameters<typeof buildPlist>[0]) {
      const read = readCheckin(new TextEncoder().encode(buildPlist(message)))
      if (!read.ok) throw new Error(read.error.detail)
      return mdm.checkin(read.value, credential())
    },
    async idle() {
      const body = new TextEncoder().encode(buildPlist({ UDID: device1.UDID, Status: 'Idle' }))
      const read = readReport(body)
      if (!read.ok) throw new Error(read.error.detail)
      return mdm.report(read.value, body, credential())
    },
  }
}

test('a poll with a certificate reads no row and writes none', async () => {
  const house = await opened()
  await house.store.commit([{ put: 'certificate', row: rowOf() }])
  const { checkin, idle } = door(house)
  expect(await checkin(authenticate)).toEqual({ kind: 'nothing' })
  expect(await checkin(token)).toEqual({ kind: 'nothing' })
  expect(await idle()).toEqual({ kind: 'nothing' })
  expect(house.store.rowsRead).toMatchObject({ certificate: expect.any(Number) })
  house.store.forget()
  for (let times = 0; times < 20; times += 1) expect(await idle()).toEqual({ kind: 'nothing' })
  expect(house.store.rowsRead).toEqual({})
  expect(house.store.commits).toEqual([])
})

/** In this order, since what was ended stays so. */
// prettier-ignore
const standings: readonly (readonly [string, Partial<CertificateRow>, object])[] = [
  ['of a shared link',          {},                                                  { ok: true, value: { hostId: null, bound: false } }],
  ['with a proof',              { proven: '{"serial":"C02X1"}' },                    { ok: true, value: { hostId: null, proven: { serial: 'C02X1' } } }],
  ['minted for one that is',    { vouched_host_id: 'gone' },                         { ok: false, error: { kind: 'host-gone' } }],
  ['of a host that is gone',    { status: 'active', host_id: 'gone' },               { ok: false, error: { kind: 'host-gone' } }],
  ['that was retired',          { status: 'retired' },                               { ok: false, error: { kind: 'retired' } }],
  ['that was revoked',          { status: 'revoked' },                               { ok: false, error: { kind: 'revoked' } }],
]
test('a certificate is known as what its row says', async () => {
  const house = await opened()
  for (const [name, more, expected] of standings) {
    await house.store.commit([{ put: 'certificate', row: rowOf(more) }])
    expect(registryOf(house)({ certificate }), name).toMatchObject(expected)
  }
})

const late = nowMs + 60 * minuteMs

type Use = { readonly more: Partial<CertificateRow>; readonly at: number }
const inUse = { first_use_by: late, status: 'active' } as const

// prettier-ignore
const uses: readonly (readonly [string, Use, 'believed' | 'expired-unused'])[] = [
  ['issued, in time',             { more: { first_use_by: late }, at: late - 1 },     'believed'],
  ['issued, too late',            { more: { first_use_by: late }, at: late },         'expired-unused'],
  ['issued and waited for never', { more: {}, at: late },                             'believed'],
  ['in use, long after',          { more: inUse, at: late + minuteMs },               'believed'],
]
test.each(uses)('a certificate %s is looked at without a row', async (_, use, expected) => {
  const house = await opened()
  await house.store.commit([{ put: 'certificate', row: rowOf(use.more) }])
  const registry = registryOf(house)
  registry({ certificate })
  house.clock.set(use.at)
  house.store.forget()
  const known = registry({ certificate })
  expect(known.ok ? 'believed' : known.error.kind).toBe(expected)
  expect(house.store.rowsRead).toEqual({})
})

test('no clock that is put back brings an unused certificate back', async () => {
  const house = await opened()
  await house.store.commit([{ put: 'certificate', row: rowOf({ first_use_by: late }) }])
  const registry = registryOf(house)
  house.clock.set(late)
  expect(registry({ certificate })).toMatchObject({ error: { kind: 'expired-unused' } })
  house.clock.jump(-30 * minuteMs)
  expect(registry({ certificate })).toMatchObject({ error: { kind: 'expired-unused' } })
})

test('one that nobody recorded is unknown, unless its authority is a former server’s', async () => {
  const house = await opened()
  expect(registryOf(house)({ certificate })).toMatchObject({
    error: { kind: 'unknown-certificate' },
  })
  expect(registryOf(house, true)({ certificate })).toEqual({
    ok: true,
    value: { kind: 'former', certificate },
  })
})

test('its dates are held against our clock', async () => {
  const before = await openHouse({ clock: createClock(certificate.notBeforeMs - 1) })
  expect(registryOf(before)({ certificate })).toMatchObject({ error: { kind: 'not-yet-valid' } })
  const after = await openHouse({ clock: createClock(certificate.notAfterMs + 1) })
  expect(registryOf(after)({ certificate })).toMatchObject({ error: { kind: 'expired' } })
})

test('what is revoked is refused from that moment on, though it was remembered', async () => {
  const house = await opened()
  await house.store.commit([{ put: 'certificate', row: rowOf() }])
  const registry = registryOf(house)
  expect(registry({ certificate }).ok).toBe(true)
  const revoked = { put: 'certificate', row: rowOf({ status: 'revoked' }) } as const
  await house.store.commit([revoked])
  house.hosts.live.publish([revoked], [])
  expect(registry({ certificate })).toMatchObject({ error: { kind: 'revoked' } })
})

test('a certificate revoked while its Authenticate is decided binds nothing', async () => {
  const house = await opened()
  await house.store.commit([{ put: 'certificate', row: rowOf() }])
  const { checkin } = door(house)
  const isBinding = (writes: readonly { readonly put?: string }[]): boolean =>
    writes.some(({ put }) => put === 'host_actor')
  const letThrough = house.store.hold(isBinding as never)
  const answer = checkin(authenticate)
  await house.store.commit([{ put: 'certificate', row: rowOf({ status: 'revoked' }) }])
  letThrough()
  expect(await answer).toEqual({ kind: 'refused', why: 'copied-credential' })
  expect(house.store.lookups.certificate(certificate.fingerprint)?.status).toBe('revoked')
  expect(house.store.lookups.claimsOn('serial', 'C02REG1')).toEqual([])
})

function refusing(house: House) {
  const counted: string[] = []
  const { store, hosts, clock: world } = house
  const count = (kind: string): void => void counted.push(kind)
  return { counted, note: createRefusals({ store, live: hosts.live, world, count }) }
}

test('the same refusal is journalled once in ten minutes, and always counted', async () => {
  const house = await opened()
  const { counted, note } = refusing(house)
  const refusal = { kind: 'retired', fingerprint: 'f', hostId: 'h' } as const
  for (let times = 0; times < 50; times += 1) note(refusal)
  expect(house.store.commits).toHaveLength(1)
  await house.advance(11 * minuteMs)
  note(refusal)
  expect(house.store.commits).toHaveLength(2)
  expect(counted).toHaveLength(51)
})

test('whoever has many certificates fills no disk', async () => {
  const house = await opened()
  const { counted, note } = refusing(house)
  for (let nth = 0; nth < 5_000; nth += 1)
    note({ kind: 'unknown-certificate', fingerprint: `f${nth}`, hostId: null })
  expect(house.store.commits).toHaveLength(200)
  expect(counted).toHaveLength(5_000)
  await house.advance(11 * minuteMs)
  note({ kind: 'retired', fingerprint: 'f', hostId: 'h' })
  expect(house.store.commits).toHaveLength(201)
})
