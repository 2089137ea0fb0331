import { beforeAll, expect, test } from 'vitest'
import { type Json, openHttpWorld } from '../world.ts'

const world = await openHttpWorld()
const dayMs = 86_400_000

const udid = (n: number): string => `0B111111-2222-3333-4444-${String(n).padStart(12, '0')}`

/** Serials by what became of them. */
const managed = ['LIST000001', 'LIST000002']
const both = ['LIST000003']
const pending = ['LIST000004', 'LIST000005']
const linux = 'LINUX00006'
const all = [...managed, ...both, ...pending, linux].toSorted()

const serialsIn = (body: Json): readonly string[] =>
  (body['items'] as readonly Json[]).map(({ serial }) => String(serial))

beforeAll(async () => {
  for (const [index, serial] of [...managed, ...both].entries())
    await world.enrolled({ udid: udid(index + 1), serial })
  await world.assigned(...both, ...pending)
  const enrolled = await world.ask('/api/osquery/enroll', {
    method: 'POST',
    body: {
      enroll_secret: world.secrets.enroll,
      host_identifier: udid(6),
      platform_type: '9',
      host_details: {
        os_version: { platform: 'ubuntu', version: '24.04' },
        system_info: { uuid: udid(6), hardware_serial: linux, hostname: 'linux-6' },
      },
    },
  })
  expect(enrolled.json()['node_key']).toMatch(/\w{20}/)
  const seen = async (serial: string, agoMs: number): Promise<void> => {
    const id = String((await world.api(`/hosts/${serial}`)).json()['id'])
    const at = Date.now() - agoMs
    await world.server.keep.store.commit([
      { put: 'last_seen', row: { host_id: id, at, mdm_at: at, osquery_at: null } },
    ])
  }
  await seen(managed[0] ?? '', 6 * 60_000)
  await seen(managed[1] ?? '', 31 * dayMs)
})

// prettier-ignore
const filters: readonly (readonly [string, readonly string[]])[] = [
  ['',                                     all],
  ['mdm=enrolled',                         [...managed, ...both]],
  ['mdm=enrolled.ready',                   [...managed, ...both]],
  ['mdm=enrolled.awaiting_configuration',  []],
  ['mdm=!enrolled',                        [...pending, linux]],
  ['mdm=enrolled,unenrolled',              all],
  ['mdm=!enrolled,!unenrolled',            []],
  ['dep=assigned',                         [...both, ...pending]],
  ['dep=assigned&mdm=!enrolled',           pending],
  ['osquery=enrolled',                     [linux]],
  ['osquery=enrolled&mdm=enrolled',        []],
  ['status=pending',                       pending],
  ['status=on_automatic',                  both],
  ['status=on_manual,on_automatic',        [...managed, ...both]],
  ['status=none',                          [linux]],
  ['status=!none',                         [...managed, ...both, ...pending]],
  ['lifecycle=dep_assigned',               pending],
  ['platform=linux',                       [linux]],
  ['platform=!linux,!darwin',              pending],
  ['platform=none',                        pending],
  ['presence=online',                      [...both, linux]],
  ['presence=offline',                     managed.slice(0, 1)],
  ['presence=missing',                     managed.slice(1)],
  ['presence=offline,missing',             managed],
  ['presence=never',                       []],
  ['presence=!online',                     [...managed, ...pending]],
  ['q=list00000',                          [...managed, ...both, ...pending]],
  ['q=LIST000004',                         pending.slice(0, 1)],
  ['q=linux-',                             [linux]],
  ['q=0b111111',                           [...managed, ...both, linux]],
  ['q=%25',                                []],
  ['q=LIST&mdm=enrolled&dep=assigned',     both],
]

test.each(filters)('?%s lists exactly the hosts that fit', async (query, serials) => {
  const page = await world.api(`/hosts?${query}`)
  expect(page.status).toBe(200)
  expect(serialsIn(page.json()).toSorted()).toEqual(serials.toSorted())
  expect(page.json()['total']).toBe(serials.length)
  expect(page.json()['next']).toBeNull()
})

const sorts = [
  'id',
  'serial',
  'hostname',
  'platform',
  'os_version',
  'model',
  'status',
  'lifecycle',
  'first_seen_at',
  'last_seen_at',
]
test.each(sorts.flatMap((column) => [column, `-${column}`]))(
  'pages sorted by %s follow each other without gap or repeat',
  async (sort) => {
    const whole = serialsIn((await world.api(`/hosts?sort=${sort}`)).json())
    const pieces: unknown[] = []
    let path: string | undefined = `/api/v1/hosts?sort=${sort}&limit=2`
    for (let pages = 0; path !== undefined && pages < 10; pages += 1) {
      const page = await world.ask(path, { as: 'viewer' })
      expect(page.json()['total']).toBe(all.length)
      pieces.push(...serialsIn(page.json()))
      path = /^<(?<path>[^>]+)>; rel="next"$/.exec(page.headers.get('link') ?? '')?.groups?.['path']
      expect(page.json()['next'] === null).toBe(path === undefined)
    }
    expect(pieces).toEqual(whole)
    expect(new Set(pieces).size).toBe(all.length)
  },
)

test('descending is the mirror of ascending', async () => {
  const up = serialsIn((await world.api('/hosts?sort=serial')).json())
  const down = serialsIn((await world.api('/hosts?sort=-serial')).json())
  expect(down).toEqual(up.toReversed())
})

test('a cursor is good for its own list only, and only unchanged', async () => {
  const { next } = (await world.api('/hosts?limit=2&mdm=enrolled')).json()
  const cursor = String(next)
  const ask = async (path: string): Promise<number> => (await world.api(path)).status
  expect(await ask(`/hosts?mdm=enrolled&limit=1&cursor=${cursor}`)).toBe(200)
  expect(await ask(`/hosts?cursor=${cursor}`)).toBe(422)
  expect(await ask(`/hosts?mdm=enrolled&sort=serial&cursor=${cursor}`)).toBe(422)
  expect(await ask(`/commands?cursor=${cursor}`)).toBe(422)
  const [place = '', mac = ''] = cursor.split('.')
  const forged = Buffer.from(JSON.stringify(['', ''])).toString('base64url')
  for (const wrong of [
    place,
    `${forged}.${mac}`,
    `${place}.`,
    `.${mac}`,
    `${place}.${mac}.${mac}`,
    `${cursor}AA`,
    '',
  ])
    expect(await ask(`/hosts?mdm=enrolled&cursor=${wrong}`), wrong).toBe(422)
})

test('the summary counts what the lists show', async () => {
  const summary = (await world.api('/hosts/summary')).json()
  expect(summary).toMatchObject({
    total: all.length,
    mdm: { 'enrolled.ready': 3, unenrolled: 3 },
    dep: { assigned: 3, unassigned: 3 },
    osquery: { enrolled: 1, unenrolled: 5 },
    status: { pending: 2, on_automatic: 1, on_manual: 2, none: 1 },
    lifecycle: { mdm_enrolled: 3, osquery_enrolled: 1, dep_assigned: 2 },
    presence: { online: 2, offline: 1, missing: 1, never: 0 },
  })
})

test('each item says the presence it is listed under, and a pending host none', async () => {
  for (const presence of ['online', 'offline', 'missing']) {
    const { items } = (await world.api(`/hosts?presence=${presence}`)).json()
    for (const item of items as readonly Json[]) expect(item['presence']).toBe(presence)
  }
  const { items } = (await world.api('/hosts?status=pending')).json()
  for (const item of items as readonly Json[])
    expect(item).toMatchObject({ presence: null, last_seen_at: null, dep: { state: 'assigned' } })
})

test('a poll that only memory knows of decides who is online', async () => {
  expect((await world.api('/hosts?presence=missing')).json()['total']).toBe(1)
  await world.mdm({ UDID: udid(2), Status: 'Idle' })
  expect((await world.api('/hosts?presence=missing')).json()['total']).toBe(0)
  expect(serialsIn((await world.api('/hosts?sort=-last_seen_at&limit=1')).json())).toEqual(
    managed.slice(1),
  )
})
