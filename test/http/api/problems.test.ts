import { describe, expect, test } from 'vitest'
import { createProblems } from '../../../src/http/problem.ts'
import { operationsOf } from './document.ts'
import { type Asking, type Json, openHttpWorld } from '../world.ts'

const world = await openHttpWorld()
const hostId = await world.enrolled({
  udid: '0A111111-2222-3333-4444-555555555501',
  serial: 'PROB000001',
})
const operations = await operationsOf(world, { id: 'host', ref: hostId })
const post = (body: unknown, headers: Record<string, string> = {}): Asking => ({
  method: 'POST',
  body,
  headers,
})
const json = { 'content-type': 'application/json' }
const commands = `/hosts/${hostId}/commands`

// prettier-ignore
const cases: readonly (readonly [string, string, Asking, number, string, readonly string[]])[] = [
  // what                                  path             asking                                       status kind        pointers
  ['an unknown filter',                    '/hosts?color=x', {},                                            422, 'invalid',   ['/query/color']],
  ['several unknown parameters',           '/hosts?a=1&b=2', {},                                            422, 'invalid',   ['/query/a', '/query/b']],
  ['an unknown state',                     '/hosts?mdm=gone', {},                                           422, 'invalid',   ['/query/mdm']],
  ['an empty filter',                      '/hosts?dep=',   {},                                             422, 'invalid',   ['/query/dep']],
  ['an unknown status',                    '/hosts?status=on', {},                                          422, 'invalid',   ['/query/status']],
  ['an unknown presence',                  '/hosts?presence=!x', {},                                        422, 'invalid',   ['/query/presence']],
  ['an unknown sort column',               '/hosts?sort=secret', {},                                        422, 'invalid',   ['/query/sort']],
  ['a sort by what is no column',          '/hosts?sort=id,serial', {},                                     422, 'invalid',   ['/query/sort']],
  ['a limit past the bound',               '/hosts?limit=1001', {},                                         422, 'invalid',   ['/query/limit']],
  ['a limit of nothing',                   '/hosts?limit=0', {},                                            422, 'invalid',   ['/query/limit']],
  ['a limit in words',                     '/hosts?limit=many', {},                                         422, 'invalid',   ['/query/limit']],
  ['a limit given twice',                  '/hosts?limit=1&limit=2', {},                                    422, 'invalid',   ['/query/limit']],
  ['a cursor of nobody',                   '/hosts?cursor=x', {},                                           422, 'invalid',   ['/query/cursor']],
  ['an unknown command state',             '/commands?state=lost', {},                                      422, 'invalid',   ['/query/state']],
  ['a seq in words',                       `/hosts/${hostId}/journal?after=now`, {},                        422, 'invalid',   ['/query/after']],
  ['an unknown cause',                     `/hosts/${hostId}/journal?cause=fate`, {},                       422, 'invalid',   ['/query/cause']],
  ['a resume behind words',                '/events',       { headers: { 'last-event-id': 'x' } },          422, 'invalid',   ['/header/last-event-id']],
  ['an unknown machine',                   '/machines/car', {},                                             422, 'invalid',   ['/path/id']],
  ['a picture of the wrong kind',          '/machines/host.svg?command=x', {},                              422, 'invalid',   ['/query/command']],
  ['text that is no JSON',                 '/tokens',       post('{"name":', json),                         400, 'malformed', []],
  ['bytes that are no UTF-8',              '/tokens',       post(Uint8Array.of(0x22, 0xff, 0x22), json),    400, 'malformed', []],
  ['gzip that is none',                    '/tokens',       post('{}', { ...json, 'content-encoding': 'gzip' }), 400, 'malformed', []],
  ['an encoding nobody reads',             '/tokens',       post('{}', { ...json, 'content-encoding': 'br' }), 400, 'malformed', []],
  ['a form',                               '/tokens',       post('name=x', { 'content-type': 'application/x-www-form-urlencoded' }), 415, 'unsupported-media-type', []],
  ['no content type',                      '/tokens',       post(Uint8Array.of(0x7b, 0x7d)),                415, 'unsupported-media-type', []],
  ['JSON of another shape',                '/tokens',       post([]),                                       422, 'invalid',   ['']],
  ['an unknown role',                      '/tokens',       post({ name: 'x', role: 'root' }),              422, 'invalid',   ['/role']],
  ['an unknown member',                    '/tokens',       post({ name: 'x', role: 'admin', 'a/b~': 1 }),  422, 'invalid',   ['/a~1b~0']],
  ['a name of nothing',                    '/enroll-secrets', post({ name: ' ' }),                           422, 'invalid',   ['/name']],
  ['more than a megabyte of JSON',         '/dep/devices',  post({ devices: [], pad: 'x'.repeat(1_048_577) }), 413, 'too-large', []],
  ['more JSON than a name takes',          '/tokens',       post({ name: 'x'.repeat(65_536) }),             413, 'too-large', []],
  ['more values than a name takes',        '/tokens',       post({ name: 'x', x: Array(1_000).fill(0) }),   422, 'invalid',   ['']],
  ['more levels than anything has',        '/tokens',       post(`{"name":${'['.repeat(40)}1${']'.repeat(40)}}`, json), 422, 'invalid', ['']],
  ['more values than a command has',       commands,        post({ request_type: 'ProfileList', payload: { A: Array(4_000).fill(0) } }), 422, 'invalid', ['']],
  ['devices that are none',                '/dep/devices',  post({ devices: [{ serial_number: 1 }, {}] }),  422, 'invalid',   ['/devices/0/serial_number', '/devices/1/serial_number']],
  ['a thousand and one devices',           '/dep/devices',  post({ devices: Array.from({ length: 1_001 }, () => ({})) }), 422, 'invalid', ['/devices']],
  ['a request type with spaces',           commands,        post({ request_type: 'Erase Device' }),         422, 'invalid',   ['/request_type']],
  ['a command that expires at once',       commands,        post({ request_type: 'ProfileList', expires_in_s: 59 }), 422, 'invalid', ['/expires_in_s']],
  ['a command that never expires',         commands,        post({ request_type: 'ProfileList', expires_in_s: 400 * 86_400 + 1 }), 422, 'invalid', ['/expires_in_s']],
  ['a priority in words',                  commands,        post({ request_type: 'ProfileList', priority: 'high' }), 422, 'invalid', ['/priority']],
  ['a CommandUUID of two lines',           commands,        post({ request_type: 'ProfileList', command_uuid: 'a\nb' }), 422, 'invalid', ['/command_uuid']],
  ['null inside a payload',                commands,        post({ request_type: 'Settings', payload: { Settings: [{ Item: null }] } }), 422, 'invalid', ['/payload/Settings/0/Item']],
  ['a rounded integer in a payload',       commands,        post({ request_type: 'Settings', payload: { N: 2 ** 60 } }), 422, 'invalid', ['/payload/N']],
  ['options beside JSON',                  `${commands}?priority=1`, post({ request_type: 'ProfileList' }), 422, 'invalid',   ['/query/priority']],
  ['XML that is no property list',         commands,        post('<html/>', { 'content-type': 'text/xml' }), 400, 'malformed', []],
  ['a property list without a RequestType', commands,       post('<plist version="1.0"><dict><key>Command</key><dict/></dict></plist>', { 'content-type': 'application/xml' }), 422, 'invalid', ['']],
  ['a host nobody knows',                  '/hosts/none',   {},                                             404, 'not-found', []],
  ['a command nobody sent',                '/commands/none', {},                                            404, 'not-found', []],
  ['a command of nobody to cancel',        '/commands/none', { method: 'DELETE' },                          404, 'not-found', []],
  ['a conflict nobody has',                '/conflicts/none/resolve', post({ choice: 'merge' }),            404, 'not-found', []],
  ['a token nobody has',                   '/tokens/none',  { method: 'DELETE' },                           404, 'not-found', []],
  ['a merge with itself',                  `/hosts/${hostId}/merge`, post({ with: 'PROB000001' }),          422, 'invalid',   ['/with']],
  ['a merge with nobody',                  `/hosts/${hostId}/merge`, post({ with: 'none' }),                422, 'invalid',   ['/with']],
  ['a split of what was never merged',     `/hosts/${hostId}/split`, post({}),                              404, 'not-found', []],
]

describe('the problem says what is wrong', () => {
  test.each(cases)('%s', async (...row) => {
    const [, path, asking, status, kind, pointers] = row
    const answered = await world.api(path, asking)
    expect(answered.headers.get('content-type')).toBe('application/problem+json')
    const problem = answered.json()
    const errors = (problem['errors'] ?? []) as readonly Json[]
    expect([
      answered.status,
      problem['status'],
      problem['type'],
      errors.map(({ pointer }) => pointer),
    ]).toEqual([status, status, `/problems/${kind}`, pointers])
    for (const { detail } of errors) expect(detail).toMatch(/\w{2}/)
    expect(problem['title']).toMatch(/\w/)
    expect(problem['detail']).toMatch(/\w/)
    expect(problem['request_id']).toBe(answered.headers.get('x-request-id'))
  })
})

describe('an unknown query parameter is named', () => {
  test.each(operations.map(({ method, path, hasBody }) => [method, path, hasBody] as const))(
    '%s %s',
    async (method, path, hasBody) => {
      const answered = await world.api(`${path}?surprise=1`, {
        method,
        ...(hasBody && { body: {} }),
      })
      expect(answered.status).toBe(422)
      expect(answered.json()['errors']).toEqual([
        { pointer: '/query/surprise', detail: 'no such query parameter' },
      ])
    },
  )
})

test('a request id that the client gave comes back, also with a success', async () => {
  const headers = { 'x-request-id': 'deploy-17' }
  for (const path of ['/hosts', '/hosts/none'])
    expect((await world.api(path, { headers })).headers.get('x-request-id')).toBe('deploy-17')
})

test('a request id with more than word characters is not repeated', async () => {
  const headers = { 'x-request-id': '<b>' }
  const id = (await world.api('/hosts', { headers })).headers.get('x-request-id')
  expect(id).toMatch(/^[0-9a-f-]{36}$/)
})

test('the type of every problem leads to what it means', async () => {
  const problems = createProblems()
  const list = (await (await problems.request('/')).json()) as {
    problems: readonly { type: string }[]
  }
  expect(list.problems.length).toBeGreaterThan(10)
  for (const { type } of list.problems) {
    const page = await problems.request(type.replace('/problems', ''))
    expect(page.status).toBe(200)
    expect(await page.json()).toMatchObject({ type })
  }
  expect((await problems.request('/constructor')).status).toBe(404)
})
