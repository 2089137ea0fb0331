// NanoMDM's scripts, pointed at another address: the same paths, bodies and status rules.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildPlist } from '../../src/protocol/plist/build.ts'
import { sharedUuidOf, uuidFor } from '../../src/intake/shared-uuid.ts'
import { type ApnsServer, type Delivered, openApnsServer } from '../../src/simulator/apns-server.ts'
import { makeIdentity } from '../effects/identity.ts'
import { type Answered, type HttpWorld, openHttpWorld, topic } from './world.ts'

const service = makeIdentity({ commonName: 'localhost' })
const push = makeIdentity({ uid: topic })
const pushed: Delivered[] = []
const [one, two, stranger] = ['1111', '2222', '9999'].map(
  (digits) => `${digits}${digits}-0000-4000-8000-000000000000`,
) as [string, string, string]
const uuid = '0A0A0A0A-0000-4000-8000-00000000000A'

let apns: ApnsServer
let world: HttpWorld

beforeAll(async () => {
  apns = await openApnsServer({
    cert: service.certificate,
    key: service.key,
    deliver: (delivered) => void pushed.push(delivered),
  })
  world = await openHttpWorld({ MUSTER_APNS_URL: apns.url, MUSTER_APNS_CA: service.certificate })
  await world.enrolled({ udid: one, serial: 'C02ONE' })
  await world.enrolled({ udid: two, serial: 'C02TWO' })
})
afterAll(() => apns.close())

const basic = (password: string): string =>
  `Basic ${Buffer.from(`nanomdm:${password}`).toString('base64')}`

/** As `curl -T - -u nanomdm:KEY`: a PUT without a content type. */
const script = (path: string, body?: string | Uint8Array, method = 'PUT'): Promise<Answered> =>
  world.ask(path, {
    method,
    headers: { authorization: basic(world.secrets.admin) },
    ...(body !== undefined && { body }),
  })

const command = (commandUUID: string | undefined, type = 'ProfileList'): string =>
  buildPlist({ Command: { RequestType: type }, ...(commandUUID && { CommandUUID: commandUUID }) })

test('without an admin token there is the answer that NanoMDM gives, whatever the user is called', async () => {
  for (const headers of [
    {},
    { authorization: basic('wrong') },
    { authorization: basic(world.secrets.viewer) },
  ]) {
    const {
      status,
      text,
      headers: got,
    } = await world.ask('/v1/enqueue/x', { method: 'PUT', headers })
    expect([status, text.trim()]).toEqual([401, 'Unauthorized'])
    expect(got.get('www-authenticate')).toBe('Basic realm="nanomdm"')
    expect(got.get('content-type')).toContain('text/plain')
  }
})

describe('before there is a push certificate', () => {
  test('a command is queued all the same, and the whole call says that nothing was pushed', async () => {
    const { status, text } = await script(`/v1/enqueue/${one}`, command('Q1'))
    expect([status, JSON.parse(text)]).toEqual([
      500,
      { push_error: 'NoPushCertificate', command_uuid: 'Q1', request_type: 'ProfileList' },
    ])
    expect((await world.api('/commands/Q1')).json()).toMatchObject({ state: 'queued' })
  })

  test('nopush asks for no push, so nothing is wrong; keys come in order, with tabs', async () => {
    const { status, text } = await script(`/v1/enqueue/${one}?nopush=1`, command('Q2'))
    expect([status, text]).toEqual([
      200,
      '{\n\t"no_push": true,\n\t"command_uuid": "Q2",\n\t"request_type": "ProfileList"\n}\n',
    ])
  })
})

test('a push certificate is put as concatenated PEM, and asked for by its topic', async () => {
  const put = await script('/v1/pushcert', `${push.certificate}\n${push.key}`)
  expect([put.status, put.json()]).toEqual([
    200,
    { not_after: expect.stringMatching(/^\d{4}-.*Z$/), topic },
  ])
  const got = await script(`/v1/pushcert?topic=${topic}`, undefined, 'GET')
  expect([got.status, got.json()]).toEqual([200, put.json()])
  expect((await script('/v1/pushcert', undefined, 'GET')).status).toBe(400)
  expect((await script('/v1/pushcert?topic=other', undefined, 'GET')).status).toBe(500)
  const bad = await script('/v1/pushcert', 'no certificate')
  expect([bad.status, Object.keys(bad.json())]).toEqual([400, ['error']])
  expect((await script('/v1/pushcert', undefined, 'DELETE')).status).toBe(405)
})

test('an enqueued command goes to its device, which is woken once', async () => {
  // What was waiting for a certificate is pushed for now.
  await expect.poll(() => pushed.length).toBeGreaterThan(0)
  const before = pushed.length
  const { status, text } = await script(`/v1/enqueue/${two}`, command(uuid))
  expect(status).toBe(200)
  const apnsId = pushed.at(-1)?.apnsId
  expect(JSON.parse(text)).toEqual({
    status: { [two]: { push_result: apnsId } },
    command_uuid: uuid,
    request_type: 'ProfileList',
  })
  expect(pushed.length).toBe(before + 1)
  const sent = await world.mdm({ UDID: two, Status: 'Idle' })
  expect(sent.text).toContain(uuid)
})

test('of several targets each gets a command of its own, whose UUID leads back to the shared one', async () => {
  const { status, text } = await script(`/v1/enqueue/${one},${two}?nopush=1`, command('SHARED'))
  expect([status, JSON.parse(text)['command_uuid']]).toEqual([200, 'SHARED'])
  for (const channel of [one, two]) {
    const own = uuidFor('SHARED', channel)
    expect((await world.api(`/commands/${own}`)).status).toBe(200)
    expect(sharedUuidOf(own, channel)).toBe('SHARED')
  }
  expect(sharedUuidOf(uuid, one)).toBe(uuid)
})

test('a command too large to read here reaches each of several targets whole', async () => {
  const padding = 'a'.repeat(70_000)
  const large = buildPlist({
    Command: { RequestType: 'Settings', Padding: padding },
    CommandUUID: 'LARGE',
  })
  expect((await script(`/v1/enqueue/${one},${two}?nopush=1`, large)).status).toBe(200)
  for (const channel of [one, two]) {
    const own = uuidFor('LARGE', channel)
    const kept = await world.api(`/commands/${own}?format=plist&part=request`)
    expect(kept.text).toBe(
      buildPlist({ Command: { Padding: padding, RequestType: 'Settings' }, CommandUUID: own }),
    )
  }
  const nameless = buildPlist({ Command: { RequestType: 'Settings', Padding: padding } })
  const refused = await script(`/v1/enqueue/${one}`, nameless)
  expect(refused.json()['command_error']).toBe('decoding command: no CommandUUID')
})

test('an enrollment that is not there fails alone: 207 with the others, 500 on its own', async () => {
  const some = await script(`/v1/enqueue/${one},${stranger}`, command('PARTLY'))
  expect(some.status).toBe(207)
  expect(some.json()['status']).toEqual({
    [one]: { push_result: expect.any(String) },
    [stranger]: { command_error: 'no such enrollment', push_error: 'push data missing for id' },
  })
  expect((await script(`/v1/enqueue/${stranger}`, command('NONE'))).status).toBe(500)
  const push = await script(`/v1/push/${stranger}`)
  expect([push.status, push.json()]).toEqual([
    500,
    { status: { [stranger]: { push_error: 'push data missing for id' } } },
  ])
})

// prettier-ignore
const refusals = [
  ['no property list',                   `/v1/enqueue/${one}`,          'not a plist',                       /^decoding command: /],
  ['no CommandUUID',                     `/v1/enqueue/${one}`,          command(undefined),                  /^decoding command: no CommandUUID/],
  ['no RequestType',                     `/v1/enqueue/${one}`,          buildPlist({ CommandUUID: 'X', Command: {} }), /^decoding command: /],
  ['nothing to enqueue and not to push', `/v1/enqueue/${one}?nopush=1`, '',                                  /^must enqueue or push$/],
  ['an empty id',                        `/v1/enqueue/${one},,${two}`,  command('E'),                        /^getting enrollment ids: empty path$/],
] as const
for (const [what, path, body, sentence] of refusals)
  test(`${what} is a 500 with a sentence, and nothing is queued`, async () => {
    const { status, json } = await script(path, body)
    expect(status).toBe(500)
    expect(json()['command_error']).toMatch(sentence)
  })

test('the same UUID with another command is refused, with the same one it is the same call again', async () => {
  expect((await script(`/v1/enqueue/${one}`, command('AGAIN'))).status).toBe(200)
  expect((await script(`/v1/enqueue/${one}`, command('AGAIN'))).status).toBe(200)
  const other = await script(`/v1/enqueue/${one}`, command('AGAIN', 'SecurityInfo'))
  expect(other.status).toBe(500)
  expect(other.json()['status']).toMatchObject({
    [one]: { command_error: 'command already exists' },
  })
})

test('a page elsewhere gets nothing done with a password its browser knows', async () => {
  const authorization = basic(world.secrets.admin)
  const before = pushed.length
  const elsewhere = [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
  ]
  for (const path of [`/v1/push/${one}`, `/v1/enqueue/${one}`, '/v1/pushcert', '/migration'])
    for (const headers of elsewhere)
      for (const method of ['GET', 'POST'])
        expect(
          (await world.ask(path, { method, headers: { authorization, ...headers } })).status,
        ).toBe(403)
  expect(pushed.length).toBe(before)
  const typed = { authorization, 'sec-fetch-site': 'none' }
  const shown = await world.ask(`/v1/pushcert?topic=${topic}`, { headers: typed })
  expect(shown.status).toBe(200)
})

test('an empty body only pushes, by any method', async () => {
  const before = pushed.length
  for (const method of ['GET', 'PUT', 'POST'])
    expect((await script(`/v1/push/${one},${two}`, undefined, method)).status).toBe(200)
  expect((await script(`/v1/enqueue/${one}`)).status).toBe(200)
  expect(pushed.length).toBe(before + 7)
})

test('check-ins of another server are taken on an operator’s word, each with an empty 200', async () => {
  const udid = 'ABABABAB-0000-4000-8000-000000000001'
  const ids = { UDID: udid, Topic: topic }
  const messages = [
    { ...ids, MessageType: 'Authenticate', SerialNumber: 'C02MIGRATED', DeviceName: 'moved' },
    { ...ids, MessageType: 'TokenUpdate', Token: Buffer.from('token'), PushMagic: 'magic' },
    { ...ids, MessageType: 'SetBootstrapToken', BootstrapToken: Buffer.from('bootstrap') },
  ]
  for (const message of messages) {
    const { status, text } = await script('/migration', buildPlist(message))
    expect([message.MessageType, status, text]).toEqual([message.MessageType, 200, ''])
  }
  expect((await world.api('/hosts/C02MIGRATED')).json()).toMatchObject({
    udid,
    mdm: { state: 'enrolled.ready' },
  })
  expect((await script('/migration', 'nonsense')).status).toBe(400)
  expect((await world.ask('/migration', { method: 'PUT', body: 'x' })).status).toBe(401)
})

test('whoever asks for the version needs no password', async () => {
  expect((await world.ask('/version')).json()).toMatchObject({ version: expect.any(String) })
})

test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
  'a target called %s is answered like any other',
  async (name) => {
    for (const targets of [name, `${one},${name}`]) {
      const sent = await script(`/v1/enqueue/${targets}`, command(randomUUID()))
      const { status } = JSON.parse(sent.text) as { readonly status: object }
      expect(Object.entries(status)).toContainEqual([
        name,
        { push_error: 'push data missing for id', command_error: 'no such enrollment' },
      ])
      expect(sent.status).toBe(targets === name ? 500 : 207)
    }
    const pushing = await script(`/v1/push/${name}`)
    const { status } = JSON.parse(pushing.text) as { readonly status: object }
    expect(Object.keys(status)).toEqual([name])
    expect(pushing.status).toBe(500)
  },
)
