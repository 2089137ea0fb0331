// Secrets with marks on them go through everything a server does; none may turn up anywhere afterwards.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildPlist } from '../../src/protocol/plist/build.ts'
import { createCanaries } from './canaries.ts'
import { type Computer, createComputer, identity } from './computer.ts'
import { readApi, readEvents, readFolder, readPages, type Shown } from './everything.ts'
import { dropFolder, type Muster, newFolder, startMuster } from './muster.ts'
import { createOperator, type Json, type Operator } from './operator.ts'
import { checkinType, exchange, plistOf, reportType } from './wire.ts'

const canaries = createCanaries()
const { plant } = canaries
const data = (name: string): Buffer => Buffer.from(plant(name))
const folder = newFolder()
const commandUUIDs: string[] = []
let muster: Muster
let operator: Operator
let mac: Computer

/** Printed once at the first start, as they must be. */
const printed = { out: '' }

beforeAll(async () => {
  muster = await startMuster(folder, {
    MUSTER_LOG_LEVEL: 'debug',
    MUSTER_ADMIN_TOKEN: plant('configured admin token'),
    MUSTER_ENROLL_SECRET: plant('configured enroll secret'),
  })
  printed.out = muster.said().out
  operator = createOperator(muster.url, muster.token)
  mac = createComputer({
    ...identity(1),
    url: muster.url,
    enrollSecret: muster.enrollSecret,
    secrets: { token: data('push token'), magic: plant('PushMagic'), unlock: data('UnlockToken') },
  })
  await access()
  await enrolment()
  await commands()
  await agents()
  await strangers()
}, 30_000)
afterAll(() => dropFolder(folder))

async function access(): Promise<void> {
  for (const [name, path, body] of [
    ['created admin token', '/tokens', { name: 'a', role: 'admin' }],
    ['created viewer token', '/tokens', { name: 'v', role: 'viewer' }],
    ['created enroll secret', '/enroll-secrets', { name: 'e' }],
  ] as const) {
    const made = await operator.post(path, body)
    expect(made.status).toBe(201)
    canaries.watch(name, String(made.body['secret']))
  }
  const first = /admin token {5}(\S+)/.exec(printed.out)?.[1] ?? ''
  const secret = /enroll secret {3}(\S+)/.exec(printed.out)?.[1] ?? ''
  canaries.watch('first admin token', first)
  canaries.watch('first enroll secret', secret)
  expect((await createOperator(muster.url, plant('wrong admin token')).get('/hosts')).status).toBe(
    401,
  )
  expect((await operator.get('/hosts')).status).toBe(200)
}

async function enrolment(): Promise<void> {
  await mac.assign(operator)
  await mac.enrolInMdm()
  await mac.enrolUser('B7A4D2E3-1C6F-4D88-9F2A-3E5C7B9D1F23')
  const BootstrapToken = data('BootstrapToken')
  await mac.checkin('SetBootstrapToken', { BootstrapToken })
  expect(plistOf(await mac.checkin('GetBootstrapToken'))).toEqual({
    BootstrapToken: new Uint8Array(BootstrapToken),
  })
  await mac.checkin('UserAuthenticate', {
    UserID: 'B7A4D2E3-1C6F-4D88-9F2A-3E5C7B9D1F23',
    DigestResponse: plant('DigestResponse'),
  })
}

/** Each with a secret of its payload, and the secret that its result brings. */
const wishes: readonly (readonly [Json, Json])[] = [
  [{ request_type: 'DeviceLock', payload: { PIN: plant('lock PIN'), Message: 'Hallo' } }, {}],
  [{ request_type: 'EraseDevice', payload: { PIN: plant('erase PIN') } }, {}],
  [
    {
      request_type: 'SetRecoveryLock',
      payload: { NewPassword: plant('NewPassword'), CurrentPassword: plant('CurrentPassword') },
    },
    {},
  ],
  [
    { request_type: 'SetFirmwarePassword', payload: { NewPassword: plant('firmware password') } },
    {},
  ],
  [{ request_type: 'VerifyRecoveryLock', payload: { Password: plant('verified password') } }, {}],
  [
    {
      request_type: 'RotateFileVaultKey',
      payload: { KeyType: 'personal', FileVaultUnlock: { Password: plant('FileVault password') } },
    },
    { RotateResult: { EncryptedNewRecoveryKey: data('EncryptedNewRecoveryKey') } },
  ],
  [
    {
      request_type: 'InstallProfile',
      payload: { Payload: { $data: data('Wi-Fi password in a profile').toString('base64') } },
    },
    {},
  ],
  [
    {
      request_type: 'AccountConfiguration',
      payload: {
        AutoSetupAdminAccounts: [
          { shortName: 'admin', passwordHash: { $data: data('passwordHash').toString('base64') } },
        ],
      },
    },
    {},
  ],
  [
    { request_type: 'SecurityInfo' },
    {
      SecurityInfo: {
        FDE_PersonalRecoveryKeyCMS: data('recovery key CMS'),
        PersonalRecoveryKey: plant('recovery key'),
      },
    },
  ],
  [
    { request_type: 'ActivationLockBypassCode' },
    { ActivationLockBypassCode: plant('ActivationLockBypassCode') },
  ],
]

async function commands(): Promise<void> {
  for (const [wish, result] of wishes) {
    const sent = await operator.post(`/hosts/${mac.serial}/commands`, wish)
    expect(sent.status).toBe(201)
    const uuid = String(sent.body['command_uuid'])
    commandUUIDs.push(uuid)
    const offered = await mac.idle()
    // The device gets what nobody else sees.
    expect(offered).toMatchObject({ uuid, command: { RequestType: wish['request_type'] } })
    await mac.report('Acknowledged', uuid, result as never)
  }
  const raw = buildPlist({
    Command: { RequestType: 'DeviceLock', PIN: plant('PIN in a raw command') },
    CommandUUID: 'canary-raw',
  })
  const sent = await exchange(muster.url, {
    method: 'POST',
    path: `/api/v1/hosts/${mac.serial}/commands`,
    headers: { authorization: `Bearer ${muster.token}`, 'content-type': 'application/xml' },
    body: raw,
  })
  expect(sent.status).toBe(201)
  commandUUIDs.push('canary-raw')
  await mac.idle()
  await mac.report('Error', 'canary-raw', {
    ErrorChain: [{ ErrorCode: 1, ErrorDomain: 'x', LocalizedDescription: 'Nein' }],
    Password: plant('password in an error report'),
  })
  // Late, doubled, and about a command that nobody sent.
  await mac.report('Acknowledged', 'canary-raw', { PIN: plant('PIN in a late report') })
  await mac.report('Acknowledged', 'nobody-sent-this', {
    RecoveryKey: plant('key in a stray report'),
  })
}

async function agents(): Promise<void> {
  const node_key = canaries.watch('node key', await mac.enrolInOsquery())
  await mac.agent('config', { node_key })
  await mac.agent('distributed/read', { node_key })
  await mac.agent('log', {
    node_key,
    log_type: 'status',
    data: [{ message: 'fine', severity: '0' }],
  })
  await mac.agent('log', { node_key, log_type: 'status', data: 7 })
  expect(await mac.agent('config', { node_key: plant('unknown node key') })).toMatchObject({
    node_invalid: true,
  })
  const wrong = { enroll_secret: plant('wrong enroll secret'), host_identifier: 'x' }
  expect(await mac.agent('enroll', wrong)).toHaveProperty('error')
}

/** Secrets in what is refused: log lines about it must not repeat them. */
async function strangers(): Promise<void> {
  const put = (type: string, body: string): Promise<unknown> =>
    exchange(muster.url, { path: '/mdm', headers: { 'content-type': type }, body })
  const cut = (secret: string): string =>
    `<plist version="1.0"><dict><key>Token</key><data>${secret}`
  await put(checkinType, cut(plant('token in a body cut short')))
  await put(
    checkinType,
    buildPlist({ MessageType: plant('secret as a message type'), UDID: mac.uuid }),
  )
  await put(reportType, buildPlist({ Status: plant('secret as a status'), UDID: mac.uuid }))
  await put(
    checkinType,
    buildPlist({
      MessageType: 'TokenUpdate',
      UDID: mac.uuid,
      PushMagic: plant('magic without a token'),
      Topic: 'x',
    }),
  )
  const path = `/hosts/${mac.serial}/commands`
  const bad = {
    request_type: 'DeviceLock',
    payload: { PIN: plant('PIN in a bad wish'), Bad: null },
  }
  expect((await operator.post(path, bad)).status).toBe(422)
  expect(
    (await operator.post(path, `{"PIN": "${plant('PIN in bad JSON')}`)).status,
  ).toBeGreaterThan(399)
  const twice = {
    request_type: 'DeviceLock',
    command_uuid: commandUUIDs[0],
    payload: { PIN: plant('PIN of another body') },
  }
  expect((await operator.post(path, twice)).status).toBe(409)
  const stranger = createComputer({
    ...identity(2),
    url: muster.url,
    enrollSecret: muster.enrollSecret,
    secrets: {
      token: data('token of a stranger'),
      magic: plant('magic of a stranger'),
      unlock: data('unlock of a stranger'),
    },
  })
  const { status } = await stranger.checkin('TokenUpdate', {
    Token: data('another token'),
    PushMagic: plant('another magic'),
  })
  expect(status).toBe(400)
  await operator.post(path, {
    request_type: 'DeviceLock',
    payload: { PIN: plant('PIN on its way') },
  })
}

const leaks = (shown: readonly Shown[]): readonly string[] =>
  shown.flatMap(({ place, bytes }) =>
    canaries.foundIn(bytes).map((found) => `${found} in ${place}`),
  )

test('enough secrets went through for this to mean something', () => {
  expect(canaries.names.length).toBeGreaterThan(40)
  const text = muster.token
  for (const form of [
    text,
    Buffer.from(text).toString('hex'),
    Buffer.from(`xx${text}`).toString('base64'),
  ])
    expect(canaries.foundIn(Buffer.from(`<${form}>`))).toHaveLength(1)
})

test('an admin who asks for the secrets of a command sees them, and the journal says so', async () => {
  const revealed = await operator.get(`/commands/${commandUUIDs[0]}?reveal=true`)
  const shown = { place: 'reveal', bytes: Buffer.from(JSON.stringify(revealed.body)) }
  expect(leaks([shown])).toEqual(['lock PIN (plain) in reveal'])
  const journal = await operator.all(`/hosts/${mac.serial}/journal?event=operator.reveal`)
  expect(journal).toHaveLength(1)
})

describe('no secret is found', () => {
  test('in any answer of the API, the metrics or the health of the server', async () => {
    const hosts = await operator.all('/hosts')
    const shown = await readApi(muster, {
      ref: [...hosts.map(({ id }) => String(id)), mac.serial, mac.uuid],
      uuid: commandUUIDs,
      machine: ['host', 'command'],
    })
    expect(shown.length).toBeGreaterThan(100)
    expect(leaks(shown)).toEqual([])
    const plists = shown.filter(({ place }) => /commands\/.*format=plist.* → 200/.test(place))
    expect(plists.length).toBeGreaterThan(20)
  })

  test('in the stream of events', async () => {
    const events = await readEvents(muster)
    expect(events.bytes.length).toBeGreaterThan(1_000)
    expect(leaks([events])).toEqual([])
  })

  test('on any page of the console', async () => {
    const pages = await readPages(muster)
    expect(pages.filter(({ place }) => place.endsWith('→ 200')).length).toBeGreaterThan(10)
    expect(leaks(pages)).toEqual([])
  })

  test('in the database, its write-ahead log, blobs and log files', async () => {
    const files = readFolder(folder)
    expect(files.map(({ place }) => place)).toContain('file muster.db-wal')
    expect(leaks(files)).toEqual([])
    expect(await muster.end('SIGTERM')).toBe(0)
    expect(leaks(readFolder(folder))).toEqual([])
  })

  test('in what the server said, beyond the two it has to tell once', () => {
    const { out, err } = muster.said()
    expect(err.length).toBeGreaterThan(500)
    expect(leaks([{ place: 'stderr', bytes: Buffer.from(err) }])).toEqual([])
    expect(leaks([{ place: 'stdout', bytes: Buffer.from(out) }])).toEqual([
      'first admin token (plain) in stdout',
      'first enroll secret (plain) in stdout',
    ])
  })
})
