// Who changed what: each route that changes something leaves one row of the journal that says so.
import { beforeAll, describe, expect, test } from 'vitest'
import type { JournalEntry } from '../../../storage/queries.ts'
import { makeIdentity } from '../../effects/identity.ts'
import { signedIn } from '../pages-visitor.ts'
import { authorityOf } from '../scep-peer.ts'
import { type Stage, stageOf } from '../scep-stage.ts'
import { type Json, openHttpWorld, topic } from '../world.ts'
import { operationsOf } from './document.ts'

const world = await openHttpWorld({
  MUSTER_WEBHOOK_ALLOW: '127.0.0.1',
  MUSTER_PUSH_TOPIC: topic,
})
const operations = await operationsOf(world)
let stage: Stage
beforeAll(async () => {
  stage = stageOf(world, await authorityOf(world))
})

/** What to ask so that the route does what it is for. */
type Doing = {
  readonly path: string
  readonly body?: Json
  /** Events of rows beside the one, where `otherwise` says why there are. */
  readonly also?: readonly string[]
}

let macs = 0
async function aHost(): Promise<string> {
  macs += 1
  const tail = String(macs).padStart(4, '0')
  const udid = `9A1C7B2E-9F30-4D56-8E71-6B0D2C3E${tail}`
  return world.enrolled({ udid, serial: `C02AUDIT${tail}` })
}

async function made(path: string, body: Json): Promise<string> {
  const answer = await world.api(path, { method: 'POST', body })
  if (answer.status !== 201) throw new Error(answer.text)
  return String(answer.json()['id'])
}

const aWebhook = (): Promise<string> =>
  made('/webhooks', {
    name: 'a receiver',
    url: 'http://127.0.0.1:9/hook?password=not-for-the-journal',
  })

async function aDelivery(): Promise<{ readonly webhook: string; readonly id: string }> {
  const webhook = await aWebhook()
  const sent = await world.api(`/webhooks/${webhook}/test`, { method: 'POST' })
  return { webhook, id: String(sent.json()['id']) }
}

async function aPushCertificate(): Promise<Json> {
  const { certificate, key } = makeIdentity({ uid: topic })
  return { pem: certificate + key }
}

/** Two hosts that may be one: Apple's list knows the serial number, an agent the UUID. */
async function twins(): Promise<readonly [string, string]> {
  macs += 1
  const uuid = `8B1C7B2E-9F30-4D56-8E71-6B0D2C3E${String(macs).padStart(4, '0')}`
  const [listed = ''] = await world.assigned(`C02TWIN${macs}`)
  const host_details = { system_info: { uuid } }
  await world.ask('/api/osquery/enroll', {
    method: 'POST',
    body: { enroll_secret: world.secrets.enroll, host_identifier: uuid, host_details },
  })
  const found = await world.api(`/hosts/${uuid}`)
  return [listed, String(found.json()['id'])]
}

async function merged(): Promise<string> {
  const [one, other] = await twins()
  const answer = await world.api(`/hosts/${one}/merge`, { method: 'POST', body: { with: other } })
  if (answer.status !== 200) throw new Error(answer.text)
  return String(answer.json()['survivor'])
}

/** As one whose event was set apart has it. */
async function aConflict(): Promise<string> {
  const id = `failing-${macs}`
  const row = {
    id,
    kind: 'failing',
    host_id: await aHost(),
    others: '[]',
    claim_kind: null,
    claim_value: null,
    detail: '{}',
    opened_at: Date.now(),
    resolved_at: null,
    resolution: null,
  }
  await world.server.keep.store.commit([{ put: 'conflict', row }])
  return id
}

// prettier-ignore
const doings: Readonly<Record<string, () => Promise<Doing>>> = {
  'POST /hosts/{ref}/commands': async () => ({ path: `/hosts/${await aHost()}/commands`, body: { request_type: 'ProfileList', payload: {} } }),
  'DELETE /commands/{uuid}': async () => ({ path: `/commands/${await world.sent(await aHost(), { request_type: 'ProfileList' })}` }),
  'DELETE /hosts/{ref}': async () => ({ path: `/hosts/${await aHost()}`, also: ['operator.reset'] }),
  'POST /hosts/remove': async () => { await aHost(); return { path: '/hosts/remove', body: { filter: `q=C02AUDIT${String(macs).padStart(4, '0')}` }, also: ['operator.reset'] } },
  'DELETE /hosts/{ref}/agents/{key}': async () => { const [, agents] = await twins(); const { agents: [one] } = (await world.api(`/hosts/${agents}`)).json() as { agents: readonly { key: string }[] }; return { path: `/hosts/${agents}/agents/${one?.key}`, also: ['osquery.revoke'] } },
  'POST /hosts/{ref}/merge': async () => { const [one, other] = await twins(); return { path: `/hosts/${one}/merge`, body: { with: other }, also: ['identity.merged_into', 'identity.absorb'] } },
  'POST /hosts/{ref}/split': async () => ({ path: `/hosts/${await merged()}/split`, also: ['identity.split', 'identity.release'] }),
  'POST /conflicts/{id}/resolve': async () => ({ path: `/conflicts/${await aConflict()}/resolve`, body: { choice: 'dismiss' } }),
  'POST /dep/devices': async () => ({ path: '/dep/devices', body: { devices: ['C02ONE', 'C02TWO'].map((serial_number) => ({ serial_number })) }, also: ['dep.assigned'] }),
  'POST /certificates/{fingerprint}/revoke': async () => ({ path: `/certificates/${(await stage.issued()).certificate.fingerprint}/revoke` }),
  'POST /certificates/{fingerprint}/renew': async () => ({ path: `/certificates/${(await stage.standing(await aHost(), 'active')).certificate.fingerprint}/renew` }),
  'POST /enrollment-links': async () => ({ path: '/enrollment-links', body: { name: 'a link' } }),
  'POST /enrollment-links/{id}/revoke': async () => ({ path: `/enrollment-links/${await made('/enrollment-links', { name: 'a link' })}/revoke` }),
  'POST /tokens': async () => ({ path: '/tokens', body: { name: 'a token', role: 'viewer' } }),
  'DELETE /tokens/{id}': async () => ({ path: `/tokens/${await made('/tokens', { name: 'a token', role: 'viewer' })}` }),
  'POST /enroll-secrets': async () => ({ path: '/enroll-secrets', body: { name: 'a secret' } }),
  'DELETE /enroll-secrets/{id}': async () => ({ path: `/enroll-secrets/${await made('/enroll-secrets', { name: 'a secret' })}` }),
  'POST /webhooks': async () => ({ path: '/webhooks', body: { name: 'a receiver', kind: 'nanomdm', url: 'https://example.com/hook?password=not-for-the-journal' } }),
  'POST /webhooks/{id}': async () => ({ path: `/webhooks/${await aWebhook()}`, body: { url: 'https://example.org/?password=not-for-the-journal', enabled: false } }),
  'POST /webhooks/{id}/test': async () => ({ path: `/webhooks/${await aWebhook()}/test` }),
  'POST /webhooks/{id}/replay': async () => ({ path: `/webhooks/${await aWebhook()}/replay`, body: { since: '2020-01-01T00:00:00Z' } }),
  'POST /webhooks/{id}/deliveries/{delivery}/replay': async () => { const { webhook, id } = await aDelivery(); return { path: `/webhooks/${webhook}/deliveries/${id}/replay` } },
  'POST /webhooks/{id}/rotate-secret': async () => ({ path: `/webhooks/${await aWebhook()}/rotate-secret`, body: {} }),
  'DELETE /webhooks/{id}': async () => ({ path: `/webhooks/${await aWebhook()}` }),
  'PUT /push-certificates': async () => ({ path: '/push-certificates', body: await aPushCertificate() }),
  'DELETE /push-certificates/{topic}': async () => { await world.api('/push-certificates', { method: 'PUT', body: await aPushCertificate() }); return { path: `/push-certificates/${topic}` } },
}

/** Of these more than one row tells, each for its reason. */
const otherwise: Readonly<Record<string, string>> = {
  'POST /dep/devices': 'each device of the list is a host of its own with its own journal',
  'POST /hosts/{ref}/merge': 'both hosts tell of it, and of the states that moved',
  'POST /hosts/{ref}/split': 'both hosts tell of it, and of the states that moved',
  'DELETE /hosts/{ref}/agents/{key}':
    'a host without its last agent tells that it is not enrolled in osquery any more',
  'POST /hosts/remove': 'a host that was enrolled first tells that it is so no more',
  'DELETE /hosts/{ref}': 'a host that was enrolled first tells that it is so no more',
}

const changing = operations.filter(({ method }) => method !== 'GET')

test('every route that changes something is tried here', () => {
  const names = changing.map(({ method, template }) => `${method} ${template}`)
  expect(Object.keys(doings).toSorted()).toEqual(names.toSorted())
  expect(Object.keys(otherwise).filter((name) => !(name in doings))).toEqual([])
})

/** Rows of operators that came since. */
async function rowsSince(seq: number): Promise<readonly JournalEntry[]> {
  const page = await world.server.keep.queries.listJournal({
    sinceSeq: seq,
    causes: ['operator'],
    limit: 100,
  })
  if (!page.ok) throw new Error('the journal cannot be read')
  return page.value.items
}

async function lastSeq(): Promise<number> {
  const page = await world.server.keep.queries.listJournal({ limit: 1 })
  return page.ok ? (page.value.items[0]?.seq ?? 0) : 0
}

describe.each(Object.entries(doings))('%s', (name, prepare) => {
  const [method = ''] = name.split(' ')

  test(`leaves one row that says who did what${name in otherwise ? `: ${otherwise[name]}` : ''}`, async () => {
    const { path, body, also = [] } = await prepare()
    expect(also.length > 0).toBe(name in otherwise)
    const before = await lastSeq()
    const startedAt = Date.now()
    const answer = await world.api(path, { method, ...(body && { body }) })
    expect([200, 201, 204], answer.text).toContain(answer.status)
    const rows = await rowsSince(before)
    expect(rows, rows.map(({ event }) => event).join()).toHaveLength(1 + also.length)
    for (const event of also) expect(rows.map((row) => row.event)).toContain(event)
    for (const { cause_id, at } of rows) {
      expect(cause_id).toBe('an admin')
      expect(at).toBeGreaterThanOrEqual(startedAt)
    }
    const secret = /"secret":"([^"]+)"/.exec(answer.text)?.[1] ?? 'not-for-the-journal'
    expect(JSON.stringify(rows)).not.toContain(secret)
    expect(JSON.stringify(rows)).not.toContain('not-for-the-journal')
  })
})

test('a push certificate that a script of NanoMDM uploads is told of as well', async () => {
  const before = await lastSeq()
  const { pem } = await aPushCertificate()
  const password = Buffer.from(`nanomdm:${world.secrets.admin}`).toString('base64')
  const headers = { authorization: `Basic ${password}` }
  const answer = await world.ask('/v1/pushcert', { method: 'PUT', headers, body: String(pem) })
  expect(answer.status).toBe(200)
  expect(await rowsSince(before)).toMatchObject([
    { event: 'push_certificate.uploaded', cause_id: 'an admin' },
  ])
})

describe('the journal of all', () => {
  test('is listed over the API, newest first, by who did it and what', async () => {
    await aWebhook()
    const page = await world.api('/journal?cause=operator&event=webhook.created&limit=2', {
      as: 'viewer',
    })
    const { items, next } = page.json()
    expect(items).toMatchObject([
      {
        event: 'webhook.created',
        host_id: '',
        cause: 'operator',
        cause_id: 'an admin',
        detail: { name: 'a receiver', kind: 'standard', to: 'http://127.0.0.1:9', events: 'all' },
      },
      { event: 'webhook.created' },
    ])
    const later = await world.api(
      `/journal?cause=operator&event=webhook.created&limit=2&cursor=${encodeURIComponent(String(next))}`,
    )
    const seqs = [items, later.json()['items']].flatMap((page) =>
      (page as readonly Json[]).map(({ seq }) => Number(seq)),
    )
    expect(seqs).toEqual(seqs.toSorted((one, other) => other - one))
    expect(new Set(seqs).size).toBe(seqs.length)
  })

  test('is told of what is no host, in words, on the page of events', async () => {
    const visitor = await signedIn(world, 'viewer')
    const { text } = await visitor.get('/events?cause=operator')
    expect(text).toContain('webhook.created')
    expect(text).toContain('http://127.0.0.1:9')
    expect(text).toContain('no host')
    expect(text).not.toContain('not-for-the-journal')
  })
})
