// What is older than its setting goes; the rest stays, is counted rightly, and still works.
import { readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createRetention, type Removed } from '../../src/retention.ts'
import { openServer } from '../../src/server.ts'
import { createLive } from '../../src/runtime/live.ts'
import { pino } from 'pino'
import type { CertificateRow } from '../../storage/certificate-rows.ts'
import { rows as everything } from '../storage/everything.ts'
import { configured, type HttpWorld, openHttpWorld } from '../http/world.ts'
import { temporaryFolder } from '../storage/folder.ts'

const dayMs = 86_400_000
const limits = {
  keepJournalMs: 30 * dayMs,
  keepCommandsMs: 20 * dayMs,
  keepResultsMs: 10 * dayMs,
  keepCertificatesMs: 30 * dayMs,
  keepLogsMs: 30 * dayMs,
  keepDeliveriesMs: 7 * dayMs,
}

/** A round as it is made so many days from now. */
async function roundIn(days: number, { server }: HttpWorld, more: object = {}): Promise<Removed> {
  const { keep } = server
  const retention = createRetention({
    limits: { ...limits, ...more },
    store: keep.store,
    queries: keep.queries,
    live: createLive(),
    world: {
      now: () => Date.now() + days * dayMs,
      // The rests between steps are not what is tried here.
      later(task, delayMs) {
        const timer = setTimeout(task, Math.min(delayMs, 1))
        if (delayMs > 1_000) clearTimeout(timer)
        return { cancel: () => clearTimeout(timer) }
      },
    },
    logFolder: join(keep.folder, 'logs'),
  })
  const removed = await retention.round()
  await retention.stop()
  return removed
}

const mac = { udid: '4A1C7B2E-9F30-4D56-8E71-6B0D2C3E0001', serial: 'C02RET0001' }

async function acknowledged(world: HttpWorld, hostId: string, count: number): Promise<string[]> {
  const uuids: string[] = []
  for (let sent = 0; sent < count; sent += 1)
    uuids.push(
      await world.sent(hostId, {
        request_type: 'DeviceInformation',
        payload: { Queries: ['OSVersion'] },
      }),
    )
  for (const CommandUUID of uuids)
    await world.mdm({
      UDID: mac.udid,
      Status: 'Acknowledged',
      CommandUUID,
      QueryResponses: { OSVersion: '26.1' },
    })
  return uuids
}

const total = async ({ api }: HttpWorld, path: string): Promise<unknown> =>
  (await api(path)).json()['total']

const world = await openHttpWorld()
const hostId = await world.enrolled(mac)
const finished = await acknowledged(world, hostId, 3)
const open = await world.sent(hostId, {
  request_type: 'DeviceInformation',
  payload: { Queries: ['OSVersion'] },
})
await world.pushesTold()

describe('a server with a host, three finished commands and an open one', () => {
  test('removes nothing of what is younger than its setting', async () => {
    expect(await roundIn(9, world)).toEqual({
      journal: 0,
      commands: 0,
      results: 0,
      certificates: 0,
      logs: 0,
    })
  })

  test('first removes what devices answered, and says of a result that there is none', async () => {
    expect(await roundIn(11, world)).toMatchObject({ results: 3, commands: 0, journal: 0 })
    const { status, json } = await world.api(`/commands/${finished[0]}`)
    expect([status, json()['state']]).toEqual([200, 'acknowledged'])
    expect(await roundIn(11, world)).toMatchObject({ results: 0 })
  })

  test('then finished commands with all that was sealed for them, and the counts say so', async () => {
    expect(await total(world, '/commands')).toBe(4)
    expect(await roundIn(21, world)).toMatchObject({ commands: 3, journal: 0 })
    expect(await total(world, '/commands')).toBe(1)
    expect((await world.api(`/commands/${finished[0]}`)).status).toBe(404)
    const counts = await world.server.keep.queries.transitionCounts('command')
    expect(counts.ok && counts.value.states['state']).toEqual({ queued: 1 })
    const { lookups } = world.server.keep.store
    for (const uuid of finished) expect(lookups.sealed(`${uuid}.request`)).toBeUndefined()
    expect(lookups.sealed(`${open}.request`)).toBeDefined()
  })

  test('never an open command, which its device still gets', async () => {
    expect(await roundIn(300, world, { keepJournalMs: 400 * dayMs })).toMatchObject({ commands: 0 })
    const offered = await world.mdm({ UDID: mac.udid, Status: 'Idle' })
    expect(offered.text).toContain(open)
  })

  test('then the oldest journal rows, and a list counts those that stay', async () => {
    const before = Number(await total(world, '/journal'))
    expect(before).toBeGreaterThan(5)
    const { journal } = await roundIn(31, world)
    // The newest row stays: the seqs of later ones go on from it.
    expect(journal).toBe(before - 1)
    expect(await total(world, '/journal')).toBe(1)
    await world.sent(hostId, { request_type: 'SecurityInfo' })
    const after = (await world.api('/journal?limit=1000')).json() as {
      items: { seq: number }[]
      total: number
    }
    expect(after.total).toBe(after.items.length)
    expect(Math.min(...after.items.map(({ seq }) => seq))).toBe(before)
  })

  test('tells a client that comes back with a place that is kept no more to begin anew', async () => {
    const stream = async (after: number): Promise<string> => {
      const response = await world.server.app.request('/api/v1/events', {
        headers: {
          authorization: `Bearer ${world.secrets.admin}`,
          'last-event-id': String(after),
        },
      })
      const reader = (response.body ?? new ReadableStream<Uint8Array>()).getReader()
      let text = ''
      while (!/\n\n.*\n\n/s.test(text))
        text += Buffer.from((await reader.read()).value ?? []).toString()
      await reader.cancel()
      return text
    }
    expect(await stream(2)).toContain('event: reset')
    const oldest = (await world.api('/journal?limit=1000')).json() as { items: { seq: number }[] }
    const first = Math.min(...oldest.items.map(({ seq }) => seq))
    expect(await stream(first - 1)).toContain(`id: ${first}\n`)
  })
})

test('rows that a webhook was not told of stay', async () => {
  const one = await openHttpWorld()
  await one.enrolled(mac)
  const { store } = one.server.keep
  const row = {
    id: 'w1',
    name: 'slow',
    url: 'https://receiver.example.com/',
    kind: 'standard',
    topics: '[]',
    secret_ref: null,
    former_secret_ref: null,
    former_until: null,
    enabled: 1,
    disabled_reason: null,
    cursor: 2,
    created_at: 1,
    created_by: 'test',
  } as const
  expect((await store.commit([{ put: 'webhook', row }])).ok).toBe(true)
  expect(await roundIn(31, one)).toMatchObject({ journal: 2 })
})

test('certificates that were replaced or never used go long after their end, and no others', async () => {
  const one = await openHttpWorld()
  const { store } = one.server.keep
  const now = Date.now()
  const row = (fingerprint: string, more: Partial<CertificateRow>): CertificateRow => ({
    ...everything.certificate,
    challenge_hash: null,
    host_id: null,
    not_after: now - 31 * dayMs,
    origin: 'issued',
    ...more,
    fingerprint,
  })
  const rows = [
    row('retired', { status: 'retired' }),
    row('unused', { status: 'issued' }),
    row('stays: in use', { status: 'active' }),
    row('stays: revoked', { status: 'revoked' }),
    row('stays: adopted', { status: 'retired', origin: 'adopted' }),
    row('stays: ended lately', { status: 'retired', not_after: now - 29 * dayMs }),
  ]
  const kept = await store.commit(
    rows.map((certificate) => ({ put: 'certificate', row: certificate })),
  )
  expect(kept.ok).toBe(true)
  expect(await roundIn(0, one)).toMatchObject({ certificates: 2 })
  const left = rows.filter(({ fingerprint }) => store.lookups.certificate(fingerprint))
  expect(left.map(({ fingerprint }) => fingerprint.split(':')[0])).toEqual(Array(4).fill('stays'))
})

test('full log files that are old go, and the open ones and foreign files stay', async () => {
  const folder = temporaryFolder()
  const server = await openServer(
    configured({ MUSTER_DATA: folder, MUSTER_DEVICE_AUTH: 'none' }),
    pino({ level: 'silent' }),
  )
  onTestFinished(() => server.close())
  const old = new Date(Date.now() - 31 * dayMs)
  for (const name of [
    'result.00000001.ndjson',
    'result.00000002.ndjson',
    'notes.txt',
    'status.ndjson',
  ])
    writeFileSync(join(folder, 'logs', name), '')
  for (const name of ['result.00000001.ndjson', 'notes.txt', 'status.ndjson'])
    utimesSync(join(folder, 'logs', name), old, old)
  expect(await roundIn(0, { ...world, server })).toMatchObject({ logs: 1 })
  expect(readdirSync(join(folder, 'logs')).toSorted()).toEqual([
    'notes.txt',
    'other.ndjson',
    'result.00000002.ndjson',
    'result.ndjson',
    'status.ndjson',
  ])
})
