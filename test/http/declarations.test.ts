// Declarations of a fleet that has a server for them beside NanoMDM: KMFDDM and its kind go on answering.
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createForwarding } from '../../src/effects/declarations/forwarding.ts'
import { readConfig } from '../../src/config/config.ts'
import { openHttpWorld, type HttpWorld, type Json, topic } from './world.ts'

type Heard = {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}
type Said = { readonly status: number; readonly body?: string | undefined; readonly never?: true }

const udid = 'DDDD1111-0000-4000-8000-000000000001'
const user = 'DDDD1111-0000-4000-8000-00000000000A'
const items =
  '{"Declarations":{"Activations":[{"Identifier":"a","ServerToken":"1"}]},"DeclarationsToken":"t"}\n'

const heard: Heard[] = []
let said: Said = { status: 200, body: items }
let backend: Server
let world: HttpWorld

beforeAll(async () => {
  backend = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const { method, url, headers } = request
      heard.push({ method, url, headers, body: Buffer.concat(pieces).toString() })
      if (said.never) return
      response.writeHead(said.status, { 'content-type': 'application/json' })
      response.end(said.body)
    })
  })
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve))
  const { port } = backend.address() as AddressInfo
  world = await openHttpWorld({ MUSTER_DECLARATIONS_URL: `http://127.0.0.1:${port}/dm` })
  await world.enrolled({ udid, serial: 'C02DECL' })
})
afterAll(() => {
  backend.closeAllConnections()
  backend.close()
})
beforeEach(() => {
  heard.length = 0
  said = { status: 200, body: items }
})

const ask = (Endpoint: string, more: Record<string, unknown> = {}) =>
  world.mdm({ MessageType: 'DeclarativeManagement', UDID: udid, Endpoint, ...more })

test('a device gets what that server answers, byte for byte', async () => {
  const { status, text, headers } = await ask('declaration-items')
  expect([status, text]).toEqual([200, items])
  expect(headers.get('content-type')).toBe('application/json')
  expect(heard).toMatchObject([
    {
      method: 'GET',
      url: '/dm/declaration-items',
      headers: { 'x-enrollment-id': udid, 'x-enrollment-type': 'Device' },
    },
  ])
  expect(heard[0]?.headers).not.toHaveProperty('x-enrollment-parentid')
})

test('a status report is put there, and its empty answer is an empty 200', async () => {
  said = { status: 200 }
  const Data = Buffer.from('{"StatusItems":{}}')
  const { status, text, headers } = await ask('status', { Data })
  expect([status, text, headers.get('content-length')]).toEqual([200, '', '0'])
  expect(heard).toMatchObject([
    {
      method: 'PUT',
      url: '/dm/status',
      body: '{"StatusItems":{}}',
      headers: { 'content-type': 'application/json' },
    },
  ])
})

test('of a user channel it hears the user, its device, and any name as UTF-8', async () => {
  const UserID = 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF'
  const UserShortName = 'jürgen@example.com'
  for (const ids of [{ UserID: user }, { UserID, UserShortName }]) {
    await world.mdm({
      MessageType: 'TokenUpdate',
      UDID: udid,
      Topic: topic,
      Token: Buffer.from('t'),
      PushMagic: 'm',
      ...ids,
    })
    expect((await ask('tokens', ids)).status).toBe(200)
  }
  const named = heard.map(({ headers }) => [
    Buffer.from(String(headers['x-enrollment-id']), 'latin1').toString(),
    headers['x-enrollment-type'],
    headers['x-enrollment-parentid'],
  ])
  expect(named).toEqual([
    [`${udid}:${user}`, 'User', udid],
    [`${udid}:${UserShortName}`, 'Shared iPad', udid],
  ])
})

test('what is not there is a 404, which makes the device forget its copy', async () => {
  said = { status: 404 }
  expect((await ask('declaration/asset/gone')).status).toBe(404)
})

test.each([500, 401, 403, 301, 204, 503])(
  'its answer %i is a 503: the device keeps what it has and asks again',
  async (status) => {
    said = { status }
    const answered = await ask('tokens')
    expect([answered.status, answered.text]).toEqual([503, ''])
  },
)

test('an answer without end is not kept', async () => {
  said = { status: 200, body: 'x'.repeat(4 * 1_048_576 + 1) }
  expect((await ask('declaration-items')).status).toBe(503)
})

test.each([
  ['declaration/asset/a b?c#d%2F/e', '/dm/declaration/asset/a%20b%3Fc%23d%252F/e'],
  ['declaration/configuration/com.example.x', '/dm/declaration/configuration/com.example.x'],
])('the identifier of %s leads nowhere else', async (endpoint, url) => {
  await ask(endpoint)
  expect(heard.map((one) => one.url)).toEqual([url])
})

test.each(['declaration/asset/../../../admin', 'declaration/asset/.', 'admin', '', 'tokens/../x'])(
  'the endpoint %j is not asked for there',
  async (endpoint) => {
    const { status } = await ask(endpoint)
    expect([400, 404]).toContain(status)
    expect(heard).toEqual([])
  },
)

test('a device that is not enrolled is not heard there', async () => {
  const { status } = await world.mdm({
    MessageType: 'DeclarativeManagement',
    UDID: 'DDDD1111-0000-4000-8000-00000000FFFF',
    Endpoint: 'tokens',
  })
  expect([status, heard.length]).toEqual([400, 0])
})

test('a quarantined host is not heard in another computer’s name: it gets 503 until the conflict is resolved', async () => {
  const twin = 'DDDD1111-0000-4000-8000-00000000BBBB'
  await world.enrolled({ udid: twin, serial: 'C02DECL' }).catch(() => undefined)
  const hosts = (await world.api('/hosts?limit=100')).json()['items'] as readonly Json[]
  const quarantined = hosts.find((one) => one['quarantined'] === true)
  expect(quarantined).toMatchObject({ udid: twin })
  const { status } = await world.mdm({
    MessageType: 'DeclarativeManagement',
    UDID: twin,
    Endpoint: 'tokens',
  })
  expect([status, heard.length]).toEqual([503, 0])
})

test('a server that is gone is a 503', async () => {
  const { port } = backend.address() as AddressInfo
  backend.closeAllConnections()
  await new Promise((resolve) => backend.close(resolve))
  expect((await ask('tokens')).status).toBe(503)
  await new Promise<void>((resolve) => backend.listen(port, '127.0.0.1', resolve))
  expect((await ask('tokens')).status).toBe(200)
})

test('a server that never answers is waited for so long, and is logged once a minute', async () => {
  said = { status: 200, never: true }
  const sentences: string[] = []
  let now = 0
  const { port } = backend.address() as AddressInfo
  const forward = createForwarding({
    url: new URL(`http://127.0.0.1:${port}/`),
    userAgent: 'test',
    elapsedMs: () => now,
    warn: (sentence) => void sentences.push(sentence),
    timeoutMs: 200,
  })
  const question = { enrollmentId: udid, enrollmentType: 'Device', endpoint: 'tokens' }
  const many = await Promise.all(Array.from({ length: 140 }, async () => forward(question)))
  expect(many.every(({ kind }) => kind === 'failed')).toBe(true)
  // Twelve are refused at once: 128 are under way.
  expect(sentences).toEqual([
    'The server for declarations: too many questions are under way (1 since the last such line).',
  ])
  now = 60_000
  await forward(question)
  expect(sentences[1]).toBe(
    'The server for declarations: no answer in time (140 since the last such line).',
  )
})

// prettier-ignore
const addresses = [
  ['ftp://x/',                 'must be an http or https address, such as http://127.0.0.1:9002/'],
  ['kmfddm',                   'must be an http or https address, such as http://127.0.0.1:9002/'],
  ['http://u:p@127.0.0.1/',    'must have no user name, query or fragment'],
  ['http://127.0.0.1/?key=v',  'must have no user name, query or fragment'],
] as const
test.each(addresses)('the setting %s stops the start', (url, sentence) => {
  const config = readConfig({}, { MUSTER_DECLARATIONS_URL: url })
  expect(config).toEqual({ ok: false, error: `MUSTER_DECLARATIONS_URL ${sentence}.` })
})
