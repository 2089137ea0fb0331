// Commands from an operator's wish to a device's word, over the wire.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Computer } from './computer.ts'
import type { Json } from './operator.ts'
import { openStage, type Stage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage.close())

async function send(mac: Computer, wish: Json): Promise<string> {
  const { status, body } = await stage.operator.post(`/hosts/${mac.serial}/commands`, wish)
  expect(status).toBe(201)
  return String(body['command_uuid'])
}

const command = async (uuid: string): Promise<Json> =>
  (await stage.operator.get(`/commands/${uuid}`)).body

const pathOf = async (uuid: string): Promise<readonly unknown[]> =>
  ((await command(uuid))['history'] as readonly Json[]).map(({ state }) => state)

describe('a command', () => {
  test('goes from queued to sent to acknowledged, and the result is structured JSON', async () => {
    const mac = await stage.enrolled()
    const uuid = await send(mac, {
      request_type: 'DeviceInformation',
      payload: { Queries: ['OSVersion'] },
    })
    expect(await command(uuid)).toMatchObject({ state: 'queued', open: true, result: null })
    const offered = await mac.idle()
    expect(offered).toMatchObject({
      uuid,
      command: { RequestType: 'DeviceInformation', Queries: ['OSVersion'] },
    })
    expect(await command(uuid)).toMatchObject({ state: 'sent', attempts: 1 })
    expect(
      await mac.report('Acknowledged', uuid, { QueryResponses: { OSVersion: '15.6' } }),
    ).toBeUndefined()
    expect(await command(uuid)).toMatchObject({
      state: 'acknowledged',
      open: false,
      result: { Status: 'Acknowledged', QueryResponses: { OSVersion: '15.6' } },
    })
    expect(await pathOf(uuid)).toEqual(['queued', 'sent', 'acknowledged'])
    expect(await mac.idle()).toBeUndefined()
  })

  test('after NotNow is not offered in this conversation, and again in the next', async () => {
    const mac = await stage.enrolled()
    const [first, second] = [
      await send(mac, { request_type: 'DeviceInformation' }),
      await send(mac, { request_type: 'SecurityInfo' }),
    ]
    expect(await mac.idle()).toMatchObject({ uuid: first })
    expect(await mac.report('NotNow', first)).toMatchObject({ uuid: second })
    expect(await mac.report('NotNow', second)).toBeUndefined()
    expect(await command(first)).toMatchObject({ state: 'not_now', deferrals: 1 })
    expect(await mac.idle()).toMatchObject({ uuid: first })
    expect(await mac.report('Acknowledged', first)).toMatchObject({ uuid: second })
    expect(await mac.report('Acknowledged', second)).toBeUndefined()
    expect(await pathOf(first)).toEqual(['queued', 'sent', 'not_now', 'sent', 'acknowledged'])
  })

  test('that fails keeps the chain of errors', async () => {
    const mac = await stage.enrolled()
    const uuid = await send(mac, {
      request_type: 'InstallProfile',
      payload: { Payload: { $data: 'AAAA' } },
    })
    await mac.idle()
    await mac.report('Error', uuid, {
      ErrorChain: [
        { ErrorCode: 4001, ErrorDomain: 'MCInstallationErrorDomain', LocalizedDescription: 'Nein' },
        {
          ErrorCode: -1,
          ErrorDomain: 'Below',
          LocalizedDescription: 'Darum',
          USEnglishDescription: 'Why',
        },
      ],
    })
    expect(await command(uuid)).toMatchObject({
      state: 'error',
      error_chain: [
        { ErrorCode: 4001, ErrorDomain: 'MCInstallationErrorDomain', LocalizedDescription: 'Nein' },
        { ErrorCode: -1, USEnglishDescription: 'Why' },
      ],
    })
  })

  test('that the device cannot read ends as format_error', async () => {
    const mac = await stage.enrolled()
    const uuid = await send(mac, { request_type: 'Settings', payload: { Settings: [] } })
    await mac.idle()
    await mac.report('CommandFormatError', uuid)
    expect(await command(uuid)).toMatchObject({ state: 'format_error', open: false })
  })

  test('whose report was lost is sent again when it may run twice', async () => {
    const mac = await stage.enrolled()
    const uuid = await send(mac, { request_type: 'ProfileList' })
    expect(await mac.idle()).toMatchObject({ uuid })
    expect(await mac.idle()).toMatchObject({ uuid })
    expect(await command(uuid)).toMatchObject({ state: 'sent', attempts: 2 })
  })

  test('whose report was lost is unknown and never sent again when it must not run twice', async () => {
    const mac = await stage.enrolled()
    const uuid = await send(mac, { request_type: 'RestartDevice' })
    expect(await mac.idle()).toMatchObject({ uuid })
    expect(await mac.idle()).toBeUndefined()
    expect(await mac.idle()).toBeUndefined()
    expect(await command(uuid)).toMatchObject({ state: 'unknown', attempts: 1, open: true })
    await mac.report('Acknowledged', uuid)
    expect(await command(uuid)).toMatchObject({ state: 'acknowledged' })
  })

  test('can be taken back until it was sent, and not later', async () => {
    const mac = await stage.enrolled()
    const [kept, taken] = [
      await send(mac, { request_type: 'DeviceInformation', priority: 1 }),
      await send(mac, { request_type: 'SecurityInfo' }),
    ]
    expect(await stage.operator.remove(`/commands/${taken}`)).toMatchObject({ status: 200 })
    expect(await command(taken)).toMatchObject({ state: 'cancelled', open: false })
    expect(await mac.idle()).toMatchObject({ uuid: kept })
    const late = await stage.operator.remove(`/commands/${kept}`)
    expect(late.status).toBe(409)
    expect(late.headers['content-type']).toMatch(/^application\/problem\+json/)
    expect(await mac.report('Acknowledged', kept)).toBeUndefined()
  })

  test('goes by priority, then by age', async () => {
    const mac = await stage.enrolled()
    const later = await send(mac, { request_type: 'ProfileList' })
    const last = await send(mac, { request_type: 'SecurityInfo' })
    const first = await send(mac, { request_type: 'DeviceInformation', priority: 10 })
    expect(await mac.idle()).toMatchObject({ uuid: first })
    expect(await mac.report('Acknowledged', first)).toMatchObject({ uuid: later })
    expect(await mac.report('Acknowledged', later)).toMatchObject({ uuid: last })
  })

  test('is the same command when asked for again, and a conflict with another body', async () => {
    const mac = await stage.enrolled()
    const wish = {
      request_type: 'DeviceInformation',
      payload: { Queries: ['UDID'] },
      command_uuid: 'e2e-once',
    }
    const path = `/hosts/${mac.serial}/commands`
    expect((await stage.operator.post(path, wish)).status).toBe(201)
    expect((await stage.operator.post(path, wish)).status).toBe(200)
    expect((await stage.operator.post(path, { ...wish, payload: {} })).status).toBe(409)
    expect(await mac.idle()).toMatchObject({ uuid: 'e2e-once' })
    expect(await mac.report('Acknowledged', 'e2e-once')).toBeUndefined()
    expect((await stage.operator.post(path, wish)).status).toBe(200)
    expect(await mac.idle()).toBeUndefined()
  })

  test('of a former life is superseded when the computer enrols again', async () => {
    const mac = await stage.enrolled()
    const [sent, queued] = [
      await send(mac, { request_type: 'DeviceInformation' }),
      await send(mac, { request_type: 'SecurityInfo' }),
    ]
    await mac.idle()
    const before = await stage.host(mac.serial)
    await mac.enrolInMdm()
    expect(await command(sent)).toMatchObject({ state: 'superseded', open: false })
    expect(await command(queued)).toMatchObject({ state: 'superseded', open: false })
    expect(await stage.host(mac.serial)).toMatchObject({
      id: before.id,
      epoch: before.epoch + 1,
    })
    expect(await mac.idle()).toBeUndefined()
  })

  test('for a user goes to the user channel and to no other', async () => {
    const mac = await stage.enrolled()
    const user = 'B7A4D2E3-1C6F-4D88-9F2A-3E5C7B9D1F23'
    await mac.enrolUser(user)
    const uuid = await send(mac, { request_type: 'ProfileList', channel: `${mac.uuid}:${user}` })
    expect(await mac.idle()).toBeUndefined()
    expect(await mac.idle(user)).toMatchObject({ uuid })
    await mac.report('Acknowledged', uuid, { UserID: user, ProfileList: [] })
    expect(await command(uuid)).toMatchObject({
      state: 'acknowledged',
      channel: `${mac.uuid}:${user}`,
    })
  })

  test('stays what it became when its report comes late or twice, and the journal says so', async () => {
    const mac = await stage.enrolled()
    const uuid = await send(mac, { request_type: 'DeviceInformation' })
    await mac.idle()
    await mac.report('Acknowledged', uuid, { QueryResponses: { UDID: mac.uuid } })
    const done = await command(uuid)
    await mac.report('Acknowledged', uuid, { QueryResponses: { UDID: mac.uuid } })
    await mac.report('Error', uuid, { ErrorChain: [] })
    await mac.report('Acknowledged', 'never-heard-of')
    await mac.report('Acknowledged', 'constructor')
    expect(await command(uuid)).toEqual(done)
    const journal = await stage.operator.all(`/hosts/${mac.serial}/journal`)
    const strays = journal.filter(({ event }) => event === 'mdm.stray_report')
    expect(strays.length).toBeGreaterThanOrEqual(3)
    expect(await mac.idle()).toBeUndefined()
  })

  test('reported on by another computer is not touched', async () => {
    const [mac, other] = [await stage.enrolled(), await stage.enrolled()]
    const uuid = await send(mac, { request_type: 'DeviceInformation' })
    await mac.idle()
    await other.report('Error', uuid, { ErrorChain: [] })
    expect(await command(uuid)).toMatchObject({ state: 'sent' })
  })

  test('is refused for a computer that has no channel', async () => {
    const mac = stage.newComputer()
    await mac.assign(stage.operator)
    const refused = await stage.operator.post(`/hosts/${mac.serial}/commands`, {
      request_type: 'ProfileList',
    })
    expect(refused).toMatchObject({
      status: 409,
      body: { type: expect.stringContaining('not-enrolled') },
    })
  })
})
