import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createInbox, inboxMax } from '../../../src/http/api/event-inbox.ts'
import { createCommands } from '../../../src/intake/commands.ts'
import { createEventStreams } from '../../../src/http/api/event-streams.ts'
import type { JournalEntry } from '../../../storage/queries.ts'
import { createClock } from '../../runtime/clock.ts'
import { openHouse, born } from '../../runtime/world.ts'
import { type Json, openHttpWorld } from '../world.ts'

const world = await openHttpWorld()
const mac = { udid: '0F111111-2222-3333-4444-555555555501', serial: 'EVNT000001' }
let id = ''

beforeAll(async () => {
  id = await world.enrolled(mac)
})

type Message = { readonly id: number; readonly name: string | undefined; readonly data: Json }

/** A client of the stream, as a browser reads it. */
async function stream(query = '', headers: Record<string, string> = {}) {
  const response = await world.server.app.request(`/api/v1/events${query}`, {
    headers: { authorization: `Bearer ${world.secrets.viewer}`, ...headers },
  })
  expect(response.status).toBe(200)
  return { response, ...readerOf(response) }
}

function readerOf(response: Response) {
  if (response.body === null) throw new Error('a stream has a body')
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  onTestFinished(async () => reader.cancel())
  let pending = ''
  async function block(): Promise<string | undefined> {
    for (;;) {
      const end = pending.indexOf('\n\n')
      if (end >= 0) {
        const one = pending.slice(0, end)
        pending = pending.slice(end + 2)
        return one
      }
      const { value, done } = await reader.read()
      if (done) return undefined
      pending += value
    }
  }
  return {
    block,
    async next(): Promise<Message> {
      for (;;) {
        const text = await block()
        if (text === undefined) throw new Error('the stream ended')
        const field = (name: string): string | undefined =>
          new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1]
        const data = field('data')
        if (data === undefined) continue
        return { id: Number(field('id')), name: field('event'), data: JSON.parse(data) as Json }
      }
    },
    cancel: () => reader.cancel(),
  }
}

const lastSeq = async (): Promise<number> => {
  const { items } = (await world.api(`/hosts/${id}/journal?limit=1`)).json()
  return Number((items as readonly Json[])[0]?.['seq'])
}

test('a stream says what it is and asks no proxy to change it', async () => {
  const { response, block } = await stream()
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  expect(response.headers.get('cache-control')).toContain('no-transform')
  expect(await block()).toMatch(/^retry: \d+$/)
})

test('what happens is told as it happens, with its seq as id', async () => {
  const { next } = await stream()
  const waiting = next()
  const uuid = await world.sent(id, { request_type: 'ProfileList' })
  const message = await waiting
  expect(message.data).toMatchObject({
    actor: uuid,
    event: 'operator.enqueue',
    to: 'queued',
    host_id: id,
  })
  expect(message.id).toBe(message.data['seq'])
  const { items } = (await world.api(`/hosts/${id}/journal?limit=1`)).json()
  expect((items as readonly Json[])[0]).toEqual(message.data)
})

test.each(['header', 'query'])(
  'a client resumes behind what it has seen, by %s, and goes on live',
  async (by) => {
    const seen = await lastSeq()
    const missed = [
      await world.sent(id, { request_type: 'ProfileList' }),
      await world.sent(id, { request_type: 'ProfileList' }),
    ]
    const { next } = await (by === 'header'
      ? stream('', { 'last-event-id': String(seen) })
      : stream(`?after=${seen}`))
    expect(await nextCommand(next)).toBe(missed[0])
    expect(await nextCommand(next)).toBe(missed[1])
    const live = await world.sent(id, { request_type: 'ProfileList' })
    expect(await nextCommand(next)).toBe(live)
  },
)

test('a place behind the end of the journal is answered with a reset', async () => {
  const { next } = await stream('', { 'last-event-id': '999999999' })
  expect((await next()).name).toBe('reset')
  const live = await world.sent(id, { request_type: 'ProfileList' })
  expect(await nextCommand(next)).toBe(live)
})

/** Past what its host says in between, such as that nothing can be pushed here. */
async function nextCommand(next: () => Promise<Message>): Promise<unknown> {
  for (;;) {
    const { actor } = (await next()).data
    if (actor !== 'host') return actor
  }
}

// prettier-ignore
const filters = [
  ['event=dep.assigned',            (row: Json) => row['event'] === 'dep.assigned'],
  ['actor=host',                    (row: Json) => row['actor'] === 'host'],
  ['cause=device',                  (row: Json) => row['cause'] === 'device'],
  [`host=${mac.serial}`,            (row: Json) => row['host_id'] === id],
] as const
test.each(filters)(
  'with ?%s only what fits is told, from the journal and live',
  async (query, fits) => {
    const from = await lastSeq()
    const act = async (serial: string): Promise<void> => {
      await world.sent(id, { request_type: 'ProfileList' })
      await world.assigned(serial, mac.serial)
      await world.mdm({ UDID: mac.udid, Status: 'Idle' })
    }
    const salt = query.replaceAll(/\W/g, '').slice(-8).toUpperCase()
    await act(`OLD0${salt}`)
    const { next } = await stream(`?after=${from}&${query}`)
    await act(`NEW0${salt}`)
    const whole = await world.server.keep.queries.listJournal({
      sinceSeq: from,
      ascending: true,
      limit: 1_000,
    })
    if (!whole.ok) throw new Error('the journal cannot be read')
    const expected = whole.value.items
      .filter((row) => fits(row as unknown as Json))
      .map(({ seq }) => seq)
    expect(expected.length).toBeGreaterThan(1)
    const told: number[] = []
    while (told.length < expected.length) told.push((await next()).id)
    expect(told).toEqual(expected)
  },
)

test('a HEAD leaves no stream behind', async () => {
  for (let tries = 0; tries < 300; tries += 1)
    expect((await world.api('/events', { method: 'HEAD' })).status).toBe(200)
})

const authenticate = {
  type: 'mdm.Authenticate',
  at: 0,
  identity: {},
  quarantined: false,
  facts: {},
  enrollmentType: 'Device',
  topic: 't',
} as const

describe('streams of one server', () => {
  const open = async () => {
    const house = await openHouse()
    const closing = new AbortController()
    const { hosts, opened, clock, store, sealing } = house
    const streams = createEventStreams({
      hosts,
      commands: createCommands({ store, hosts, sealing, world: clock }),
      queries: opened.queries,
      world: clock,
      closing: closing.signal,
    })
    let principals = 0
    const openOne = (after?: number, principalId = `p${(principals += 1)}`): Response | undefined =>
      streams.open({ filter: {}, after, principalId })
    return { house, closing, openOne, clock }
  }

  test('are bounded, and a closed one makes room', async () => {
    const { openOne } = await open()
    const opened: Response[] = []
    for (let one = openOne(); one !== undefined; one = openOne()) opened.push(one)
    expect(opened.length).toBe(256)
    await opened[0]?.body?.cancel()
    expect(openOne()).toBeDefined()
    expect(openOne()).toBeUndefined()
  })

  test('are not all for one viewer: it has 32, and others are served beside it', async () => {
    const { openOne } = await open()
    const opened: Response[] = []
    for (let one = openOne(0, 'a viewer'); one !== undefined; one = openOne(0, 'a viewer'))
      opened.push(one)
    expect(opened.length).toBe(32)
    expect(openOne(0, 'another')).toBeDefined()
    await opened[0]?.body?.cancel()
    expect(openOne(0, 'a viewer')).toBeDefined()
  })

  test('say that they live while nothing happens', async () => {
    const { openOne, house } = await open()
    const { block } = readerOf(openOne() ?? new Response())
    await block()
    const waiting = block()
    await house.advance(15_000)
    expect(await waiting).toMatch(/^: /)
  })

  test('end when the server stops, and none is opened after', async () => {
    const { openOne, closing } = await open()
    const { block } = readerOf(openOne() ?? new Response())
    await block()
    const waiting = block()
    closing.abort()
    expect(await waiting).toBeUndefined()
    expect(openOne()).toBeUndefined()
  })

  test('end for a client that reads nothing, and it resumes without a gap', async () => {
    const { openOne, house } = await open()
    const slow = openOne(0) ?? new Response()
    const births = Array.from({ length: inboxMax + 6 }, async (_, index) =>
      born(house, `host-${index}`, { ...authenticate, channel: `c-${index}` }),
    )
    await Promise.all(births)
    const first = readerOf(slow)
    let last = 0
    let told = 0
    for (let text = await first.block(); text !== undefined; text = await first.block()) {
      const seq = Number(/^id: (\d+)$/m.exec(text)?.[1] ?? 0)
      if (seq === 0) continue
      told += 1
      last = seq
    }
    const again = readerOf(openOne(last) ?? new Response())
    const total = inboxMax + 6
    while (told < total) {
      const seq = (await again.next()).id
      expect(seq).toBe(last + 1)
      last = seq
      told += 1
    }
    expect(last).toBe(total)
  })
})

describe('an inbox', () => {
  const entry = (seq: number): JournalEntry => ({
    seq,
    host_id: 'h',
    at: 0,
    actor: 'host',
    event: 'e',
    from_state: null,
    to_state: null,
    cause: 'device',
    cause_id: null,
    detail: null,
  })

  test('gives entries in order, and ends past its bound', async () => {
    const inbox = createInbox(createClock())
    for (let seq = 1; seq <= inboxMax; seq += 1) inbox.post(entry(seq))
    expect(await inbox.take(1)).toMatchObject({ seq: 1 })
    inbox.post(entry(inboxMax + 1))
    expect(await inbox.take(1)).toMatchObject({ seq: 2 })
    inbox.post(entry(inboxMax + 2))
    inbox.post(entry(inboxMax + 3))
    expect(await inbox.take(1)).toBe('closed')
  })
})
