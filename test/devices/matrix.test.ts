// Every kind of message with every kind of certificate: only the host's own is believed.
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

const ca = authority('Muster device CA of the matrix')
const otherCa = authority('Somebody’s device CA')
let rig: Rig
beforeAll(async () => (rig = await openRig(ca)))
afterAll(() => rig.close())

const uuid = 'A8F1D2C3-0000-4000-8000-000000000001'
const user = 'F2C9B7A4-1111-4000-8000-0000000000AA'

const ofUser = { UserID: user, UserShortName: 'erika', UserLongName: 'Erika' }

/** What the device's own certificate gets: refusals that have nothing to do with who it is are among them. */
// prettier-ignore
const messages: readonly (readonly [string, (who: Identity) => Keys, number])[] = [
  ['Authenticate',           authenticate,                                                                          200],
  ['TokenUpdate',            tokenUpdate,                                                                           200],
  ['SetBootstrapToken',      ({ udid }) => ({ MessageType: 'SetBootstrapToken', UDID: udid, BootstrapToken: Buffer.alloc(32, 9) }), 200],
  ['GetBootstrapToken',      ({ udid }) => ({ MessageType: 'GetBootstrapToken', UDID: udid }),                      200],
  ['DeclarativeManagement',  ({ udid }) => ({ MessageType: 'DeclarativeManagement', UDID: udid, Endpoint: 'tokens' }), 200],
  ['UserAuthenticate',       ({ udid }) => ({ MessageType: 'UserAuthenticate', UDID: udid, UserID: user }),         410],
  ['GetToken',               ({ udid }) => ({ MessageType: 'GetToken', UDID: udid, TokenServiceType: 'com.apple.maid' }), 400],
  ['ReturnToService',        ({ udid }) => ({ MessageType: 'ReturnToService', UDID: udid }),                        200],
  ['CheckOut',               ({ udid }) => ({ MessageType: 'CheckOut', UDID: udid, Topic: topic }),                 200],
  ['Idle',                   idle,                                                                                  200],
  ['TokenUpdate of a user',  (who) => tokenUpdate(who, ofUser),                                                     200],
  ['Idle of a user',         (who) => idle(who, ofUser),                                                            200],
  ['Acknowledged',           ({ udid }) => ({ UDID: udid, Status: 'Acknowledged', CommandUUID: uuid }),             200],
  ['Error',                  ({ udid }) => ({ UDID: udid, Status: 'Error', CommandUUID: uuid, ErrorChain: [] }),     200],
  ['CommandFormatError',     ({ udid }) => ({ UDID: udid, Status: 'CommandFormatError', CommandUUID: uuid, ErrorChain: [] }), 200],
  ['NotNow',                 ({ udid }) => ({ UDID: udid, Status: 'NotNow', CommandUUID: uuid }),                   200],
]

const past = Date.now() - 2 * 86_400_000

/** Certificates that are not the host's, or not any more. */
const foreign: Readonly<Record<string, (host: string) => Promise<Badge | undefined>>> = {
  'another host’s': async () => (await enrolled(rig)).badge,
  expired: (host_id) => rig.badge({ status: 'active', host_id, not_after: past }),
  revoked: (host_id) => rig.badge({ status: 'revoked', host_id }),
  retired: (host_id) => rig.badge({ status: 'retired', host_id }),
  'self-signed': async () => impostor(),
  'another authority’s': (host_id) => rig.badge({ status: 'active', host_id, issuer: otherCa }),
  none: async () => undefined,
}

for (const [name, message, status] of messages) {
  for (const [kind, make] of Object.entries(foreign))
    test(`${name} with a certificate that is ${kind} is refused and changes nothing`, async () => {
      const { who, host, badge: own } = await enrolled(rig)
      await rig.say(own, tokenUpdate(who, ofUser))
      const badge = await make(host)
      const before = standingOf(host)
      const hosts = await countOf()
      const got = await rig.say(badge, message(who))
      expect(got.status).toBe(400)
      expect(got.body).toHaveLength(0)
      expect(standingOf(host)).toEqual(before)
      expect(await countOf()).toBe(hosts)
    })

  test(`${name} with the host’s own certificate is answered ${status}`, async () => {
    const { who, badge, host } = await enrolled(rig)
    await rig.say(badge, tokenUpdate(who, ofUser))
    const before = await refusals()
    expect((await rig.say(badge, message(who))).status).toBe(status)
    expect(await refusals()).toBe(before)
    expect(rig.hostOf(badge)).toBe(host)
  })
}

test('a certificate that enrolled nobody may say nothing but Authenticate', async () => {
  const { who } = await enrolled(rig)
  const badge = await rig.badge()
  for (const [name, message] of messages)
    if (name !== 'Authenticate') expect((await rig.say(badge, message(who))).status, name).toBe(400)
  expect((await rig.say(badge, authenticate(identity()))).status).toBe(200)
})

test('the reason is in the journal of the host it concerns, once however often it comes', async () => {
  const { who, host } = await enrolled(rig)
  const stranger = await enrolled(rig)
  for (let times = 0; times < 5; times += 1)
    expect((await rig.say(stranger.badge, idle(who))).status).toBe(400)
  const { body } = await rig.operator.get(`/hosts/${stranger.host}/journal`)
  const refused = (body['items'] as readonly { readonly event: string }[]).filter(
    ({ event }) => event === 'device.refused',
  )
  expect(refused).toMatchObject([{ detail: { reason: 'foreign-certificate' } }])
  expect(host).not.toBe(stranger.host)
})

/** All that is known of a host, as it is kept. */
const standingOf = (host: string): readonly unknown[] => [
  rig.store.lookups.hostActor(host),
  rig.store.lookups.claimsOf(host),
  rig.store.lookups.enrollmentsOf(host),
  rig.store.lookups.certificatesOf(host).filter(({ status }) => status === 'active').length,
]

async function countOf(): Promise<unknown> {
  const { body } = await rig.operator.get('/hosts?limit=1')
  return body['total']
}

/** Everybody who was not believed since the start. */
async function refusals(): Promise<number> {
  const response = await fetch(`${rig.url}/metrics`, {
    headers: { authorization: 'Bearer admin-token-of-the-device-tests' },
  })
  const lines = (await response.text()).matchAll(/^muster_device_refusals_total\{.*\} (\d+)$/gm)
  return [...lines].reduce((sum, [, count]) => sum + Number(count), 0)
}
