// Certificates that ended, and what was obtained with them before: neither may come back.
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  authenticate,
  authority,
  type Badge,
  enrolled,
  identity,
  idle,
  openRig,
  type Rig,
  tokenUpdate,
} from './rig.ts'

const ca = authority('Muster device CA of the comebacks')
const formerCa = authority('A former server’s device CA')
let rig: Rig
beforeAll(async () => {
  rig = await openRig(ca, { MUSTER_FORMER_CA: formerCa.certificate.x509.toString() })
})
afterAll(() => rig.close())

const answered = async (badge: Badge, keys: Parameters<Rig['say']>[1]): Promise<number> =>
  (await rig.say(badge, keys)).status

const statusOf = ({ certificate }: Badge): string =>
  rig.store.lookups.certificate(certificate.fingerprint)?.status ?? 'unknown'

const renewalOf = ({ certificate }: Badge, host: string): Promise<Badge> =>
  rig.badge({ mintedFor: host, renews: certificate.fingerprint })

test('a renewal ends with the certificate it was to replace, once that is revoked', async () => {
  const { who, badge, host } = await enrolled(rig)
  const renewal = await renewalOf(badge, host)
  const path = `/certificates/${badge.certificate.fingerprint}/revoke`
  expect((await rig.operator.post(path, {})).status).toBe(200)
  for (const keys of [idle(who), tokenUpdate(who), authenticate(who)])
    expect(await answered(renewal, keys)).toBe(400)
})

test('a renewal of a certificate that another enrolment ended does not end the new one', async () => {
  const { who, badge, host } = await enrolled(rig)
  const renewal = await renewalOf(badge, host)
  const fresh = await rig.badge({ mintedFor: host })
  expect(await answered(fresh, authenticate(who))).toBe(200)
  expect(await answered(fresh, tokenUpdate(who))).toBe(200)
  for (const keys of [idle(who), tokenUpdate(who), authenticate(who)])
    expect(await answered(renewal, keys)).toBe(400)
  expect(statusOf(fresh)).toBe('active')
  expect(await answered(fresh, idle(who))).toBe(200)
})

test('of two renewals of one certificate the first that speaks is the one', async () => {
  const { who, badge, host } = await enrolled(rig)
  const [first, second] = [await renewalOf(badge, host), await renewalOf(badge, host)]
  expect(await answered(first, idle(who))).toBe(200)
  expect(await answered(second, idle(who))).toBe(400)
  expect(await answered(first, idle(who))).toBe(200)
})

test('whoever has a certificate by a link and did not use it enrols no more once that is revoked', async () => {
  const { who, badge, host } = await enrolled(rig)
  const { body } = await rig.operator.post('/enrollment-links', { name: 'to the wrong one', host })
  const link_id = String(body['id'])
  const issued = await rig.badge({ mintedFor: host, link_id })
  const other = await enrolled(rig, identity(), { link_id })
  const renewal = await rig.badge({
    mintedFor: other.host,
    link_id,
    renews: other.badge.certificate.fingerprint,
  })
  await rig.operator.post(`/enrollment-links/${link_id}/revoke`, {})
  expect(await answered(issued, authenticate(who))).toBe(400)
  expect(await answered(badge, idle(who))).toBe(200)
  // Who enrolled by it stays enrolled, and is renewed.
  expect(await answered(other.badge, idle(other.who))).toBe(200)
  expect(await answered(renewal, idle(other.who))).toBe(200)
})

test('a host whose adopted certificate was revoked is not adopted by the next former one', async () => {
  const who = identity()
  const owner = await enrolled(rig, who)
  await rig.operator.post(`/certificates/${owner.badge.certificate.fingerprint}/revoke`, {})
  const stranger = await rig.badge({ issuer: formerCa, recorded: false })
  expect(await answered(stranger, idle(who))).toBe(400)
  expect(await answered(stranger, authenticate(who))).toBe(400)
})
