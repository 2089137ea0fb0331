// The document of the API as clients fetch it.
import { describe, expect, test } from 'vitest'
import { openHttpWorld } from '../world.ts'

const world = await openHttpWorld()
const get = (headers: Readonly<Record<string, string>> = {}) =>
  world.api('/openapi.json', { as: 'viewer', headers })

test('the document is the same whoever asks, and has a name', async () => {
  const [one, other] = [await get(), await world.api('/openapi.json')]
  expect(one.json()).toMatchObject({ openapi: '3.1.0', servers: [{ url: '/api/v1' }] })
  expect(one.headers.get('content-type')).toBe('application/json')
  expect(one.headers.get('etag')).toMatch(/^"[0-9a-f]{32}"$/)
  expect(other.text).toBe(one.text)
  expect(other.headers.get('etag')).toBe(one.headers.get('etag'))
})

test('nobody keeps it for others: it takes a token', async () => {
  expect((await get()).headers.get('cache-control')).toBe('private, no-cache')
  expect((await world.api('/openapi.json', { as: 'nobody' })).status).toBe(401)
})

describe('who has it already is told so:', () => {
  const cases = [
    ['by its name', (etag: string) => etag, 304],
    ['by its name, weakly', (etag: string) => `W/${etag}`, 304],
    ['among several', (etag: string) => `"old", ${etag}`, 304],
    ['whichever it is', () => '*', 304],
    ['not by another name', () => '"old"', 200],
    ['not without quotes', (etag: string) => etag.slice(1, -1), 200],
  ] as const
  test.each(cases)('%s', async (_, named, status) => {
    const etag = (await get()).headers.get('etag') ?? ''
    const answer = await get({ 'if-none-match': named(etag) })
    expect(answer.status).toBe(status)
    expect(answer.headers.get('etag')).toBe(etag)
    expect(answer.text === '').toBe(status === 304)
  })
})
