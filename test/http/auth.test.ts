import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { anyOf, type Authenticate, refusal, type Role } from '../../src/http/auth.ts'

/** Somebody signed in on a page: their browser sends the cookie along with whatever it sends. */
const signedIn: Authenticate = () => ({ id: '1', name: 'someone', role: 'admin', via: 'cookie' })

async function statusFor(
  request: { readonly method: string; readonly headers: Readonly<Record<string, string>> },
  authenticate = signedIn,
  role: Role = 'viewer',
): Promise<string> {
  const app = new Hono()
  app.all('*', (context) =>
    context.text(refusal(context, authenticate(context), role)?.kind ?? 'let in'),
  )
  return (await app.request('https://muster.example/api/v1/hosts', request)).text()
}

describe('a request by cookie that changes something', () => {
  // prettier-ignore
  const shapes = [
    ['from our own page',                 { 'sec-fetch-site': 'same-origin' },                                       'let in'],
    ['from our own page, older browser',  { origin: 'https://muster.example' },                                      'let in'],
    ['from another site',                 { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },        'forbidden'],
    ['from a sibling domain',             { 'sec-fetch-site': 'same-site', origin: 'https://a.muster.example' },     'forbidden'],
    ['typed into the address bar',        { 'sec-fetch-site': 'none' },                                              'forbidden'],
    ['from a sandbox without an origin',  { origin: 'null' },                                                        'forbidden'],
    ['with an origin of another port',    { origin: 'https://muster.example:8443' },                                 'forbidden'],
    ['with an origin in clear',           { origin: 'http://muster.example' },                                       'forbidden'],
    ['without a word of where from',      {},                                                                        'forbidden'],
    ['whose origin alone says it is ours', { 'sec-fetch-site': 'cross-site', origin: 'https://muster.example' },     'forbidden'],
  ] as const
  test.each(shapes)('%s', async (_, headers, outcome) => {
    for (const method of ['POST', 'DELETE', 'PUT'])
      expect(await statusFor({ method, headers }), method).toBe(outcome)
  })
})

test('reading by cookie needs no proof of origin', async () => {
  expect(await statusFor({ method: 'GET', headers: { 'sec-fetch-site': 'none' } })).toBe('let in')
})

test('the first way that knows who asks decides', async () => {
  const nobody: Authenticate = () => undefined
  const viewer: Authenticate = () => ({ id: '2', name: 'v', role: 'viewer', via: 'token' })
  const request = { method: 'GET', headers: {} }
  expect(await statusFor(request, anyOf(nobody, nobody))).toBe('unauthorized')
  expect(await statusFor(request, anyOf(nobody, viewer, signedIn), 'admin')).toBe('forbidden')
  expect(await statusFor(request, anyOf(signedIn, viewer), 'admin')).toBe('let in')
})
