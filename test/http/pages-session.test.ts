import { describe, expect, test } from 'vitest'
import { ownPath } from '../../src/http/pages/sign-in-page.ts'
import { createVisitor, signedIn } from './pages-visitor.ts'
import { openHttpWorld } from './world.ts'

const world = await openHttpWorld()
const { secrets } = world

const pages = [
  '/hosts',
  '/commands',
  '/events',
  '/conflicts',
  '/machines',
  '/machines/host',
  '/settings',
  '/settings/webhooks',
]

const forms = [
  '/hosts/x/send',
  '/hosts/x/delete',
  '/commands/x/cancel',
  '/conflicts/x/resolve',
  '/settings/tokens',
  '/settings/tokens/x/delete',
  '/settings/enroll-secrets',
  '/settings/enroll-secrets/x/delete',
  '/settings/webhooks',
  '/settings/webhooks/x/test',
  '/settings/webhooks/x/enable',
  '/settings/webhooks/x/disable',
  '/settings/webhooks/x/replay',
  '/settings/webhooks/x/delete',
]

describe('signing in', () => {
  test('a token opens the page one wanted', async () => {
    const visitor = createVisitor(world)
    const away = await visitor.get('/hosts?mdm=enrolled')
    expect(away.location).toBe('/?next=%2Fhosts%3Fmdm%3Denrolled')
    const asked = await visitor.get(away.location ?? '')
    expect(asked.text).toContain('value="/hosts?mdm=enrolled"')
    const entered = await visitor.post('/sign-in', {
      token: ` ${secrets.admin}\n`,
      next: '/hosts?mdm=enrolled',
    })
    expect(entered.location).toBe('/hosts?mdm=enrolled')
    expect((await visitor.get('/hosts')).status).toBe(200)
    expect((await visitor.get('/')).location).toBe('/hosts')
  })

  test('a wrong token opens nothing and is not repeated', async () => {
    const visitor = createVisitor(world)
    const refused = await visitor.post('/sign-in', { token: 'muster_wrong-wrong-wrong' })
    expect(refused.status).toBe(403)
    expect(refused.text).not.toContain('muster_wrong')
    expect(visitor.cookie()).toBe('')
  })

  test('the form of another site signs nobody in', async () => {
    const visitor = createVisitor(world)
    const refused = await visitor.post(
      '/sign-in',
      { token: secrets.admin },
      { 'sec-fetch-site': 'cross-site' },
    )
    expect(refused.status).toBe(403)
    expect(visitor.cookie()).toBe('')
  })

  test('over http the cookie is out of reach for scripts and other sites', async () => {
    const visitor = createVisitor(world)
    const { headers } = await visitor.post('/sign-in', { token: secrets.admin })
    expect(headers.get('set-cookie')).toMatch(
      /^muster_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/,
    )
  })

  test('over https it is bound to this very host as well', async () => {
    const visitor = createVisitor(world, 'https://muster.example')
    const { headers } = await visitor.post('/sign-in', { token: secrets.admin })
    expect(headers.get('set-cookie')).toMatch(
      /^__Host-muster=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    )
  })

  test('every sign-in has an id of its own, and the former one ends', async () => {
    const visitor = await signedIn(world, 'admin')
    const former = visitor.cookie()
    await visitor.post('/sign-in', { token: secrets.admin })
    expect(visitor.cookie()).not.toBe(former)
    const stolen = await world.ask('/hosts', { headers: { cookie: former } })
    expect(stolen.headers.get('location')).toContain('/?next=')
  })

  test('an id that was never given out is none', async () => {
    const fixed = `muster_session=${'A'.repeat(43)}`
    const seen = await world.ask('/hosts', { headers: { cookie: fixed } })
    expect(seen.status).toBe(303)
  })

  test('signing out ends the session and not only the cookie', async () => {
    const visitor = await signedIn(world, 'admin')
    const cookie = visitor.cookie()
    await visitor.post('/sign-out', {})
    expect(visitor.cookie()).not.toContain('muster_session')
    expect((await world.ask('/hosts', { headers: { cookie } })).status).toBe(303)
  })

  test('a session ends with its token', async () => {
    const made = await world.server.tokens.create('short', { role: 'viewer' })
    if (!made.ok) throw new Error('no token')
    const visitor = createVisitor(world)
    await visitor.post('/sign-in', { token: made.value.secret })
    expect((await visitor.get('/hosts')).status).toBe(200)
    await world.server.tokens.remove(made.value.entry.id)
    expect((await visitor.get('/hosts')).status).toBe(303)
  })

  // prettier-ignore
  const elsewhere = [
    'https://evil.example/', '//evil.example', '/\\evil.example', 'javascript:alert(1)', '', null,
    '/hosts\\@evil', '/hosts\nSet-Cookie: x',
  ]
  test.each(elsewhere)('%j leads to the hosts instead', (next) => {
    expect(ownPath(next)).toBe('/hosts')
  })
})

describe('every page', () => {
  test.each(['/', ...pages, '/no-such-page'])('%s is strict about what it runs', async (page) => {
    const visitor = await signedIn(world, 'admin')
    const { headers, text } = await (page === '/' ? createVisitor(world) : visitor).get(page)
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    )
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('same-origin')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(text).not.toMatch(/ style=| on\w+=|<script(?![^>]* src=)|javascript:/)
    expect(text.replaceAll(/"[^"]*"/g, '""').match(/<[^>]*=(?!"")[^>]*>/g)).toBeNull()
  })

  test.each([...pages, '/hosts/x', '/commands/x', '/hosts/x/journal', '/no-such-page'])(
    '%s asks strangers to sign in',
    async (page) => {
      expect((await createVisitor(world).get(page)).location).toMatch(/^\/\?next=/)
    },
  )

  test('loads its files under an address that changes with them, and may keep them', async () => {
    const { text } = await createVisitor(world).get('/')
    const files = [...text.matchAll(/(?:href|src)="(\/static\/[^"]+)"/g)].map(
      ([, file]) => file ?? '',
    )
    expect(files.length).toBeGreaterThanOrEqual(3)
    for (const file of files) {
      const { status, headers } = await world.ask(file)
      expect(status).toBe(200)
      expect(headers.get('cache-control')).toContain('immutable')
    }
    const folder = files[0]?.replace(/[^/]+$/, '') ?? ''
    for (const name of ['nothing.js', '..%2f..%2f..%2fpackage.json', 'console.css%00'])
      expect((await world.ask(folder + name)).status).not.toBe(200)
  })

  test('wears the colours one has chosen', async () => {
    const visitor = await signedIn(world, 'viewer')
    const changed = await visitor.post('/theme', { theme: 'dark' })
    expect(changed.location).toBe('/hosts')
    expect((await visitor.get('/hosts')).text).toContain('data-theme="dark"')
    await visitor.post('/theme', { theme: '"><script>' })
    expect((await visitor.get('/hosts')).text).toContain('data-theme="auto"')
  })
})

describe('forms', () => {
  // prettier-ignore
  const foreign = [
    ['a form of another site', { 'sec-fetch-site': 'cross-site' }],
    ['a form of a sibling domain', { 'sec-fetch-site': 'same-site' }],
    ['a link typed or opened from outside', { 'sec-fetch-site': 'none' }],
    ['a sandboxed frame', { origin: 'null' }],
    ['an old browser from elsewhere', { origin: 'https://evil.example' }],
    ['a request that says nothing of itself', {}],
    ['text/plain by fetch from elsewhere', { 'sec-fetch-site': 'cross-site', 'content-type': 'text/plain' }],
  ] as const
  for (const form of forms)
    test.each(foreign)(`${form} refuses %s`, async (_, headers) => {
      const before = world.server.tokens.list().length
      const visitor = await signedIn(world, 'admin')
      const { status } = await visitor.post(form, { name: 'x', role: 'admin' }, headers)
      expect(status).toBe(403)
      expect(world.server.tokens.list()).toHaveLength(before)
    })

  test.each(forms)('%s refuses viewers and strangers', async (form) => {
    const viewer = await signedIn(world, 'viewer')
    expect((await viewer.post(form, { name: 'x', role: 'admin' })).status).toBe(403)
    expect((await createVisitor(world).post(form, {})).location).toBe('/')
  })

  test('there are none for viewers but their own', async () => {
    const viewer = await signedIn(world, 'viewer')
    const id = await world.enrolled({
      udid: 'AAAAAAAA-0000-4000-8000-000000000001',
      serial: 'C02VIEW1',
    })
    const uuid = await world.sent(id, { request_type: 'ProfileList' })
    for (const page of [...pages, `/hosts/${id}`, `/commands/${uuid}`]) {
      const { text, status } = await viewer.get(page)
      expect(status).toBe(200)
      const actions = [...text.matchAll(/method="post" action="([^"]*)"/g)].map(
        ([, action]) => action,
      )
      expect(new Set(actions)).toEqual(new Set(['/sign-out', '/theme']))
    }
  })

  test('one that is too large is refused', async () => {
    const visitor = await signedIn(world, 'admin')
    const { status } = await visitor.post('/settings/tokens', { name: 'x'.repeat(3_000_000) })
    expect(status).toBe(413)
  })
})
