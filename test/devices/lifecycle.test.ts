// The life of a device's certificate: bound, succeeded, renewed, revoked, adopted.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildPlist } from '../../src/protocol/plist/build.ts'
import { createComputer } from '../e2e/computer.ts'
import { enrollSecret } from '../e2e/muster.ts'
import { checkinType, exchange, reportType } from '../e2e/wire.ts'
import {
  adminToken,
  authenticate,
  authority,
  type Badge,
  enrolled,
  identity,
  type Identity,
  idle,
  openRig,
  type Rig,
  signature,
  tokenUpdate,
  topic,
} from './rig.ts'

const ca = authority('Muster device CA of the lives')
const formerCa = authority('A former server’s device CA')
let rig: Rig
beforeAll(async () => {
  rig = await openRig(ca, {
    MUSTER_FORMER_CA: formerCa.certificate.x509.toString(),
    MUSTER_ENROLL_SECRET: enrollSecret,
  })
})
afterAll(() => rig.close())

const statusOf = ({ certificate }: Badge): string =>
  rig.store.lookups.certificate(certificate.fingerprint)?.status ?? 'unknown'

const answered = async (badge: Badge, keys: Parameters<Rig['say']>[1]): Promise<number> =>
  (await rig.say(badge, keys)).status

async function assign({ serial }: Identity): Promise<string> {
  const device = { serial_number: serial, model: 'MacBook Pro', op_type: 'added' }
  expect((await rig.operator.post('/dep/devices', { devices: [device] })).status).toBe(200)
  return rig.store.lookups.depDevice(serial)?.host_id ?? ''
}

test('an Authenticate binds its certificate, and binding it again changes nothing', async () => {
  const { who, badge, host } = await enrolled(rig)
  expect(statusOf(badge)).toBe('active')
  expect(await answered(badge, authenticate(who))).toBe(200)
  expect(rig.hostOf(badge)).toBe(host)
})

test('the certificate before it speaks until the new one has told its token, and never again', async () => {
  const { who, badge: old, host } = await enrolled(rig)
  const fresh = await rig.badge({ mintedFor: host })
  expect(await answered(fresh, authenticate(who))).toBe(200)
  expect(rig.hostOf(fresh)).toBe(host)
  // The answer got lost: the device goes on as it was, and nothing is lost.
  expect(await answered(old, tokenUpdate(who))).toBe(200)
  expect(await answered(old, idle(who))).toBe(200)
  expect(statusOf(fresh)).toBe('active')
  // The device tries again and hears it this time.
  expect(await answered(fresh, authenticate(who))).toBe(200)
  expect(await answered(fresh, tokenUpdate(who))).toBe(200)
  expect(statusOf(old)).toBe('retired')
  for (const keys of [idle(who), tokenUpdate(who), authenticate(who)])
    expect(await answered(old, keys)).toBe(400)
  expect(await answered(fresh, idle(who))).toBe(200)
})

test('of two devices with a certificate for one host the one that enrolled last has it', async () => {
  const { who, badge: first, host } = await enrolled(rig)
  const second = await rig.badge({ mintedFor: host })
  const third = await rig.badge({ mintedFor: host })
  await Promise.all([second, third].map((badge) => rig.say(badge, authenticate(who))))
  await Promise.all([second, third].map((badge) => rig.say(badge, tokenUpdate(who))))
  const living = [first, second, third].filter((badge) => statusOf(badge) === 'active')
  expect(living).toHaveLength(1)
  expect(living[0] && (await answered(living[0], idle(who)))).toBe(200)
})

test('a renewal takes over with its first message, whichever that is', async () => {
  for (const keys of [
    idle,
    tokenUpdate,
    (who: Identity) => ({ MessageType: 'GetBootstrapToken', UDID: who.udid }),
  ]) {
    const { who, badge: old, host } = await enrolled(rig)
    const renews = old.certificate.fingerprint
    const fresh = await rig.badge({ mintedFor: host, renews })
    expect(await answered(old, idle(who))).toBe(200)
    expect(await answered(fresh, keys(who))).toBe(200)
    expect([statusOf(old), statusOf(fresh)]).toEqual(['retired', 'active'])
    expect(await answered(old, idle(who))).toBe(400)
    expect(await answered(fresh, idle(who))).toBe(200)
  }
})

test('a revoked certificate is refused, and a new one for the host brings it back', async () => {
  const { who, badge, host } = await enrolled(rig)
  const { fingerprint } = badge.certificate
  expect((await rig.operator.post(`/certificates/${fingerprint}/revoke`, {})).status).toBe(200)
  for (const keys of [idle(who), authenticate(who)]) expect(await answered(badge, keys)).toBe(400)
  const fresh = await rig.badge({ mintedFor: host })
  expect(await answered(fresh, authenticate(who))).toBe(200)
  expect(await answered(fresh, tokenUpdate(who))).toBe(200)
  expect(rig.hostOf(fresh)).toBe(host)
  expect(statusOf(badge)).toBe('revoked')
})

test('a shared link’s certificate enrols the computer whose agent came first', async () => {
  const who = identity()
  const agent = { serial: who.serial, uuid: who.udid, url: rig.url, enrollSecret }
  await createComputer(agent).enrolInOsquery()
  const known = rig.store.lookups.claimsOn('serial', who.serial)[0]?.host_id
  const { host } = await enrolled(rig, who)
  expect(host).toBe(known)
  expect(rig.store.lookups.host(host)).toMatchObject({ osquery: 'enrolled', quarantined: 0 })
})

test('a device that Apple vouches for enrols as the pending host that its serial names', async () => {
  const who = identity()
  const pending = await assign(who)
  const { host } = await enrolled(rig, who, { proven: who })
  expect(host).toBe(pending)
  expect(rig.store.lookups.claimsOf(host).map(({ source }) => source)).toEqual(['apple', 'apple'])
})

test('a squatter’s certificate ends once the computer itself comes, vouched for by Apple', async () => {
  const who = identity()
  const squatter = await enrolled(rig, who)
  const genuine = await enrolled(rig, who, { proven: who })
  expect(genuine.host).toBe(squatter.host)
  expect(statusOf(squatter.badge)).toBe('retired')
  expect(await answered(squatter.badge, idle(who))).toBe(400)
})

test('a squatter that was set apart ends as soon as the computer itself comes', async () => {
  const who = identity()
  const pending = await assign(who)
  const squatter = await enrolled(rig, who)
  expect(rig.store.lookups.host(squatter.host)?.quarantined).toBe(1)
  const genuine = await rig.badge({ proven: who })
  expect(await answered(genuine, authenticate(who))).toBe(200)
  expect(rig.hostOf(genuine)).toBe(pending)
  expect(rig.live(squatter.host)).toBe(pending)
  expect(statusOf(squatter.badge)).toBe('retired')
  expect(await answered(squatter.badge, tokenUpdate(who))).toBe(400)
})

test('a second certificate for a live host is visible, and an operator may say that it is that host', async () => {
  const { who, badge: old, host } = await enrolled(rig)
  const again = await enrolled(rig, who)
  expect(again.host).not.toBe(host)
  const [conflict] = rig.store.lookups.conflictsOf(again.host)
  expect(conflict).toMatchObject({ kind: 'takeover', resolved_at: null })
  // Its own enrollment goes on beside, and so does that of the host it asks to be.
  expect(await answered(again.badge, idle(who))).toBe(200)
  expect(await answered(old, idle(who))).toBe(200)
  const path = `/conflicts/${conflict?.id}/resolve`
  expect((await rig.operator.post(path, { choice: 'merge' })).status).toBe(200)
  expect(rig.live(again.host)).toBe(host)
  expect([statusOf(old), statusOf(again.badge)]).toEqual(['retired', 'active'])
  expect(await answered(again.badge, idle(who))).toBe(200)
  expect(await answered(old, idle(who))).toBe(400)
})

/** A hardware UUID and a mobile UDID do not contradict each other. */
test('taking the merge back gives both their certificates back', async () => {
  const one = await enrolled(rig, { ...identity(), serial: '' })
  const other = await enrolled(rig, {
    serial: identity().serial,
    udid: '00008112-000A5C2E1B46D01E',
  })
  const { status } = await rig.operator.post(`/hosts/${one.host}/merge`, { with: other.host })
  expect(status).toBe(200)
  expect([statusOf(one.badge), statusOf(other.badge)]).toEqual(['retired', 'active'])
  expect((await rig.operator.post(`/hosts/${rig.live(one.host)}/split`, {})).status).toBe(200)
  for (const { who, badge, host } of [one, other]) {
    expect(statusOf(badge)).toBe('active')
    expect(rig.hostOf(badge)).toBe(host)
    expect(await answered(badge, idle(who))).toBe(200)
  }
})

test('the key of a live host leads to it, however many others enrol under it', async () => {
  const { who, host } = await enrolled(rig)
  await enrolled(rig, who)
  await enrolled(rig, who)
  expect(rig.store.lookups.enrollment(who.udid)?.host_id).toBe(host)
})

test('a certificate goes where its host goes', async () => {
  const one = await enrolled(rig, { ...identity(), serial: '' })
  const pending = await assign(identity())
  const { status } = await rig.operator.post(`/hosts/${pending}/merge`, { with: one.host })
  expect(status).toBe(200)
  expect(await answered(one.badge, idle(one.who))).toBe(200)
  expect(rig.live(one.host)).toBe(rig.live(pending))
})

test('a new board under the serial is believed of a certificate minted for the host', async () => {
  const { who, host } = await enrolled(rig)
  const board = { serial: who.serial, udid: identity().udid }
  const { host: same, badge } = await enrolled(rig, board, { mintedFor: host })
  expect(same).toBe(host)
  expect(await answered(badge, idle(board))).toBe(200)
  expect(await answered(badge, idle(who))).toBe(400)
})

test('a per-host link on another computer enrols nobody', async () => {
  const { host } = await enrolled(rig)
  const badge = await rig.badge({ mintedFor: host })
  const other = identity()
  expect(await answered(badge, authenticate(other))).toBe(400)
  expect(rig.store.lookups.claimsOn('serial', other.serial)).toEqual([])
})

const send = (body: string, header: string, type = reportType) =>
  exchange(rig.url, {
    path: '/mdm',
    headers: { 'content-type': type, 'mdm-signature': header },
    body,
  })

test('a signature is good for its own body, and for a day', async () => {
  const { who, badge } = await enrolled(rig)
  const body = buildPlist(idle(who))
  const dayMs = 86_400_000
  const of = (atMs: number) => signature(badge, body, atMs)
  expect((await send(body, of(Date.now()))).status).toBe(200)
  expect((await send(body, of(Date.now() - dayMs + 60_000))).status).toBe(200)
  for (const atMs of [Date.now() - 2 * dayMs, Date.now() + 2 * dayMs])
    expect((await send(body, of(atMs))).status).toBe(400)
  const other = buildPlist({ UDID: who.udid, Status: 'NotNow', CommandUUID: 'A' })
  expect((await send(other, of(Date.now()))).status).toBe(400)
  const checkout = buildPlist({ MessageType: 'CheckOut', UDID: who.udid, Topic: topic })
  expect((await send(checkout, of(Date.now()), checkinType)).status).toBe(400)
})

/** A host as a migration leaves it: enrolled on an operator's word, and never with a certificate. */
async function migrated(): Promise<{ readonly who: Identity; readonly host: string }> {
  const who = identity()
  for (const message of [authenticate(who), tokenUpdate(who)]) {
    const { status } = await exchange(rig.url, {
      method: 'PUT',
      path: '/migration',
      headers: { authorization: `Basic ${Buffer.from(`x:${adminToken}`).toString('base64')}` },
      body: buildPlist(message),
    })
    if (status !== 200) throw new Error(`a migration was answered ${status}`)
  }
  return { who, host: rig.store.lookups.enrollment(who.udid)?.host_id ?? '' }
}

const ofFormer = () => rig.badge({ issuer: formerCa, recorded: false })

test('a former server’s certificate is adopted by the enrollment it first speaks for', async () => {
  const { who, host } = await migrated()
  const badge = await ofFormer()
  expect(await answered(badge, idle(who))).toBe(200)
  const row = rig.store.lookups.certificate(badge.certificate.fingerprint)
  expect(row).toMatchObject({ origin: 'adopted', status: 'active', host_id: host })
  expect(await answered(badge, tokenUpdate(who))).toBe(200)
})

test('it is not adopted where there is a certificate already, nor for a second host', async () => {
  const { who } = await enrolled(rig)
  const badge = await ofFormer()
  for (const keys of [idle(who), tokenUpdate(who), authenticate(who)])
    expect(await answered(badge, keys)).toBe(400)
  const first = await migrated()
  const second = await migrated()
  expect(await answered(badge, idle(first.who))).toBe(200)
  expect(await answered(badge, idle(second.who))).toBe(400)
})

test('of several at once one is adopted', async () => {
  const { who, host } = await migrated()
  const badges = await Promise.all(Array.from({ length: 6 }, ofFormer))
  const answers = await Promise.all(badges.map((badge) => answered(badge, idle(who))))
  expect(answers.filter((status) => status === 200)).toHaveLength(1)
  const adopted = rig.store.lookups.certificatesOf(host).filter(({ status }) => status === 'active')
  expect(adopted).toHaveLength(1)
})

test('a former server’s certificate enrols nobody new', async () => {
  expect(await answered(await ofFormer(), authenticate(identity()))).toBe(400)
})
