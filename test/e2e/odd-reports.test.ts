// Reports that a strict reader refuses end their commands over the wire, and are shown.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Computer } from './computer.ts'
import type { Json } from './operator.ts'
import { openStage, type Stage } from './stage.ts'
import { exchange, reportType } from './wire.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage.close())

const pair = (key: string, text: string): string => `<key>${key}</key><string>${text}</string>`

const put = (mac: Computer, inside: string) =>
  exchange(stage.muster.url, {
    path: '/mdm',
    headers: { 'content-type': reportType },
    body: Buffer.from(
      `<plist version="1.0"><dict>${inside}${pair('UDID', mac.uuid)}</dict></plist>`,
    ),
  })

async function offered(mac: Computer, requestType = 'InstalledApplicationList'): Promise<string> {
  const wish = { request_type: requestType }
  const { body } = await stage.operator.post(`/hosts/${mac.serial}/commands`, wish)
  expect(await mac.idle()).toMatchObject({ uuid: body['command_uuid'] })
  return String(body['command_uuid'])
}

const command = async (uuid: string): Promise<Json> =>
  (await stage.operator.get(`/commands/${uuid}`)).body

const ended = (uuid: string): string => pair('CommandUUID', uuid) + pair('Status', 'Acknowledged')

const app = `<dict>${['A', 'B', 'C', 'D', 'E'].map((key) => pair(key, 'x')).join('')}</dict>`

// prettier-ignore
const reports: readonly (readonly [string, string, string])[] = [
  ['12,000 apps of five keys', `<key>Apps</key><array>${app.repeat(12_000)}</array>`, 'cut'],
  ['17 MB', `<key>Blob</key><data>${'AAAA'.repeat(4_500_000)}</data>`, 'whole'],
  ['one key twice', '<key>X</key><true/><key>X</key><false/>', 'mended'],
  ['U+0003 in a name', pair('Name', 'a\u0003b'), 'mended'],
  ['a reference to U+0000', pair('Name', 'a&#0;b'), 'mended'],
  ['a tag that no list has', '<key>X</key><null/>', 'unreadable'],
]

for (const [name, inside, kind] of reports)
  test(`a report with ${name} ends its command, and is shown as ${kind}`, async () => {
    const mac = await stage.enrolled()
    const uuid = await offered(mac)
    expect((await put(mac, inside + ended(uuid))).status).toBe(200)
    const { state, result_condition: condition } = await command(uuid)
    expect(state).toBe('acknowledged')
    if (kind === 'whole') expect(condition).toBeUndefined()
    else expect(condition).toMatchObject({ kind, reason: expect.stringContaining('at byte') })
    expect(await mac.idle()).toBeUndefined()
  })

test('a report with a Status nobody knows is answered like an Idle, and its command comes three times', async () => {
  const mac = await stage.enrolled()
  const uuid = await offered(mac)
  const odd = pair('CommandUUID', uuid) + pair('Status', 'Deferred')
  for (let times = 0; times < 3; times += 1) {
    expect(await put(mac, odd)).toMatchObject({ status: 200, body: Buffer.alloc(0) })
    if (times < 2) expect(await mac.idle()).toMatchObject({ uuid })
  }
  expect(await command(uuid)).toMatchObject({ state: 'unknown', attempts: 3 })
  expect(await mac.idle()).toBeUndefined()
})

test('a report without a CommandUUID is answered with the next command and journalled', async () => {
  const mac = await stage.enrolled()
  await offered(mac)
  const { status } = await put(mac, pair('Status', 'Acknowledged') + pair('CommandUUID', ''))
  expect(status).toBe(200)
  const { id } = await stage.host(mac.serial)
  expect(await stage.operator.all(`/hosts/${id}/journal`)).toContainEqual(
    expect.objectContaining({ event: 'mdm.unread_report' }),
  )
})

test('a report that says nothing but its sender is refused, journalled, and sets its command apart after three', async () => {
  const mac = await stage.enrolled()
  const uuid = await offered(mac)
  for (let times = 0; times < 3; times += 1) {
    expect((await put(mac, '<key>X</key><null/>')).status).toBe(400)
    if (times < 2) expect(await mac.idle()).toMatchObject({ uuid })
  }
  expect(await mac.idle()).toBeUndefined()
  expect(await command(uuid)).toMatchObject({ state: 'unknown' })
})

test('a Mac whose name has an odd character enrols', async () => {
  const mac = stage.newComputer()
  const inside =
    pair('MessageType', 'Authenticate') + pair('Topic', 'T') + pair('DeviceName', 'a&#3;b')
  const { status } = await exchange(stage.muster.url, {
    path: '/mdm',
    headers: { 'content-type': 'application/x-apple-aspen-mdm-checkin' },
    body: Buffer.from(
      `<plist version="1.0"><dict>${inside}${pair('UDID', mac.uuid)}${pair('SerialNumber', mac.serial)}</dict></plist>`,
    ),
  })
  expect(status).toBe(200)
  expect(await stage.host(mac.serial)).toMatchObject({ hostname: 'a\uFFFDb' })
})
