// Push certificates on the console, and what warns of their end.
import { afterEach, describe, expect, test } from 'vitest'
import { pushWarning, warningDays } from '../../src/intake/push-warnings.ts'
import { makeIdentity } from '../effects/identity.ts'
import { signedIn } from './pages-visitor.ts'
import { openHttpWorld, topic } from './world.ts'

const dayMs = 86_400_000
const world = await openHttpWorld({ MUSTER_APNS_URL: 'https://127.0.0.1:1' })
const visitor = await signedIn(world, 'admin')

afterEach(async () => {
  await world.api(`/push-certificates/${topic}`, { method: 'DELETE' })
})

/** As a browser sends a form with files. */
async function uploads(
  files: Readonly<Record<string, string>>,
  password = '',
): Promise<{ readonly status: number; readonly text: string }> {
  const form = new FormData()
  for (const [name, text] of Object.entries(files))
    form.append(name, new File([text], text === '' ? '' : `${name}.pem`))
  form.append('password', password)
  const response = await world.server.app.request('http://localhost/settings/push', {
    method: 'POST',
    headers: { cookie: visitor.cookie(), 'sec-fetch-site': 'same-origin' },
    body: form,
  })
  return { status: response.status, text: await response.text() }
}

const ending = (days: number) => makeIdentity({ uid: topic, notAfterMs: Date.now() + days * dayMs })

test('the page says how to get a certificate as long as there is none', async () => {
  const page = await visitor.get('/settings/push')
  expect(page.text).toContain('No device can be woken yet')
  expect(page.text).toContain('https://identity.apple.com/pushcert/')
  expect((await visitor.get('/settings')).text).toContain('href="/settings/push"')
})

test('a certificate and its key are uploaded as two files or one', async () => {
  const { certificate, key } = ending(300)
  expect((await uploads({ certificate, key })).status).toBe(303)
  expect((await visitor.get('/settings/push')).text).toContain(topic)
  expect((await uploads({ certificate: key + certificate, key: '' })).status).toBe(303)
})

test('what cannot be taken is refused on the page, in a sentence', async () => {
  const { certificate } = ending(300)
  const refused = await uploads({ certificate, key: '' })
  expect(refused.status).toBe(422)
  expect(refused.text).toContain('The private key is missing')
  const nothing = await uploads({ certificate: 'hello', key: '' })
  expect(nothing.text).toContain('neither PEM nor PKCS#12')
})

test('a broken form is no upload', async () => {
  const { status } = await visitor.post(
    '/settings/push',
    {},
    { 'sec-fetch-site': 'same-origin', 'content-type': 'multipart/form-data; boundary=x' },
  )
  expect(status).toBe(413)
})

test('a certificate can be deleted on the page', async () => {
  const { certificate, key } = ending(300)
  await uploads({ certificate, key })
  expect((await visitor.post(`/settings/push/${topic}/delete`, {})).status).toBe(303)
  expect((await visitor.get('/settings/push')).text).toContain('No device can be woken yet')
})

test('viewers see that it is not for them', async () => {
  const viewer = await signedIn(world, 'viewer')
  expect((await viewer.get('/settings/push')).text).toContain('Only admins see this')
})

test('a certificate that ends soon is told of on every page, in the API and in the metrics', async () => {
  const { certificate, key } = ending(6)
  await uploads({ certificate, key })
  for (const path of ['/hosts', '/settings/push'])
    expect((await visitor.get(path)).text).toContain('expires in 6 days')
  expect((await world.api('/push-certificates')).text).toContain('expires in 6 days')
  const metrics = (await world.ask('/metrics', { as: 'viewer' })).text
  expect(metrics).toMatch(
    new RegExp(`muster_push_certificate_expires_timestamp_seconds\\{topic="${topic}"\\} \\d{10}`),
  )
  expect(metrics).toContain(`muster_push_certificate_refused{topic="${topic}"} 0`)
})

describe('a warning', () => {
  const now = Date.UTC(2026, 10, 24)
  const row = {
    topic,
    certificate: '',
    key_ref: '',
    subject: '',
    not_before: 0,
    not_after: now,
    created_at: 0,
    created_by: '',
    refused_at: null,
    refused_reason: null,
  }
  // prettier-ignore
  const cases: readonly (readonly [number, string | undefined])[] = [
    [61, undefined], [60, '60'], [31, '60'], [30, '30'], [15, '30'], [14, '14'], [8, '14'], [7, '7'], [4, '7'],
    [3, '3'], [2, '3'], [1, '1'], [0.5, '1'], [0, 'expired'], [-1, 'expired'],
  ]
  for (const [days, step] of cases)
    test(`${days} days before the end is ${step === undefined ? 'none' : `that of step ${step}`}`, () => {
      const warning = pushWarning({ ...row, not_after: now + days * dayMs }, now)
      expect(warning?.step).toBe(step)
    })

  test('comes at 60, 30, 14, 7, 3 and 1 days', () => {
    expect(warningDays).toEqual([60, 30, 14, 7, 3, 1])
  })

  test('of a refused certificate says what Apple said', () => {
    const refused = { ...row, not_after: now + 300 * dayMs, refused_at: now }
    const warning = pushWarning({ ...refused, refused_reason: 'BadCertificate' }, now)
    expect(warning).toMatchObject({ isOver: true, step: 'refused BadCertificate' })
  })
})

test('a key in clear is nowhere on a page', async () => {
  const { certificate, key } = ending(300)
  await uploads({ certificate, key })
  for (const path of ['/settings/push', '/settings'])
    expect((await visitor.get(path)).text).not.toContain('PRIVATE KEY')
})
