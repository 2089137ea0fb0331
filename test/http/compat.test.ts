// NanoMDM's scripts, pointed at another address: the same paths, bodies and status rules.
import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildPlist } from '../../src/protocol/plist/build.ts'
import { readPlist } from '../../src/protocol/plist/read.ts'
import { sharedUuidOf } from '../../src/intake/shared-uuid.ts'
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
      {
        push_error: 'NoPushCertificate',
        command_uuid: 'Q1',
        request_type: 'ProfileList',
        queued: true,
      },
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

const idle = (udid: string): Promise<Answered> => world.mdm({ UDID: udid, Status: 'Idle' })
const report = (udid: string, CommandUUID: string, Status = 'Acknowledged'): Promise<Answered> =>
  world.mdm({ UDID: udid, Status, CommandUUID, ...(Status === 'Acknowledged' && { Said: udid }) })

/** Lets both devices do all that waits for them, and gives the CommandUUIDs each was sent. */
async function worked(udid: string): Promise<readonly string[]> {
  const uuids: string[] = []
  for (let next = await idle(udid); next.text !== '';) {
    const uuid = /<key>CommandUUID<\/key>\s*<string>(.*?)<\/string>/.exec(next.text)?.[1] ?? ''
    uuids.push(uuid)
    next = await report(udid, uuid)
  }
  return uuids
}

/** Every command of that CommandUUID, with its host. */
const named = async (uuid: string): Promise<readonly Record<string, unknown>[]> =>
  (await world.api(`/commands?command_uuid=${encodeURIComponent(uuid)}`)).json()[
    'items'
  ] as readonly Record<string, unknown>[]

describe('one CommandUUID for several targets', () => {
  test('reaches each device as it was sent, and each report settles the command of its own device', async () => {
    await Promise.all([worked(one), worked(two)])
    const { status, text } = await script(`/v1/enqueue/${one},${two}?nopush=1`, command('SHARED'))
    expect([status, JSON.parse(text)['command_uuid']]).toEqual([200, 'SHARED'])
    for (const udid of [one, two])
      expect((await idle(udid)).text).toContain('<string>SHARED</string>')
    const all = await named('SHARED')
    expect(
      new Set(all.map(({ command_uuid, channel }) => `${String(command_uuid)} ${String(channel)}`)),
    ).toEqual(new Set([`SHARED ${one}`, `SHARED ${two}`]))
    expect(new Set(all.map(({ id }) => id)).size).toBe(2)
    await report(two, 'SHARED')
    const states = async () =>
      Object.fromEntries((await named('SHARED')).map(({ channel, state }) => [channel, state]))
    expect(await states()).toEqual({ [one]: 'sent', [two]: 'acknowledged' })
    await report(one, 'SHARED', 'NotNow')
    expect(await states()).toEqual({ [one]: 'not_now', [two]: 'acknowledged' })
    expect(await worked(one)).toEqual(['SHARED'])
    for (const { id, channel } of await named('SHARED')) {
      const whole = (await world.api(`/commands/${String(id)}?by=id`)).json()
      expect(whole).toMatchObject({ state: 'acknowledged', result: { Said: channel } })
    }
  })

  test('a reference by that CommandUUID alone is answered with all of them, and with its host it is one', async () => {
    const both = await world.api('/commands/SHARED')
    expect(both.status).toBe(409)
    expect(both.json()).toMatchObject({
      candidates: [{ command_uuid: 'SHARED' }, { command_uuid: 'SHARED' }],
    })
    for (const udid of [one, two])
      expect((await world.api(`/commands/SHARED?host=${udid}`)).json()).toMatchObject({
        channel: udid,
      })
    const cancel = await world.api('/commands/SHARED', { method: 'DELETE' })
    expect(cancel.status).toBe(409)
  })

  test('may be used in one call after the other, also through our own API', async () => {
    expect((await script(`/v1/enqueue/${one}?nopush=1`, command('LATER'))).status).toBe(200)
    expect((await script(`/v1/enqueue/${two}?nopush=1`, command('LATER'))).status).toBe(200)
    const wish = { request_type: 'ProfileList', command_uuid: 'OURS' }
    for (const udid of [one, two]) {
      const send = () => world.api(`/hosts/${udid}/commands`, { method: 'POST', body: wish })
      const sent = await send()
      expect([sent.status, sent.json()['command_uuid']]).toEqual([201, 'OURS'])
      // The same wish again is still the same command.
      const again = await send()
      expect([again.status, again.json()['id']]).toEqual([200, sent.json()['id']])
    }
    for (const udid of [one, two]) expect(await worked(udid)).toEqual(['LATER', 'OURS'])
  })

  test('a report of a command that another host has settles nothing there', async () => {
    await script(`/v1/enqueue/${one}?nopush=1`, command('ONLY-ONE'))
    expect((await report(two, 'ONLY-ONE')).status).toBe(200)
    expect(await named('ONLY-ONE')).toMatchObject([{ channel: one, state: 'queued' }])
    await worked(one)
  })

  test('the journal says it beside the id of each command', async () => {
    const made = String((await named('SHARED')).find(({ id }) => id !== 'SHARED')?.['id'])
    const lines = (await world.api(`/journal?actor=${made}`)).json()['items'] as readonly unknown[]
    expect(lines.length).toBeGreaterThan(1)
    for (const line of lines) expect(line).toMatchObject({ actor: made, command_uuid: 'SHARED' })
    const plain = (await world.api('/journal?actor=SHARED')).json()['items'] as readonly object[]
    for (const line of plain) expect(line).not.toHaveProperty('command_uuid')
  })

  test('enqueued by an earlier release, it is told to webhooks without the suffix it got there', () => {
    const suffix = createHash('sha256').update(two).digest('hex').slice(0, 8)
    expect(sharedUuidOf(`SHARED-${suffix}`, two)).toBe('SHARED')
    expect(sharedUuidOf(`SHARED-${suffix}`, one)).toBe(`SHARED-${suffix}`)
    expect(sharedUuidOf(uuid, one)).toBe(uuid)
  })
})

describe.each([
  '0001_inventory.v2',
  '{0A0A0A0A-0000-4000-8000-0000000000F1}',
  'a/b?c#d %2F',
  '<&>"',
  "'",
  ' ',
  '__proto__',
  'constructor',
  '~'.repeat(128),
])('the CommandUUID %j', (name) => {
  test('is taken, sent as it is, reported on, and found by it', async () => {
    const sent = await script(`/v1/enqueue/${one},${two}?nopush=1`, command(name))
    expect([sent.status, sent.json()['command_uuid']]).toEqual([200, name])
    for (const udid of [one, two]) {
      const { text } = await idle(udid)
      expect(readPlist(Buffer.from(text))).toMatchObject({ value: { CommandUUID: name } })
      await report(udid, name)
    }
    expect(await named(name)).toMatchObject([
      { command_uuid: name, state: 'acknowledged' },
      { command_uuid: name, state: 'acknowledged' },
    ])
    const found = await world.api(`/commands/${encodeURIComponent(name)}?host=${one}`)
    expect(found.json()).toMatchObject({ command_uuid: name, request: { CommandUUID: name } })
  })
})

test.each(['', '~'.repeat(129), 'caf\u00e9', 'a\nb'])(
  'the CommandUUID %j is refused',
  async (name) => {
    const sent = await script(`/v1/enqueue/${one}?nopush=1`, command(name || undefined))
    expect(sent.status).toBe(500)
    expect(sent.json()['command_error']).toMatch(/CommandUUID/)
  },
)

test('a command too large to read here reaches each of several targets whole', async () => {
  const padding = 'a'.repeat(70_000)
  const large = buildPlist({
    Command: { RequestType: 'Settings', Padding: padding },
    CommandUUID: 'LARGE',
  })
  expect((await script(`/v1/enqueue/${one},${two}?nopush=1`, large)).status).toBe(200)
  for (const channel of [one, two]) {
    const kept = await world.api(`/commands/LARGE?host=${channel}&format=plist&part=request`)
    expect(kept.text).toBe(
      buildPlist({ Command: { Padding: padding, RequestType: 'Settings' }, CommandUUID: 'LARGE' }),
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

test('a CommandUUID enqueued again is a 500 with the same and with another command, and nothing is queued', async () => {
  expect((await script(`/v1/enqueue/${one}`, command('AGAIN'))).status).toBe(200)
  for (const again of [command('AGAIN'), command('AGAIN', 'SecurityInfo')]) {
    const { status, json } = await script(`/v1/enqueue/${one}`, again)
    expect(status).toBe(500)
    expect(json()['status']).toMatchObject({ [one]: { command_error: 'command already exists' } })
    expect(JSON.stringify(json())).not.toContain('queued')
  }
  // For one target it is new.
  const partly = await script(`/v1/enqueue/${one},${two}?nopush=1`, command('AGAIN'))
  expect([partly.status, partly.json()['status']]).toEqual([
    207,
    { [one]: { command_error: 'command already exists' } },
  ])
  expect(await named('AGAIN')).toHaveLength(2)
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
