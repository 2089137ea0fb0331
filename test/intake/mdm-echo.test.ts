// What webhooks of NanoMDM's kind are told, and when.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createCommands } from '../../src/intake/commands.ts'
import { createMdmIntake } from '../../src/intake/mdm.ts'
import { createSight } from '../../src/intake/sight.ts'
import { createTurnstile } from '../../src/intake/turnstile.ts'
import { createWebhooks } from '../../src/intake/webhooks.ts'
import { readCheckin } from '../../src/protocol/mdm/checkin.ts'
import { readReport } from '../../src/protocol/mdm/report.ts'
import { buildPlist } from '../../src/protocol/plist/build.ts'
import { dictOf } from '../../src/protocol/plist/value.ts'
import { openHouse } from '../runtime/world.ts'
import { ownerOf } from './world.ts'

const udid = '11111111-2222-4333-8444-555555555555'
const canary = 'CANARY-echo-5d1'

async function openEchoes(topics: readonly string[] = []) {
  const house = await openHouse()
  const { hosts, sealing, clock: world } = house
  const store = house.store
  const webhooks = createWebhooks({
    store,
    live: hosts.live,
    world,
    sealing,
    lastSeq: async () => 0,
    mint: () => 'a secret of sixteen',
    complaintAbout: { url: () => undefined, secret: () => undefined },
  })
  const intake = createMdmIntake({
    hosts,
    sealing,
    world,
    lookups: store.lookups,
    sight: createSight({ store, hosts, world, turnstile: createTurnstile() }),
    echoesOf: webhooks.echoesOf,
  })
  const subscribed = await webhooks.create(
    { name: 'nanocmd', url: 'https://receiver.test/webhook', kind: 'nanomdm', topics },
    { kind: 'operator', id: 'tester' },
  )
  if (!subscribed.ok) throw new Error(subscribed.error.kind)
  const { id } = subscribed.value.row

  async function say(message: object, params: Readonly<Record<string, string>> = {}) {
    const bytes = new TextEncoder().encode(
      buildPlist(dictOf({ UDID: udid, Topic: 'com.apple.mgmt.test', ...message })),
    )
    const hearing = intake.hearing(() => ({ bytes, params }))
    const answer =
      'MessageType' in message
        ? await hearing.checkin(valueOf(readCheckin(bytes)), { kind: 'none' })
        : await hearing.report(valueOf(readReport(bytes)), bytes, { kind: 'none' })
    return { answer, bytes }
  }
  const told = async () => {
    const rows = store.lookups.deliveriesFrom(id, { created_at: 0, id: '' }, 100)
    return Promise.all(
      rows.map(async (row) => {
        const body = await sealing.open(row.payload_ref)
        if (!body.ok) throw new Error(body.error)
        const json: unknown = JSON.parse(new TextDecoder().decode(body.value))
        return { row, json }
      }),
    )
  }
  return { house, webhooks, id, say, told }
}

const valueOf = <Value>(
  read: { ok: true; value: Value } | { ok: false; error: unknown },
): Value => {
  if (!read.ok) throw new Error(JSON.stringify(read.error))
  return read.value
}

const authenticate = { MessageType: 'Authenticate', SerialNumber: 'C02ECHO', Model: 'Mac16,1' }
const tokenUpdate = {
  MessageType: 'TokenUpdate',
  Token: new Uint8Array([1, 2, 3]),
  PushMagic: canary,
}

test('each message of an enrolment is told in the shape NanoMDM gives it', async () => {
  const { house, say, told } = await openEchoes()
  const messages = [
    authenticate,
    tokenUpdate,
    { ...tokenUpdate },
    { MessageType: 'SetBootstrapToken', BootstrapToken: new TextEncoder().encode(canary) },
    { MessageType: 'GetBootstrapToken' },
    { MessageType: 'DeclarativeManagement', Endpoint: 'tokens' },
    { Status: 'Idle' },
    { Status: 'Acknowledged', CommandUUID: 'nobody-sent-this' },
    { MessageType: 'CheckOut' },
  ]
  const sent: { readonly bytes: Uint8Array }[] = []
  for (const message of messages) {
    house.clock.set(house.clock.now() + 1_000)
    sent.push(await say(message, { team: 'a b' }))
  }
  const all = await told()
  const hostId = ownerOf(house, 'serial', 'C02ECHO')
  expect(all.map(({ row }) => [row.topic, row.host_id, row.state])).toEqual(
    [
      'mdm.Authenticate',
      'mdm.TokenUpdate',
      'mdm.TokenUpdate',
      'mdm.SetBootstrapToken',
      'mdm.GetBootstrapToken',
      'mdm.DeclarativeManagement',
      'mdm.Connect',
      'mdm.Connect',
      'mdm.CheckOut',
    ].map((topic) => [topic, hostId, 'pending']),
  )
  const about = { udid, url_params: { team: 'a b' }, ids: { id: udid, type: 'Device' } }
  const shared = {
    event_id: expect.stringMatching(/^[0-9a-f]{16}$/),
    created_at: expect.any(String),
  }
  const raw = (index: number): string => Buffer.from(sent[index]?.bytes ?? []).toString('base64')
  expect(all[0]?.json).toEqual({
    topic: 'mdm.Authenticate',
    checkin_event: { ...about, raw_payload: raw(0) },
    ...shared,
  })
  const tally = (of: number, index: number) => ({
    checkin_event: { ...about, token_update_tally: of, raw_payload: raw(index) },
  })
  expect(all[1]?.json).toMatchObject(tally(1, 1))
  expect(all[2]?.json).toMatchObject(tally(2, 2))
  expect(all[6]?.json).toEqual({
    topic: 'mdm.Connect',
    acknowledge_event: { ...about, status: 'Idle', raw_payload: raw(6) },
    ...shared,
  })
  expect(all[7]?.json).toMatchObject({
    acknowledge_event: { status: 'Acknowledged', command_uuid: 'nobody-sent-this' },
  })
})

test('a user channel names its device as its parent', async () => {
  const { say, told } = await openEchoes(['mdm.TokenUpdate'])
  await say(authenticate)
  await say(tokenUpdate)
  await say({ ...tokenUpdate, UserID: 'U1', UserShortName: 'jo', UserLongName: 'Jo' })
  expect((await told()).at(-1)?.json).toMatchObject({
    checkin_event: {
      ids: { id: `${udid}:U1`, type: 'User', parent_id: udid },
      token_update_tally: 1,
    },
  })
})

test('what nobody asked for leaves no row, and an Idle costs no commit', async () => {
  const { house, webhooks, id, say, told } = await openEchoes(['mdm.CheckOut'])
  await say(authenticate)
  await say(tokenUpdate)
  const commits = (): number => house.store.commits.length
  const before = commits()
  await say({ Status: 'Idle' })
  expect(commits()).toBe(before)
  expect(await told()).toEqual([])
  await say({ MessageType: 'CheckOut' })
  expect(await told()).toHaveLength(1)
  await webhooks.update(id, { enabled: false, topics: [] }, { kind: 'operator', id: 'tester' })
  await say(authenticate)
  expect(await told()).toHaveLength(1)
})

test('who is not enrolled, or not known, is not told of', async () => {
  const { say, told } = await openEchoes()
  expect((await say(tokenUpdate)).answer).toMatchObject({ kind: 'refused' })
  await say(authenticate)
  await say(tokenUpdate)
  await say({ MessageType: 'CheckOut' })
  const before = (await told()).length
  expect((await say({ Status: 'Idle' })).answer).toMatchObject({ kind: 'refused' })
  expect((await say({ MessageType: 'GetBootstrapToken' })).answer).toMatchObject({
    kind: 'refused',
  })
  expect(await told()).toHaveLength(before)
})

test('the payload is in no file in clear', async () => {
  const { house, say } = await openEchoes()
  await say(authenticate)
  const { bytes } = await say(tokenUpdate)
  const planted = [canary, Buffer.from(bytes).toString('base64').slice(200, 280)]
  await house.close()
  const files = readdirSync(house.folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  expect(files.length).toBeGreaterThan(0)
  for (const name of files) {
    const text = readFileSync(name).toString('latin1')
    for (const secret of planted) expect(text.includes(secret), name).toBe(false)
  }
})

test('a report too large for a row is told whole', async () => {
  const { say, told } = await openEchoes(['mdm.Connect'])
  await say(authenticate)
  await say(tokenUpdate)
  const filler = new Uint8Array(2_000_001).fill(7)
  const { bytes } = await say({ Status: 'Acknowledged', CommandUUID: 'X', Filler: filler })
  const [one] = await told()
  if (one === undefined) throw new Error('nothing was told')
  const { acknowledge_event } = one.json as { acknowledge_event: { raw_payload: string } }
  expect(Buffer.from(acknowledge_event.raw_payload, 'base64').equals(bytes)).toBe(true)
})

test('a command that two hosts have under one CommandUUID is told by it, in the name of each', async () => {
  const { house, say, told } = await openEchoes(['mdm.Connect'])
  const { store, hosts, sealing, clock: world } = house
  const commands = createCommands({ store, hosts, sealing, world })
  const others = { UDID: '99999999-2222-4333-8444-555555555555', SerialNumber: 'C02ECHO2' }
  for (const ids of [{}, others])
    for (const message of [authenticate, tokenUpdate]) await say({ ...message, ...ids })
  const CommandUUID = '0001_inventory.v2'
  for (const serial of ['C02ECHO', 'C02ECHO2']) {
    const wish = { hostId: String(ownerOf(house, 'serial', serial)), commandUUID: CommandUUID }
    const more = { requestType: 'ProfileList', payload: dictOf({}), priority: 0, expiresInMs: 9e9 }
    expect(await commands.send({ ...wish, ...more }, { kind: 'operator', id: 't' })).toMatchObject({
      value: { isNew: true },
    })
  }
  for (const ids of [{}, others]) {
    const { answer } = await say({ ...ids, Status: 'Idle' })
    expect(answer).toMatchObject({ kind: 'command' })
    house.clock.set(house.clock.now() + 1_000)
    await say({ ...ids, Status: 'Acknowledged', CommandUUID })
    house.clock.set(house.clock.now() + 1_000)
  }
  const events = (await told()).map(({ json }) => json)
  expect(events).toMatchObject([
    { acknowledge_event: { status: 'Idle', udid } },
    { acknowledge_event: { status: 'Acknowledged', udid, command_uuid: CommandUUID } },
    { acknowledge_event: { status: 'Idle', udid: others.UDID } },
    { acknowledge_event: { status: 'Acknowledged', udid: others.UDID, command_uuid: CommandUUID } },
  ])
  expect(commands.find(CommandUUID).map(({ state }) => state)).toEqual([
    'acknowledged',
    'acknowledged',
  ])
})

test('a message that names a computer of another host beside its own identifier is refused, and nobody hears of it', async () => {
  const { say, told } = await openEchoes()
  await say(authenticate)
  await say(tokenUpdate)
  const own = { UDID: undefined, EnrollmentID: 'own-enrollment-id' }
  await say({ ...authenticate, SerialNumber: undefined, ...own })
  await say({ ...tokenUpdate, ...own })
  const before = (await told()).length
  const both = { UDID: udid, EnrollmentID: 'own-enrollment-id' }
  for (const message of [
    { ...tokenUpdate, ...both },
    { Status: 'Idle', ...both },
    { MessageType: 'CheckOut', ...both },
  ])
    expect((await say(message)).answer).toMatchObject({
      kind: 'refused',
      why: 'foreign-identifier',
    })
  expect(await told()).toHaveLength(before)
})

test('an identifier that nobody knows is taken beside the own one, and is not told', async () => {
  const { say, told } = await openEchoes()
  const own = { UDID: undefined, EnrollmentID: 'own-enrollment-id' }
  await say({ ...authenticate, SerialNumber: undefined, ...own })
  await say({ ...tokenUpdate, ...own })
  const unknown = '99999999-2222-4333-8444-555555555555'
  const { answer } = await say({
    MessageType: 'CheckOut',
    UDID: unknown,
    EnrollmentID: 'own-enrollment-id',
  })
  expect(answer).toEqual({ kind: 'nothing' })
  const last = (await told()).at(-1)?.json
  expect(last).toMatchObject({
    topic: 'mdm.CheckOut',
    checkin_event: {
      enrollment_id: 'own-enrollment-id',
      ids: { id: 'own-enrollment-id', type: 'User Enrollment (Device)' },
    },
  })
  expect(JSON.stringify((last as { readonly checkin_event: object }).checkin_event)).not.toContain(
    unknown,
  )
})
