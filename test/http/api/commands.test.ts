import { beforeAll, describe, expect, test } from 'vitest'
import { buildPlist } from '../../../src/protocol/plist/build.ts'
import { type Answered, type Json, openHttpWorld } from '../world.ts'

const world = await openHttpWorld()
const mac = { udid: '0D111111-2222-3333-4444-555555555501', serial: 'CMND000001' }
let id = ''

beforeAll(async () => {
  id = await world.enrolled(mac)
})

const send = (body: unknown, rest = '', headers: Record<string, string> = {}): Promise<Answered> =>
  world.api(`/hosts/${id}/commands${rest}`, { method: 'POST', body, headers })

const command = async (uuid: unknown): Promise<Json> =>
  (await world.api(`/commands/${String(uuid)}`)).json()

test('a command is created, and its Location leads to it', async () => {
  const sent = await send({
    request_type: 'DeviceInformation',
    payload: { Queries: ['OSVersion'] },
  })
  expect(sent.status).toBe(201)
  expect(sent.json()).toMatchObject({
    host_id: id,
    channel: mac.udid,
    request_type: 'DeviceInformation',
    state: 'queued',
    open: true,
    priority: 0,
    warnings: [],
  })
  const location = sent.headers.get('location') ?? ''
  expect(location).toBe(`/api/v1/commands/${String(sent.json()['id'])}?by=id`)
  const shown = (await world.ask(location, { as: 'viewer' })).json()
  expect(shown).toMatchObject({
    request: {
      Command: { RequestType: 'DeviceInformation', Queries: ['OSVersion'] },
      CommandUUID: sent.json()['command_uuid'],
    },
    result: null,
    error_chain: [],
    attempts: 0,
    history: [
      { state: 'queued', event: 'operator.enqueue', cause: 'operator', cause_id: 'an admin' },
    ],
  })
  const livesMs = Date.parse(String(shown['expires_at'])) - Date.parse(String(shown['created_at']))
  expect(Math.round(livesMs / 86_400_000)).toBe(30)
})

describe('a command_uuid sent again', () => {
  const wish = {
    request_type: 'InstallApplication',
    command_uuid: 'again-1',
    payload: { ManifestURL: 'https://example.com/a.plist', ManagementFlags: 1 },
    priority: 5,
    expires_in_s: 3_600,
  }
  beforeAll(async () => {
    expect((await send(wish)).status).toBe(201)
  })

  test('with the same body is the same command', async () => {
    const again = await send(wish)
    expect([again.status, again.json()['command_uuid']]).toEqual([200, 'again-1'])
    expect((await command('again-1'))['history']).toMatchObject([{ state: 'queued' }])
  })

  test('with the keys in another order is the same command', async () => {
    const payload = { ManagementFlags: 1, ManifestURL: 'https://example.com/a.plist' }
    expect((await send({ ...wish, payload })).status).toBe(200)
  })

  test('as a property list of the same meaning is the same command', async () => {
    const plist = buildPlist({
      CommandUUID: 'again-1',
      Command: { RequestType: wish.request_type, ...wish.payload },
    })
    const again = await send(plist, '?priority=5&expires_in_s=3600', { 'content-type': 'text/xml' })
    expect(again.status).toBe(200)
  })

  test('as a property list too large to read here, and back as JSON, is the same command', async () => {
    const large = { ...wish, command_uuid: 'again-large', payload: { A: 'a'.repeat(70_000), B: 1 } }
    const plist = (payload: Readonly<Record<string, string | number>>): string =>
      buildPlist({
        CommandUUID: 'again-large',
        Command: { RequestType: large.request_type, ...payload },
      })
    const query = '?priority=5&expires_in_s=3600'
    const xml = { 'content-type': 'text/xml' }
    const first = await send(plist(large.payload), query, xml)
    expect([first.status, first.json()['command_uuid']]).toEqual([201, 'again-large'])
    expect((await send(plist({ B: 1, A: large.payload.A }), query, xml)).status).toBe(200)
    expect((await send(large)).status).toBe(200)
    expect((await send(plist({ ...large.payload, B: 2 }), query, xml)).status).toBe(409)
    const request = await world.api('/commands/again-large?format=plist&part=request')
    expect(request.text).toBe(
      buildPlist({
        Command: { ...large.payload, RequestType: large.request_type },
        CommandUUID: 'again-large',
      }),
    )
  })

  test('a large property list that is no command is told why', async () => {
    const refused = await send(buildPlist({ Command: { A: 'a'.repeat(70_000) } }), '', {
      'content-type': 'text/xml',
    })
    expect(refused.status).toBe(422)
    expect(refused.text).toContain('RequestType')
  })

  const others: readonly (readonly [string, Json])[] = [
    ['another payload', { payload: { ManifestURL: 'https://example.com/b.plist' } }],
    ['another request type', { request_type: 'InstallMedia' }],
    ['another priority', { priority: 6 }],
    ['another expiry', { expires_in_s: 3_601 }],
    ['a channel', { channel: mac.udid }],
  ]
  test.each(others)('with %s is refused', async (_, difference) => {
    const refused = await send({ ...wish, ...difference })
    expect([refused.status, refused.json()['type']]).toEqual([409, '/problems/command-exists'])
  })

  test('for another host is a command of that host', async () => {
    const other = await world.enrolled({
      udid: '0D111111-2222-3333-4444-555555555502',
      serial: 'CMND000002',
    })
    const both = { ...wish, command_uuid: 'for-both' }
    await send(both)
    const sent = await world.api(`/hosts/${other}/commands`, { method: 'POST', body: both })
    expect(sent.status).toBe(201)
    expect(sent.json()).toMatchObject({ host_id: other, command_uuid: 'for-both' })
    expect((await command('for-both?by=id'))['host_id']).toBe(id)
    expect((await command(`${String(sent.json()['id'])}?by=id`))['host_id']).toBe(other)
  })

  test('by many at once is created once, and the body that won is the one that is sent', async () => {
    const bodies = Array.from({ length: 20 }, (_, index) => ({
      request_type: 'Settings',
      command_uuid: 'race-1',
      payload: { Version: index % 2 },
    }))
    const answers = await Promise.all(bodies.map((body) => send(body)))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 201).length).toBe(1)
    expect(statuses.filter((status) => status === 200).length).toBe(9)
    expect(statuses.filter((status) => status === 409).length).toBe(10)
    const winner = bodies[statuses.indexOf(201)]
    expect((await command('race-1'))['request']).toMatchObject({ Command: winner?.payload ?? {} })
  })

  test('also once it is over', async () => {
    const done = { request_type: 'ProfileList', command_uuid: 'done-1' }
    await send(done)
    await world.api('/commands/done-1', { method: 'DELETE' })
    expect((await send(done)).json()).toMatchObject({ state: 'cancelled', open: false })
  })
})

describe('a raw command', () => {
  const plist = buildPlist({
    Command: { RequestType: 'SecurityInfo' },
    CommandUUID: 'RAW-1',
  })
  const types = [
    'application/xml',
    'text/xml',
    'application/x-plist',
    'application/x-apple-aspen-mdm',
    'application/octet-stream',
    'text/xml; charset=UTF-8',
  ]
  test.each(types)('as %s is taken with its own UUID', async (type) => {
    const sent = await send(plist, '?priority=-1', { 'content-type': type })
    expect([200, 201]).toContain(sent.status)
    expect(sent.json()).toMatchObject({
      command_uuid: 'RAW-1',
      request_type: 'SecurityInfo',
      priority: -1,
    })
  })

  test('may be binary', async () => {
    // {"Command": {"RequestType": "ProfileList"}}, as CoreFoundation writes it.
    const binary = Buffer.from(
      'YnBsaXN0MDDRAQJXQ29tbWFuZNEDBFtSZXF1ZXN0VHlwZVtQcm9maWxlTGlzdAgLExYiAAAAAAAAAQEAAAAAAAAABQAAAAAAAAAAAAAAAAAAAC4=',
      'base64',
    )
    const sent = await send(Uint8Array.from(binary), '', {
      'content-type': 'application/octet-stream',
    })
    expect(sent.status).toBe(201)
    expect(sent.json()).toMatchObject({ request_type: 'ProfileList', channel: mac.udid })
    expect(sent.json()['command_uuid']).toMatch(/^[0-9a-f-]{36}$/)
  })
})

test('a request type nobody knows is passed on with a warning', async () => {
  const sent = await send({ request_type: 'BrewCoffee' })
  expect(sent.status).toBe(201)
  expect(sent.json()['warnings']).toMatchObject([expect.stringContaining('BrewCoffee')])
})

test('a request type of the other channel is passed on with a warning', async () => {
  const sent = await send({ request_type: 'ActiveNSExtensions' })
  expect(sent.json()['warnings']).toMatchObject([expect.stringContaining('user channel')])
})

test('a channel the host does not have is refused with those it has', async () => {
  const refused = await send({ request_type: 'ProfileList', channel: `${mac.udid}:nobody` })
  expect(refused.status).toBe(422)
  expect(refused.json()).toMatchObject({ channels: [mac.udid], errors: [{ pointer: '/channel' }] })
})

test('a host that is not enrolled takes no command', async () => {
  const [pending] = await world.assigned('CMND000009')
  const refused = await world.api(`/hosts/${pending}/commands`, {
    method: 'POST',
    body: { request_type: 'ProfileList' },
  })
  expect([refused.status, refused.json()['type']]).toEqual([409, '/problems/not-enrolled'])
})

test('what JSON cannot say travels to the device as a property list says it', async () => {
  const payload = {
    Data: { $data: 'AAEC' },
    When: { $date: '2026-01-31T12:00:00Z' },
    Real: 1.5,
    Text: '<&"\'>',
    __proto__x: [true, { nested: [] }],
  }
  const uuid = await world.sent(id, { request_type: 'Settings', payload, priority: 100 })
  const wire = (await world.mdm({ UDID: mac.udid, Status: 'Idle' })).text
  expect(wire).toContain(`<string>${uuid}</string>`)
  expect(wire).toMatch(/<data>\s*AAEC\s*<\/data>/)
  expect(wire).toContain('<date>2026-01-31T12:00:00Z</date>')
  expect((await command(uuid))['request']).toMatchObject({
    Command: {
      ...payload,
      Data: { $data: 'AAEC' },
      When: { $date: '2026-01-31T12:00:00Z' },
    },
  })
})

describe('a payload in JSON', () => {
  const otherMac = { udid: '0D111111-2222-3333-4444-555555555599', serial: 'CMND000099' }
  let other = ''
  beforeAll(async () => {
    other = await world.enrolled(otherMac)
  })
  const png = Buffer.from('an image').toString('base64')
  // prettier-ignore
  const shown: readonly (readonly [string, Json])[] = [
    ['ManagedApplicationConfiguration', { Identifier: 'com.example', Configuration: { Volume: { $real: 1 }, Serial: { $integer: '9007199254740993' }, Blob: { $data: 'AAEC' }, Odd: { $dict: { $x: 1 } } } }],
    ['DeclarativeManagement',           { Data: Buffer.from('{"SyncTokens":{}}').toString('base64') }],
    ['Settings',                        { Settings: [{ Item: 'Wallpaper', Image: png, Where: 1 }] }],
    ['InstallEnterpriseApplication',    { ManifestURL: 'https://example.com/a.plist', ManifestURLPinningCerts: [png, png] }],
  ]
  for (const [request_type, payload] of shown)
    test(`of ${request_type} is shown as it was written, and sent again it is the same command`, async () => {
      const uuid = await world.sent(other, { request_type, payload })
      const request = (await command(uuid))['request'] as { readonly Command: Json }
      const { RequestType, ...again } = request.Command
      expect([RequestType, again]).toEqual([request_type, payload])
      const repeated = await world.api(`/hosts/${other}/commands`, {
        method: 'POST',
        body: { request_type, payload: again, command_uuid: uuid },
      })
      expect(repeated.status).toBe(200)
    })

  test('says known data as base64: a profile leaves as data', async () => {
    const profile = Buffer.from('<plist/>').toString('base64')
    await world.sent(other, {
      request_type: 'InstallProfile',
      payload: { Payload: profile },
      priority: 900,
    })
    const wire = (await world.mdm({ UDID: otherMac.udid, Status: 'Idle' })).text
    expect(wire.replaceAll(/\s/g, '')).toContain(`<key>Payload</key><data>${profile}</data>`)
  })

  test('keeps a real that is whole, in JSON and in a property list', async () => {
    const configuration = { Identifier: 'com.example', Configuration: { Volume: { $real: 1 } } }
    await world.sent(other, {
      request_type: 'ManagedApplicationConfiguration',
      payload: configuration,
      priority: 901,
    })
    const fromJson = (await world.mdm({ UDID: otherMac.udid, Status: 'Idle' })).text
    expect(fromJson).toContain('<real>1</real>')
    const sent = await world.ask(`/api/v1/hosts/${other}/commands?priority=902`, {
      as: 'admin',
      method: 'POST',
      body: '<plist version="1"><dict><key>Command</key><dict><key>RequestType</key><string>Settings</string><key>Volume</key><real>1.0</real></dict></dict></plist>',
      headers: { 'content-type': 'application/xml' },
    })
    expect(sent.status).toBe(201)
    const fromPlist = (await world.mdm({ UDID: otherMac.udid, Status: 'Idle' })).text
    expect(fromPlist).toContain('<real>1</real>')
  })

  // prettier-ignore
  const refused: readonly (readonly [string, Json, string, RegExp])[] = [
    ['RequestType in it',            { RequestType: 'EraseDevice' },        '/payload/RequestType', /leave RequestType out/],
    ['a mark in place of a secret',  { PIN: '[secret]' },                   '/payload/PIN',         /write the secret itself/],
    ['text where data belongs',      { Payload: 'not base64!' },            '/payload/Payload',     /this key takes data/],
    ['a tag that is not known',      { When: { $time: 1 } },                '/payload/When/$time',  /unknown tag/],
  ]
  for (const [what, payload, pointer, detail] of refused)
    test(`with ${what} is refused at ${pointer}`, async () => {
      const answer = await world.api(`/hosts/${other}/commands`, {
        method: 'POST',
        body: { request_type: 'InstallProfile', payload },
      })
      expect(answer.status).toBe(422)
      expect(answer.json()['errors']).toMatchObject([
        { pointer, detail: expect.stringMatching(detail) },
      ])
    })
})

describe('one command tells its whole story', () => {
  test('deferred, then refused by the device with its error chain', async () => {
    const uuid = await world.sent(id, { request_type: 'ScheduleOSUpdateScan', priority: 500 })
    const says = (Status: string, more = {}) =>
      world.mdm({ UDID: mac.udid, Status, CommandUUID: uuid, ...more })
    await world.mdm({ UDID: mac.udid, Status: 'Idle' })
    await says('NotNow')
    await world.mdm({ UDID: mac.udid, Status: 'Idle' })
    const chain = [
      {
        ErrorCode: 12021,
        ErrorDomain: 'MCMDMErrorDomain',
        LocalizedDescription: 'Nope',
        USEnglishDescription: 'No',
      },
    ]
    await says('Error', { ErrorChain: chain, Big: 2n ** 60n })
    const told = await command(uuid)
    expect(told).toMatchObject({
      state: 'error',
      open: false,
      attempts: 2,
      deferrals: 1,
      error_chain: chain,
      result: { Status: 'Error', Big: '1152921504606846976' },
    })
    expect((told['history'] as readonly Json[]).map(({ state }) => state)).toEqual([
      'queued',
      'sent',
      'not_now',
      'sent',
      'error',
    ])
    expect((told['history'] as readonly Json[]).map(({ cause }) => cause)).toEqual([
      'operator',
      'device',
      'device',
      'device',
      'device',
    ])
  })

  test('its bodies come as they were, byte for byte, when they hold no secret', async () => {
    const uuid = await world.sent(id, { request_type: 'CertificateList', priority: 600 })
    const wire = (await world.mdm({ UDID: mac.udid, Status: 'Idle' })).text
    const early = await world.api(`/commands/${uuid}?format=plist`)
    expect(early.status).toBe(404)
    const report = {
      UDID: mac.udid,
      Status: 'Acknowledged',
      CommandUUID: uuid,
      CertificateList: [],
    }
    await world.mdm(report)
    const request = await world.api(`/commands/${uuid}?format=plist&part=request`)
    expect(request.headers.get('content-type')).toBe('application/xml')
    expect(request.text).toBe(wire)
    expect((await world.api(`/commands/${uuid}?format=plist`)).text).toBe(buildPlist(report))
  })
})

describe('cancelling', () => {
  const cancel = (uuid: string): Promise<Answered> =>
    world.api(`/commands/${uuid}`, { method: 'DELETE' })

  test('takes back what was never sent', async () => {
    const uuid = await world.sent(id, { request_type: 'ProfileList' })
    const cancelled = await cancel(uuid)
    expect([cancelled.status, cancelled.json()['state']]).toEqual([200, 'cancelled'])
  })

  test('is too late once the device may have it, and says why', async () => {
    const uuid = await world.sent(id, { request_type: 'ProfileList', priority: 900 })
    await world.mdm({ UDID: mac.udid, Status: 'Idle' })
    const late = await cancel(uuid)
    expect([late.status, late.json()['state']]).toEqual([409, 'sent'])
    await world.mdm({ UDID: mac.udid, Status: 'Acknowledged', CommandUUID: uuid })
    expect((await cancel(uuid)).json()['state']).toBe('acknowledged')
  })

  test('twice is too late as well', async () => {
    const uuid = await world.sent(id, { request_type: 'ProfileList' })
    await cancel(uuid)
    expect((await cancel(uuid)).status).toBe(409)
  })
})

describe('the list of commands', () => {
  let whole: readonly Json[] = []
  beforeAll(async () => {
    whole = (await world.api('/commands?limit=1000')).json()['items'] as readonly Json[]
  })

  // prettier-ignore
  const filters: readonly (readonly [string, (item: Json) => boolean])[] = [
    ['state=queued',                       (item) => item['state'] === 'queued'],
    ['state=!queued',                      (item) => item['state'] !== 'queued'],
    ['state=cancelled,acknowledged',       (item) => item['state'] === 'cancelled' || item['state'] === 'acknowledged'],
    ['request_type=ProfileList',           (item) => item['request_type'] === 'ProfileList'],
    ['request_type=!ProfileList',          (item) => item['request_type'] !== 'ProfileList'],
    ['request_type=Nothing',               () => false],
    [`host=${mac.serial}`,                 (item) => item['host_id'] === id],
    [`host=${mac.serial}&state=cancelled`, (item) => item['host_id'] === id && item['state'] === 'cancelled'],
    ['host=CMND000009',                    () => false],
  ]
  test.each(filters)('with ?%s keeps exactly what fits', async (query, fits) => {
    const page = (await world.api(`/commands?limit=1000&${query}`)).json()
    expect(page['items']).toEqual(whole.filter(fits))
    expect(page['total']).toBe(whole.filter(fits).length)
  })

  test('pages follow each other without gap or repeat', async () => {
    const pieces: unknown[] = []
    let cursor = ''
    do {
      const page = (await world.api(`/commands?limit=3${cursor}`)).json()
      pieces.push(...(page['items'] as readonly Json[]))
      cursor = page['next'] === null ? '' : `&cursor=${page['next'] as string}`
    } while (cursor !== '')
    expect(pieces).toEqual(whole)
  })

  test('of a host nobody knows is 404', async () => {
    expect((await world.api('/commands?host=none')).status).toBe(404)
  })
})
