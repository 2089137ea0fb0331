// Behind a proxy that ends TLS: what a browser is given is right for the address it sees.
import { describe, expect, test } from 'vitest'
import { openHttpWorld } from './world.ts'

const world = await openHttpWorld({ MUSTER_PUBLIC_URL: 'https://mdm.example.test' })

const signIn = (origin: string, headers: Record<string, string>): Promise<Response> =>
  Promise.resolve(
    world.server.app.request(`${origin}/sign-in`, {
      method: 'POST',
      body: new URLSearchParams({ token: world.secrets.admin }).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    }),
  )

describe('a browser behind a proxy that ends TLS', () => {
  test('signs in although it sends no Sec-Fetch-Site, and its cookie is of that host and https only', async () => {
    const entered = await signIn('http://mdm.example.test', { origin: 'https://mdm.example.test' })
    expect(entered.status).toBe(303)
    const cookie = entered.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(/^__Host-muster=/)
    expect(cookie).toContain('Secure')
    expect(entered.headers.get('strict-transport-security')).toBe('max-age=31536000')
    const page = await world.server.app.request('http://mdm.example.test/hosts', {
      headers: { cookie: cookie.split(';')[0] ?? '' },
    })
    expect(page.status).toBe(200)
    const form = await world.server.app.request('http://mdm.example.test/settings/tokens', {
      method: 'POST',
      body: new URLSearchParams({ name: 'by form', role: 'viewer' }).toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        cookie: cookie.split(';')[0] ?? '',
        origin: 'https://mdm.example.test',
      },
    })
    expect(form.status).toBeLessThan(400)
  })

  test('is refused where another site sends the form', async () => {
    for (const origin of ['https://evil.example', 'http://mdm.example.test', 'null'])
      expect((await signIn('http://mdm.example.test', { origin })).status).toBe(403)
  })
})

test('a request for another host than the public one is taken as it came', async () => {
  const entered = await signIn('http://127.0.0.1:8080', { origin: 'http://127.0.0.1:8080' })
  expect(entered.status).toBe(303)
  expect(entered.headers.get('set-cookie')).toMatch(/^muster_session=/)
  expect(entered.headers.get('strict-transport-security')).toBeNull()
})
