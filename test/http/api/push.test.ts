// From a command to a push and back: certificates over the API, a push service on the wire, and what the command says.
import { readFileSync } from 'node:fs'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { type Delivered, openApnsServer } from '../../../src/simulator/apns-server.ts'
import type { Answer } from '../../../src/simulator/apns-rules.ts'
import { makeIdentity } from '../../effects/identity.ts'
import { openssl } from '../../pki/openssl.ts'
import { type Mac, openHttpWorld, topic } from '../world.ts'
import { needs } from '../../programs/needs.ts'

const dayMs = 86_400_000
const service = makeIdentity({ commonName: 'localhost' })
const delivered: Delivered[] = []
let answer: Answer | undefined
const apns = await openApnsServer({
  cert: service.certificate,
  key: service.key,
  answer: () => answer,
  deliver: (push) => void delivered.push(push),
})
const world = await openHttpWorld({
  MUSTER_APNS_URL: apns.url,
  MUSTER_APNS_CA: service.certificate,
})
afterAll(() => apns.close())

const ours = makeIdentity({ uid: topic })
const pem = (identity = ours): string => identity.certificate + identity.key

beforeEach(() => {
  answer = undefined
  delivered.length = 0
})

let macs = 0
const newMac = (): Mac => {
  macs += 1
  const tail = String(macs).padStart(4, '0')
  return { udid: `7B1C7B2E-9F30-4D56-8E71-6B0D2C3E${tail}`, serial: `C02PUSH${tail}` }
}

const upload = (body: unknown) => world.api('/push-certificates', { method: 'PUT', body })

const sent = (hostId: string): Promise<string> => world.sent(hostId, { request_type: 'DeviceInformation', payload: { Queries: ['UDID'] } }) // prettier-ignore

type Command = { readonly state: string; readonly push: { readonly apns_id: string | null; readonly reason: string | null } | null } // prettier-ignore

const commandAt = async (uuid: string): Promise<Command> =>
  (await world.api(`/commands/${uuid}`)).json() as unknown as Command

/** Waits until the command has heard of a push. */
async function told(uuid: string, isTold: (command: Command) => boolean): Promise<Command> {
  for (let tries = 0; tries < 400; tries += 1) {
    const command = await commandAt(uuid)
    if (isTold(command)) return command
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`it never came about: ${JSON.stringify(await commandAt(uuid))}`)
}

describe('without a push certificate', () => {
  test('the list is empty', async () => {
    expect((await world.api('/push-certificates')).json()).toEqual({
      items: [],
      total: 0,
      next: null,
    })
  })

  test('a command says so, and is pushed for as soon as there is one', async () => {
    const hostId = await world.enrolled(newMac())
    const uuid = await sent(hostId)
    const waiting = await told(uuid, ({ push }) => push !== null)
    expect(waiting).toMatchObject({ state: 'queued', push: { reason: 'NoPushCertificate' } })
    const kept = await upload({ pem: pem() })
    expect(kept.status).toBe(200)
    expect(kept.json()).toMatchObject({ topic, refused_reason: null, warnings: [] })
    expect(kept.text).not.toContain('PRIVATE')
    const pushed = await told(uuid, ({ state }) => state === 'pushed')
    expect(pushed.push).toMatchObject({ apns_id: delivered[0]?.apnsId, reason: null })
  })
})

describe('with a push certificate', () => {
  test('a command is pushed for with what its computer told, and shows the id Apple gave', async () => {
    const uuid = await sent(await world.enrolled(newMac()))
    const { push } = await told(uuid, ({ state }) => state === 'pushed')
    expect(delivered).toHaveLength(1)
    expect(delivered[0]).toMatchObject({ topic, apnsId: push?.apns_id })
  })

  test('a dead token is noted, is not tried again, and is forgotten with the next TokenUpdate', async () => {
    const mac = newMac()
    const hostId = await world.enrolled(mac)
    answer = { status: 410, reason: 'Unregistered' }
    const uuid = await sent(hostId)
    await told(uuid, ({ push }) => push?.reason === 'Unregistered')
    answer = undefined
    const second = await sent(hostId)
    await told(second, ({ push }) => push?.reason === 'Unregistered')
    expect(delivered).toEqual([])
    const host = (await world.api(`/hosts/${hostId}`)).json()
    expect(host['channels']).toMatchObject([{ pushable: false, push_fault: 'Unregistered' }])
    await world.mdm({ MessageType: 'TokenUpdate', UDID: mac.udid, Topic: topic, Token: Buffer.alloc(32, 9), PushMagic: 'another' }) // prettier-ignore
    for (const id of [uuid, second]) await told(id, ({ state }) => state === 'pushed')
    expect(delivered.map(({ magic }) => magic)).toEqual(['another'])
  })

  test('a certificate Apple does not take stops its topic, for all to see, until there is another', async () => {
    answer = { status: 403, reason: 'BadCertificate' }
    const uuid = await sent(await world.enrolled(newMac()))
    await told(uuid, ({ push }) => push?.reason === 'BadCertificate')
    answer = undefined
    const second = await sent(await world.enrolled(newMac()))
    await told(second, ({ push }) => push?.reason === 'BadCertificate')
    expect(delivered).toEqual([])
    const [item] = (await world.api('/push-certificates')).json()['items'] as { warnings: string[] }[] // prettier-ignore
    expect(item?.warnings[0]).toContain('Apple does not take the push certificate')
    await upload({ pem: pem() })
    for (const id of [uuid, second]) await told(id, ({ state }) => state === 'pushed')
  })

  test('a push Apple has no time for is tried again', async () => {
    answer = { status: 503, reason: 'ServiceUnavailable' }
    const uuid = await sent(await world.enrolled(newMac()))
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(await commandAt(uuid)).toMatchObject({ state: 'queued', push: null })
    expect(world.server.keep.store.lookups.nextOutboxAt()).toBeGreaterThan(Date.now())
    answer = undefined
    await upload({ pem: pem() })
    await told(uuid, ({ state }) => state === 'pushed')
  })

  test('pushes that are asked for directly say how they ended', async () => {
    const hostId = await world.enrolled(newMac())
    const mac = `7B1C7B2E-9F30-4D56-8E71-6B0D2C3E${String(macs).padStart(4, '0')}`
    const { pushNow } = world.server.pusher
    expect(await pushNow({ hostId, channel: mac })).toEqual({
      kind: 'pushed',
      apnsId: delivered[0]?.apnsId,
    })
    expect(await pushNow({ hostId, channel: 'nobody' })).toMatchObject({ kind: 'failed' })
    answer = { status: 429, reason: 'TooManyRequests' }
    expect(await pushNow({ hostId, channel: mac })).toEqual({
      kind: 'failed',
      reason: 'TooManyRequests',
    })
  })

  test('viewers see it and may not change it', async () => {
    expect((await world.api('/push-certificates', { as: 'viewer' })).status).toBe(200)
    expect(
      (await world.api('/push-certificates', { as: 'viewer', method: 'PUT', body: {} })).status,
    ).toBe(403)
  })

  test('one of a topic that no enrolled host listens to is refused with the hosts by topic, unless forced', async () => {
    await world.enrolled(newMac())
    const strangers = 'com.apple.mgmt.External.of-another-account'
    const another = { pem: pem(makeIdentity({ uid: strangers })) }
    const refused = await upload(another)
    expect(refused.status).toBe(409)
    const problem = refused.json()
    expect(problem).toMatchObject({ topic: strangers, hosts_by_topic: { [topic]: macs } })
    expect(problem['detail']).toContain(`Enrolled hosts by topic: ${topic}: ${macs}.`)
    const topics = (): readonly string[] =>
      world.server.keep.store.lookups.pushCertificates().map((row) => row.topic)
    expect(topics()).not.toContain(strangers)
    expect((await upload({ ...another, force: true })).status).toBe(200)
    expect(topics()).toContain(strangers)
    await world.api(`/push-certificates/${strangers}`, { method: 'DELETE' })
  })

  test('it can be deleted, and its key goes along', async () => {
    const { store } = world.server.keep
    const ref = store.lookups.pushCertificate(topic)?.key_ref ?? ''
    expect((await world.api(`/push-certificates/${topic}`, { method: 'DELETE' })).status).toBe(204)
    expect(store.lookups.sealed(ref)).toBeUndefined()
    expect((await world.api(`/push-certificates/${topic}`, { method: 'DELETE' })).status).toBe(404)
  })
})

describe('an upload', () => {
  const other = makeIdentity({ uid: topic })
  // prettier-ignore
  const refusals: readonly (readonly [string, () => unknown, RegExp])[] = [
    ['without a key',                 () => ({ pem: ours.certificate }),                                                /private key is missing/],
    ['with the key of another',       () => ({ pem: ours.certificate + other.key }),                                    /belongs to no certificate/],
    ['for another kind of topic',     () => ({ pem: pem(makeIdentity({ uid: 'com.example.app' })) }),                   /must start with com\.apple\.mgmt\./],
    ['that has expired',              () => ({ pem: pem(makeIdentity({ uid: topic, notAfterMs: Date.now() - dayMs })) }), /expired on .*same Apple Account/],
    ['that begins tomorrow',          () => ({ pem: pem(makeIdentity({ uid: topic, notBeforeMs: Date.now() + dayMs })) }), /is valid from/],
    ['that is no PEM',                () => ({ pem: 'hello' }),                                                         /neither PEM nor PKCS#12/],
    ['of both kinds at once',         () => ({ pem: pem(), pkcs12: 'AAAA' }),                                           /either pem or pkcs12/],
    ['of nothing',                    () => ({}),                                                                       /either pem or pkcs12/],
  ]
  for (const [what, body, sentence] of refusals)
    test(`${what} is refused in a sentence`, async () => {
      const refused = await upload(body())
      expect(refused.status).toBe(422)
      expect(refused.text).toMatch(sentence)
      expect(world.server.keep.store.lookups.pushCertificates()).toEqual([])
    })

  test(
    'may be a PKCS#12 file with a password, or PEM with an encrypted key',
    needs('openssl'),
    async () => {
      const tool = openssl()
      tool.write('cert.pem', ours.certificate)
      tool.write('key.pem', ours.key)
      tool.run('pkcs12', '-export', '-in', 'cert.pem', '-inkey', 'key.pem', '-out', 'push.p12', '-passout', 'pass:secret') // prettier-ignore
      tool.run('pkcs8', '-topk8', '-in', 'key.pem', '-out', 'sealed.pem', '-passout', 'pass:secret')
      const pkcs12 = tool.read('push.p12').toString('base64')
      const sealed = ours.certificate + tool.text('sealed.pem')
      tool.remove()
      for (const body of [{ pkcs12 }, { pem: sealed }]) {
        expect((await upload({ ...body, password: 'wrong' })).text).toContain('The password does not open the key.') // prettier-ignore
        expect((await upload({ ...body, password: 'secret' })).json()).toMatchObject({ topic })
      }
      expect((await upload({ pem: sealed })).text).toContain('protected by a password')
    },
  )

  test('leaves no key in the database in clear', async () => {
    await upload({ pem: pem() })
    const file = readFileSync(`${world.server.keep.folder}/muster.db`)
    const wal = readFileSync(`${world.server.keep.folder}/muster.db-wal`)
    const key = ours.key.split('\n')[4] ?? ''
    expect(key.length).toBeGreaterThan(40)
    for (const bytes of [file, wal]) expect(bytes.includes(key)).toBe(false)
  })
})
