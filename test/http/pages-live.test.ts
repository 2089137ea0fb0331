import { describe, expect, test } from 'vitest'
import { createSlot } from '../../src/http/pages/live-slot.ts'
import { realWorld } from '../../src/world.ts'
import { createVisitor, signedIn } from './pages-visitor.ts'
import { openHttpWorld, topic } from './world.ts'

const world = await openHttpWorld()
const visitor = await signedIn(world, 'viewer')
const mac = { udid: 'DDDDDDDD-0000-4000-8000-000000000001', serial: 'C02LIVE1' }
const id = await world.enrolled(mac)

type Stream = {
  /** The next message, joined over chunks; undefined at the end. */
  next(): Promise<string | undefined>
  cancel(): Promise<void>
}

async function follow(
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Stream> {
  const response = await world.server.app.request(path, {
    headers: { cookie: visitor.cookie(), ...headers },
  })
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  const reader = response.body?.getReader()
  if (reader === undefined) throw new Error('no stream')
  const decoder = new TextDecoder()
  const stream: Stream = {
    async next() {
      const { value } = await reader.read()
      return value && decoder.decode(value)
    },
    cancel: () => reader.cancel(),
  }
  expect(await stream.next()).toMatch(/^retry: \d+\n\n$/)
  return stream
}

const checkOut = () => world.mdm({ MessageType: 'CheckOut', UDID: mac.udid, Topic: topic })

const contentOf = (message: string | undefined): unknown =>
  JSON.parse(/^data: (.*)$/m.exec(message ?? '')?.[1] ?? 'null')

describe('a live host', () => {
  test('tells what is lit and the edge that was taken', async () => {
    const stream = await follow(`/live/hosts/${id}`)
    const told = stream.next()
    await checkOut()
    const message = await told
    expect(message).toMatch(/^id: \d+\nevent: change\n/)
    expect(contentOf(message)).toEqual({
      machine: 'host',
      lit: expect.arrayContaining(['mdm', 'mdm.unenrolled', 'dep.unassigned']),
      edge: 'mdm.enrolled>mdm.unenrolled',
    })
    await stream.cancel()
  })

  test('tells a page that comes late what it has missed, once', async () => {
    await world.enrolled(mac)
    const late = await follow(`/live/hosts/${id}?since=1`)
    expect(contentOf(await late.next())).toMatchObject({ machine: 'host' })
    await late.cancel()
    const resumed = await follow(`/live/hosts/${id}`, { 'last-event-id': '1' })
    const message = await resumed.next()
    const [, seq = ''] = /^id: (\d+)/.exec(message ?? '') ?? []
    await resumed.cancel()
    const upToDate = await follow(`/live/hosts/${id}?since=${seq}`)
    const quiet = Symbol('quiet')
    const next = await Promise.race([
      upToDate.next(),
      new Promise((resolve) => setTimeout(resolve, 400, quiet)),
    ])
    expect(next).toBe(quiet)
    await upToDate.cancel()
  })

  test('says nothing of other hosts', async () => {
    const stream = await follow(`/live/hosts/${id}`)
    const told = stream.next()
    await world.enrolled({ udid: 'DDDDDDDD-0000-4000-8000-000000000002', serial: 'C02LIVE2' })
    await checkOut()
    expect(contentOf(await told)).toMatchObject({ edge: 'mdm.enrolled>mdm.unenrolled' })
    await stream.cancel()
  })
})

test('a thousand changes are a few messages', async () => {
  const stream = await follow('/live/events')
  let messages = 0
  const reading = (async () => {
    while ((await stream.next()) !== undefined) messages += 1
  })()
  const began = performance.now()
  for (let round = 0; round < 20; round += 1)
    await world.assigned(...Array.from({ length: 20 }, (_, index) => `C02L${round}X${index}Y`))
  const seconds = (performance.now() - began) / 1_000
  await stream.cancel()
  await reading
  expect(messages).toBeGreaterThanOrEqual(1)
  expect(messages).toBeLessThanOrEqual(4 * seconds + 2)
})

test('strangers and other sites are not told anything', async () => {
  const stranger = createVisitor(world)
  for (const path of ['/live/events', `/live/hosts/${id}`, '/live/commands/x']) {
    expect((await stranger.get(path)).status).toBe(403)
    expect((await visitor.get(path, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
  }
})

test('a stream ends soon after its token is deleted', async () => {
  const made = await world.server.tokens.create('short', { role: 'viewer' })
  if (!made.ok) throw new Error('no token')
  const leaving = createVisitor(world)
  await leaving.post('/sign-in', { token: made.value.secret })
  const stream = await follow('/live/events', { cookie: leaving.cookie() })
  await world.server.tokens.remove(made.value.entry.id)
  const began = performance.now()
  while ((await stream.next()) !== undefined);
  expect(performance.now() - began).toBeLessThan(6_000)
})

test('streams are bounded, and one that ends makes room', async () => {
  const open: Stream[] = []
  for (let count = 0; count < 32; count += 1) open.push(await follow('/live/events'))
  const refused = await visitor.get('/live/events')
  expect(refused.status).toBe(503)
  for (const stream of open) await stream.cancel()
  await (await follow('/live/events')).cancel()
})

describe('a slot', () => {
  test('joins changes until they are taken', async () => {
    const slot = createSlot(realWorld)
    slot.put({ seq: 4, edge: 'a>b' })
    slot.put({ seq: 6 })
    slot.put({ seq: 0 })
    expect(await slot.take(10)).toEqual({ seq: 6, edge: 'a>b' })
    expect(await slot.take(10)).toBe('quiet')
  })

  test('wakes whoever waits, and lets them go when it closes', async () => {
    const slot = createSlot(realWorld)
    const taken = slot.take(10_000)
    slot.put({ seq: 1 })
    expect(await taken).toEqual({ seq: 1, edge: undefined })
    const waiting = slot.take(10_000)
    slot.close()
    expect(await waiting).toBe('closed')
    expect(await slot.take(10_000)).toBe('closed')
  })
})
