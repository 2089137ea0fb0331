// Commands of one CommandUUID whose hosts are merged into one, and split again.
import { beforeAll, expect, test } from 'vitest'
import { buildPlist } from '../../src/protocol/plist/build.ts'
import { signedIn } from './pages-visitor.ts'
import { type Answered, type HttpWorld, type Json, openHttpWorld } from './world.ts'

const [one, two] = ['1111', '2222'].map(
  (digits) => `${digits}${digits}-0000-4000-8000-000000000000`,
) as [string, string]

let world: HttpWorld
let survivor: string
let loser: string

const basic = (): string =>
  `Basic ${Buffer.from(`nanomdm:${world.secrets.admin}`).toString('base64')}`

const enqueue = (commandUUID: string): Promise<Answered> =>
  world.ask(`/v1/enqueue/${one},${two}?nopush=1`, {
    method: 'PUT',
    headers: { authorization: basic() },
    body: buildPlist({ Command: { RequestType: 'ProfileList' }, CommandUUID: commandUUID }),
  })

/** Of each command of that CommandUUID: its device, its host and its state. */
const named = async (commandUUID: string): Promise<readonly Json[]> =>
  (await world.api(`/commands?command_uuid=${commandUUID}`)).json()['items'] as readonly Json[]

const statesOf = async (commandUUID: string): Promise<Json> =>
  Object.fromEntries(
    (await named(commandUUID)).map(({ channel, host_id, state }) => [channel, [host_id, state]]),
  )

const idle = (udid: string): Promise<Answered> => world.mdm({ UDID: udid, Status: 'Idle' })
const report = (udid: string, commandUUID: string): Promise<Answered> =>
  world.mdm({ UDID: udid, Status: 'Acknowledged', CommandUUID: commandUUID, Said: udid })

beforeAll(async () => {
  world = await openHttpWorld()
  const first = await world.enrolled({ udid: one, serial: 'C02ONE' })
  const second = await world.enrolled({ udid: two, serial: 'C02TWO' })
  expect((await enqueue('SHARED')).status).toBe(200)
  const merged = await world.api(`/hosts/${second}/merge`, {
    method: 'POST',
    body: { with: first },
  })
  survivor = String(merged.json()['survivor'])
  loser = String(merged.json()['loser'])
})

/** The merged host goes by the channel of the device that enrolled last; the other one's waits for a split. */
test('a merged host has both commands, and its device settles its own', async () => {
  const both = (ofOne: string, ofTwo: string) => ({
    [one]: [survivor, ofOne],
    [two]: [survivor, ofTwo],
  })
  expect(await statesOf('SHARED')).toEqual(both('queued', 'queued'))
  expect((await idle(two)).text).toContain('<string>SHARED</string>')
  await report(one, 'SHARED')
  await report(two, 'SHARED')
  expect(await statesOf('SHARED')).toEqual(both('queued', 'acknowledged'))
})

test('the CommandUUID with the merged host is answered with both of its commands', async () => {
  const answer = await world.api(`/commands/SHARED?host=${survivor}`)
  expect(answer.status).toBe(409)
  const channels = (answer.json()['candidates'] as readonly Json[]).map(({ channel }) => channel)
  expect(new Set(channels)).toEqual(new Set([one, two]))
})

test('the device of a merged host takes that CommandUUID no second time', async () => {
  expect((await enqueue('SHARED')).status).toBe(500)
  expect(await named('SHARED')).toHaveLength(2)
})

test('a split gives each command back to the host of its device, with its CommandUUID', async () => {
  const split = await world.api(`/hosts/${survivor}/split`, { method: 'POST', body: {} })
  expect(split.status).toBe(200)
  expect((await idle(one)).text).toContain('<string>SHARED</string>')
  expect((await idle(two)).text).toBe('')
  await report(one, 'SHARED')
  const states = await statesOf('SHARED')
  expect(new Set(Object.values(states).map((state) => (state as string[])[0]))).toEqual(
    new Set([survivor, loser]),
  )
  for (const udid of [one, two]) {
    expect(states[udid]).toMatchObject([expect.any(String), 'acknowledged'])
    const whole = await world.api(`/commands/SHARED?host=${udid}`)
    expect(whole.json()).toMatchObject({ channel: udid, result: { Said: udid } })
  }
})

test.each(['0001_a.v2', 'PLAIN-1'])(
  'a device whose host was forgotten takes the CommandUUID %s anew, and former commands stay as they were',
  async (name) => {
    const udid = '3333ABCD-0000-4000-8000-000000000000'
    const send = () =>
      world.ask(`/v1/enqueue/${udid}?nopush=1`, {
        method: 'PUT',
        headers: { authorization: basic() },
        body: buildPlist({ Command: { RequestType: 'ProfileList' }, CommandUUID: name }),
      })
    for (const lives of [1, 2, 3]) {
      const host = await world.enrolled({ udid, serial: 'C02THREE' })
      expect((await send()).status).toBe(200)
      expect((await send()).status).toBe(500)
      expect((await idle(udid)).text).toContain(`<string>${name}</string>`)
      await report(udid, name)
      const all = await named(name)
      expect(all).toHaveLength(lives)
      expect(new Set(all.map(({ host_id }) => host_id)).size).toBe(lives)
      for (const { state } of all) expect(state).toBe('acknowledged')
      expect((await world.api(`/hosts/${host}`, { method: 'DELETE' })).status).toBe(200)
    }
  },
)

test.each(['PAGE', 'page.v2'])(
  'the page of the CommandUUID %s leads to each command of it',
  async (name) => {
    expect((await enqueue(name)).status).toBe(200)
    const viewer = await signedIn(world, 'viewer')
    const { status, text } = await viewer.get(`/commands/${name}`)
    expect(status).toBe(name === 'PAGE' ? 200 : 409)
    // Where the CommandUUID is the id of one of them, the page is that command's.
    const ids = (await named(name)).map(({ id }) => String(id)).filter((id) => id !== name)
    expect(ids).toHaveLength(name === 'PAGE' ? 1 : 2)
    for (const id of ids) {
      expect(text).toContain(`href="/commands/${id}"`)
      expect((await viewer.get(`/commands/${id}`)).status).toBe(200)
    }
  },
)
