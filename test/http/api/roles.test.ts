import { describe, expect, test } from 'vitest'
import { operationsOf } from './document.ts'
import { openHttpWorld } from '../world.ts'

const world = await openHttpWorld()
const operations = await operationsOf(world, { id: 'host' })

/** The status alone: a stream has no end to wait for. */
async function statusOf(method: string, path: string, authorization?: string): Promise<Response> {
  const response = await world.server.app.request(`/api/v1${path}`, {
    method,
    headers: authorization === undefined ? {} : { authorization },
  })
  await response.body?.cancel()
  return response
}

test('the document names every route of the API', () => {
  expect(operations.map(({ method, template }) => `${method} ${template}`).toSorted()).toEqual([
    'DELETE /commands/{uuid}',
    'DELETE /enroll-secrets/{id}',
    'DELETE /hosts/{ref}',
    'DELETE /hosts/{ref}/agents/{key}',
    'DELETE /push-certificates/{topic}',
    'DELETE /tokens/{id}',
    'DELETE /webhooks/{id}',
    'GET /backup',
    'GET /backups',
    'GET /certificates',
    'GET /certificates/{fingerprint}',
    'GET /commands',
    'GET /commands/{uuid}',
    'GET /conflicts',
    'GET /conflicts/{id}/event',
    'GET /enroll-secrets',
    'GET /enrollment-links',
    'GET /events',
    'GET /hosts',
    'GET /hosts/summary',
    'GET /hosts/{ref}',
    'GET /hosts/{ref}/actor',
    'GET /hosts/{ref}/explain',
    'GET /hosts/{ref}/journal',
    'GET /journal',
    'GET /machines',
    'GET /machines/{id}',
    'GET /machines/{id}.svg',
    'GET /openapi.json',
    'GET /push-certificates',
    'GET /tokens',
    'GET /webhooks',
    'GET /webhooks/{id}',
    'GET /webhooks/{id}/deliveries',
    'POST /certificates/{fingerprint}/renew',
    'POST /certificates/{fingerprint}/revoke',
    'POST /conflicts/{id}/resolve',
    'POST /dep/devices',
    'POST /enroll-secrets',
    'POST /enrollment-links',
    'POST /enrollment-links/{id}/revoke',
    'POST /hosts/remove',
    'POST /hosts/{ref}/commands',
    'POST /hosts/{ref}/merge',
    'POST /hosts/{ref}/split',
    'POST /tokens',
    'POST /webhooks',
    'POST /webhooks/{id}',
    'POST /webhooks/{id}/deliveries/{delivery}/replay',
    'POST /webhooks/{id}/replay',
    'POST /webhooks/{id}/rotate-secret',
    'POST /webhooks/{id}/test',
    'PUT /push-certificates',
  ])
})

test('whatever changes something is for admins', () => {
  const changing = operations.filter(({ method }) => method !== 'GET')
  expect(changing.filter(({ role }) => role !== 'admin')).toEqual([])
})

describe.each(
  operations.map((operation) => [`${operation.method} ${operation.template}`, operation] as const),
)('%s', (_, { method, path, role }) => {
  const strangers = [
    ['no token', undefined],
    ['an unknown token', 'Bearer muster_unknown'],
    ['another scheme', `Basic ${world.secrets.admin}`],
    ['a token with more behind it', `Bearer ${world.secrets.admin} x`],
    ['an enroll secret', `Bearer ${world.secrets.enroll}`],
  ] as const
  test.each(strangers)('refuses %s with 401', async (_name, authorization) => {
    const response = await statusOf(method, path, authorization)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
  })

  test(`${role === 'admin' ? 'refuses' : 'lets in'} a viewer`, async () => {
    const { status } = await statusOf(method, path, `Bearer ${world.secrets.viewer}`)
    if (role === 'admin') expect(status).toBe(403)
    else expect([200, 404]).toContain(status)
  })

  test('lets in an admin, by a scheme in any case', async () => {
    if (method === 'DELETE' && path.startsWith('/tokens')) return
    const { status } = await statusOf(method, path, `bearer ${world.secrets.admin}`)
    expect([200, 404, 415, 422]).toContain(status)
  })
})

const byPath = Object.entries(Object.groupBy(operations, ({ template }) => template))
test.each(byPath)('%s takes its own methods and names them otherwise', async (_, siblings = []) => {
  const path = siblings[0]?.path ?? ''
  const own = siblings.map(({ method }) => method)
  const allowed = [...own, ...(own.includes('GET') ? ['HEAD'] : [])]
  for (const method of ['PUT', 'PATCH', 'OPTIONS', 'GET', 'POST', 'DELETE']) {
    if (allowed.includes(method)) continue
    const response = await statusOf(method, path, `Bearer ${world.secrets.admin}`)
    expect(response.status, method).toBe(405)
    expect(response.headers.get('allow')?.split(', ').toSorted(), method).toEqual(
      allowed.toSorted(),
    )
    expect((await statusOf(method, path)).status, method).toBe(401)
  }
})

test('a path nobody has is 404 to those who may look, and 401 to others', async () => {
  for (const path of ['/nothing', '/hosts/x/nothing', '/', '/hosts/']) {
    expect((await world.api(path)).status, path).toBe(404)
    expect((await world.api(path, { as: 'nobody' })).status, path).toBe(401)
  }
})
