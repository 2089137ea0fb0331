// Webhooks as operators handle them, on a whole server.
import { expect, test } from 'vitest'
import { openReceiver } from '../../effects/receiver.ts'
import { until } from '../../effects/webhook-world.ts'
import { type Json, openHttpWorld } from '../world.ts'

const world = await openHttpWorld({ MUSTER_WEBHOOK_ALLOW: '127.0.0.1' })
const { api, mdm } = world

const post = (path: string, body?: unknown) =>
  api(path, { method: 'POST', ...(body !== undefined && { body }) })

async function made(body: Json): Promise<{ readonly id: string; readonly secret: string }> {
  const answer = await post('/webhooks', { name: 'a receiver', ...body })
  expect(answer.status).toBe(201)
  const { id, secret } = answer.json()
  return { id: String(id), secret: String(secret) }
}

test('a webhook is made, told, tried, listed, changed and deleted', async () => {
  const receiver = await openReceiver()
  const { id, secret } = await made({ url: receiver.url, topics: ['mdm.Authenticate'] })
  expect(secret).toMatch(/^whsec_/)
  const hostId = await world.enrolled({
    udid: 'A1A1A1A1-0000-4000-8000-000000000001',
    serial: 'C02HOOK1',
  })
  await until(() => receiver.heard.length === 1)
  expect(JSON.parse(receiver.heard[0]?.text ?? '')).toMatchObject({
    type: 'mdm.Authenticate',
    data: { host: { id: hostId, serial: 'C02HOOK1' } },
  })
  expect((await post(`/webhooks/${id}/test`)).json()).toMatchObject({ topic: 'webhook.test' })
  await until(() => receiver.heard.length === 2)

  await expect
    .poll(async () => (await api(`/webhooks/${id}`)).json())
    .toMatchObject({
      enabled: true,
      waiting: 0,
      last: { state: 'delivered', last_status: 200, topic: 'webhook.test' },
    })
  const list = await api('/webhooks')
  expect(list.json()).toMatchObject({ total: 1, items: [{ id, kind: 'standard' }] })
  expect(list.text).not.toContain(secret)

  const log = (await api(`/webhooks/${id}/deliveries?state=delivered&limit=1`)).json()
  expect(log).toMatchObject({ total: 2, items: [{ topic: 'webhook.test' }] })
  const next = await api(
    `/webhooks/${id}/deliveries?state=delivered&limit=1&cursor=${encodeURIComponent(String(log['next']))}`,
  )
  expect(next.json()).toMatchObject({ items: [{ topic: 'mdm.Authenticate' }], next: null })

  const again = await post(`/webhooks/${id}/replay`, { since: '2020-01-01T00:00:00Z' })
  expect(again.json()).toEqual({ deliveries: 2 })
  await until(() => receiver.heard.length === 4)

  expect((await post(`/webhooks/${id}`, { enabled: false, name: 'off' })).json()).toMatchObject({
    enabled: false,
    name: 'off',
    url: receiver.url,
  })
  expect((await post(`/webhooks/${id}/test`)).status).toBe(409)
  expect((await api(`/webhooks/${id}`, { method: 'DELETE' })).status).toBe(204)
  expect((await api(`/webhooks/${id}`)).status).toBe(404)
})

test('a NanoMDM webhook is told of the messages a device sends, with the query of its address', async () => {
  const receiver = await openReceiver()
  const secret = 'the key this receiver has known all along'.replaceAll(' ', '-')
  await made({ url: receiver.url, kind: 'nanomdm', secret })
  const udid = 'A1A1A1A1-0000-4000-8000-000000000002'
  await world.enrolled({ udid, serial: 'C02HOOK2' })
  await mdm({ UDID: udid, Status: 'Idle' })
  await until(() => receiver.heard.length === 3)
  expect(receiver.heard.map(({ text }) => (JSON.parse(text) as Json)['topic'])).toEqual([
    'mdm.Authenticate',
    'mdm.TokenUpdate',
    'mdm.Connect',
  ])
  expect(receiver.heard[0]?.headers['x-hmac-signature']).toMatch(/^[A-Za-z0-9+/]{43}=$/)
})

test('a webhook gets another secret, which is told once, and the one before signs along', async () => {
  const receiver = await openReceiver()
  const { id, secret } = await made({ url: receiver.url, topics: ['webhook.test'] })
  const rotated = await post(`/webhooks/${id}/rotate-secret`)
  expect(rotated.status).toBe(200)
  const { secret: next, former_secret_until: end } = rotated.json()
  expect(next).toMatch(/^whsec_/)
  expect(next).not.toBe(secret)
  expect(Math.round((Date.parse(String(end)) - Date.now()) / 3_600_000)).toBe(24)
  expect((await api(`/webhooks/${id}`)).text).not.toContain(String(next))
  await post(`/webhooks/${id}/test`)
  await until(() => receiver.heard.length === 1)
  expect(String(receiver.heard[0]?.headers['webhook-signature']).split(' ')).toHaveLength(2)

  const own = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
  const at = await post(`/webhooks/${id}/rotate-secret`, { secret: own, grace_ms: 0 })
  expect(at.json()).toMatchObject({ secret: own, former_secret_until: null })
  await post(`/webhooks/${id}/test`)
  await until(() => receiver.heard.length === 2)
  expect(String(receiver.heard[1]?.headers['webhook-signature']).split(' ')).toHaveLength(1)
})

// prettier-ignore
const notRotated = [
  ['nanomdm', { grace_ms: 1 }, '/grace_ms'],
  ['nanomdm', { secret: 'short' }, '/secret'],
  ['standard', { secret: 'whsec_!' }, '/secret'],
  ['standard', { grace_ms: 7 * 86_400_000 + 1 }, '/grace_ms'],
] as const

test.each(notRotated)(
  'a %s webhook keeps its secret when it is asked for %o',
  async (kind, body, pointer) => {
    const { id } = await made({ url: 'https://example.com/', kind })
    const answer = await post(`/webhooks/${id}/rotate-secret`, body)
    expect(answer.status).toBe(422)
    expect(answer.json()).toMatchObject({ errors: [{ pointer }] })
  },
)

// prettier-ignore
const refused = [
  [{ url: 'ftp://example.com' }, '/url'],
  [{ url: 'https://user@example.com' }, '/url'],
  [{ url: 'https://example.com', secret: 'short' }, '/secret'],
  [{ url: 'https://example.com', topics: ['no topic!'] }, '/topics/0'],
  [{ url: 'https://example.com', kind: 'carrier pigeon' }, '/kind'],
] as const

test.each(refused)('%o is refused at the member that is wrong', async (body, pointer) => {
  const answer = await post('/webhooks', { name: 'x', ...body })
  expect(answer.status).toBe(422)
  expect(answer.json()).toMatchObject({ errors: [{ pointer }] })
})

test('viewers see no webhooks, since an address may be a secret', async () => {
  expect((await api('/webhooks', { as: 'viewer' })).status).toBe(403)
})
