import { describe, expect, test } from 'vitest'
import { createTokens } from '../../../src/intake/tokens.ts'
import { hashToken, mintToken } from '../../../src/secrets/tokens.ts'
import { openHouse } from '../../runtime/world.ts'
import { type Answered, type Json, openHttpWorld } from '../world.ts'

const world = await openHttpWorld()

const make = (path: string, body: Json): Promise<Answered> =>
  world.api(path, { method: 'POST', body })
const by = (secret: string, path = '/hosts', method = 'GET'): Promise<Answered> =>
  world.api(path, { as: 'nobody', method, headers: { authorization: `Bearer ${secret}` } })

test('a token is told once, works at once, and no longer once deleted', async () => {
  const made = await make('/tokens', { name: 'ci', role: 'viewer' })
  expect(made.status).toBe(201)
  const { id, secret } = made.json() as { readonly id: string; readonly secret: string }
  expect(secret).toMatch(/^muster_[\w-]{43}$/)
  expect((await by(secret)).status).toBe(200)
  expect((await by(secret, '/tokens')).status).toBe(403)
  const listed = (await world.api('/tokens')).json()['items'] as readonly Json[]
  const shown = listed.find((one) => one['id'] === id)
  expect(shown).toMatchObject({ name: 'ci', role: 'viewer', configured: false })
  expect(shown?.['last_used_at']).toMatch(/^2/)
  expect(JSON.stringify(listed)).not.toContain(hashToken(secret))
  expect((await world.api(`/tokens/${id}`, { method: 'DELETE' })).status).toBe(204)
  expect((await by(secret)).status).toBe(401)
  expect((await world.api(`/tokens/${id}`, { method: 'DELETE' })).status).toBe(404)
})

test('the store keeps no token, only its SHA-256', async () => {
  const { secret } = (await make('/tokens', { name: 'kept', role: 'admin' })).json()
  const rows = world.server.keep.store.lookups.tokens()
  expect(JSON.stringify(rows)).not.toContain(secret)
  expect(rows.map(({ hash }) => hash)).toContain(hashToken(String(secret)))
})

test('the last admin token cannot be deleted, not even by two requests at once', async () => {
  const tokens = (await world.api('/tokens')).json()['items'] as readonly Json[]
  const own = world.server.tokens.find(world.secrets.admin)?.id
  for (const { id, role } of tokens)
    if (role === 'admin' && id !== own)
      await world.api(`/tokens/${String(id)}`, { method: 'DELETE' })
  const refused = await world.api(`/tokens/${own}`, { method: 'DELETE' })
  expect([refused.status, refused.json()['type']]).toEqual([409, '/problems/last-admin'])
  const { id: second } = (await make('/tokens', { name: 'second', role: 'admin' })).json()
  const both = await Promise.all(
    [own, second].map((id) => world.api(`/tokens/${String(id)}`, { method: 'DELETE' })),
  )
  expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([204, 409])
})

describe('an enroll secret', () => {
  const enrol = async (secret: string, uuid: string): Promise<Json> =>
    (
      await world.ask('/api/osquery/enroll', {
        method: 'POST',
        body: {
          enroll_secret: secret,
          host_identifier: uuid,
          host_details: { system_info: { uuid } },
        },
      })
    ).json()

  test('is replaced without a moment in which no agent can enrol', async () => {
    const admin = world.server.tokens.list().find(({ role }) => role === 'admin')
    expect(admin).toBeDefined()
    const fresh = await world.server.tokens.create('rotation', { role: 'admin' })
    if (!fresh.ok) throw new Error('no token')
    const as = (path: string, method: string, body?: Json) =>
      world.api(path, {
        as: 'nobody',
        method,
        ...(body && { body }),
        headers: { authorization: `Bearer ${fresh.value.secret}` },
      })
    const made = await as('/enroll-secrets', 'POST', { name: 'next' })
    const { id, secret } = made.json() as { readonly id: string; readonly secret: string }
    expect(secret).toMatch(/^enroll_[\w-]{43}$/)
    const uuid = (n: number): string => `0A9B8C7D-2222-3333-4444-55555555550${n}`
    expect((await enrol(world.secrets.enroll, uuid(1)))['node_key']).toMatch(/\w/)
    expect((await enrol(secret, uuid(2)))['node_key']).toMatch(/\w/)
    const listed = (await as('/enroll-secrets', 'GET')).json()['items'] as readonly Json[]
    expect(JSON.stringify(listed)).not.toContain(secret)
    const old = listed.find(({ name }) => name === 'agents')
    expect((await as(`/enroll-secrets/${String(old?.['id'])}`, 'DELETE')).status).toBe(204)
    expect((await enrol(world.secrets.enroll, uuid(3)))['node_key'] ?? '').toBe('')
    expect((await enrol(secret, uuid(4)))['node_key']).toMatch(/\w/)
    expect((await as(`/enroll-secrets/${id}`, 'DELETE')).status).toBe(204)
  })
})

describe('tokens', () => {
  const openTokens = async (configured: readonly string[] = []) => {
    const house = await openHouse()
    const options = {
      store: house.store,
      live: house.hosts.live,
      world: house.clock,
      mint: mintToken,
      hash: hashToken,
      configured,
    }
    return { house, options, tokens: createTokens(options) }
  }

  test('survive a restart with their last use, which is written once a minute', async () => {
    const { house, options, tokens } = await openTokens()
    const made = await tokens.create('one', { role: 'admin' })
    if (!made.ok) throw new Error('no token')
    const commits = house.store.lookups.tokens()
    for (let uses = 0; uses < 1_000; uses += 1) tokens.find(made.value.secret)
    expect(house.store.lookups.tokens()).toEqual(commits)
    const usedAt = house.clock.now()
    await house.advance(60_000)
    const later = createTokens(options)
    expect(later.find(made.value.secret)).toEqual(made.value.entry)
    expect(house.store.lookups.tokens()[0]?.last_used_at).toBe(usedAt)
  })

  test('that were deleted do not come back with their last use', async () => {
    const { house, tokens } = await openTokens(['x'.repeat(24)])
    const made = await tokens.create('one', { role: 'admin' })
    if (!made.ok) throw new Error('no token')
    tokens.find(made.value.secret)
    const [removed] = await Promise.all([tokens.remove(made.value.entry.id), tokens.flush()])
    expect(removed.ok).toBe(true)
    await house.advance(120_000)
    expect(house.store.lookups.tokens()).toEqual([])
  })

  test('given by the configuration are valid, listed and not to be deleted', async () => {
    const secret = 'configured-secret-of-24-characters'
    const { tokens, house } = await openTokens([secret])
    expect(tokens.find(secret)).toMatchObject({ role: 'admin', configured: true, createdAt: null })
    expect(await tokens.remove('configured-1')).toMatchObject({ error: { kind: 'configured' } })
    expect(house.store.lookups.tokens()).toEqual([])
  })
})
