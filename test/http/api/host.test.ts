import { beforeAll, describe, expect, test } from 'vitest'
import { type Json, openHttpWorld } from '../world.ts'

const world = await openHttpWorld()
const mac = { udid: '0C111111-2222-3333-4444-555555555501', serial: 'HOST000001' }
let id = ''
/** Another computer that osquery knows by its UUID alone: two hosts until an operator says otherwise. */
let other = ''

async function agent(uuid: string, serial: string | undefined): Promise<string> {
  const answered = await world.ask('/api/osquery/enroll', {
    method: 'POST',
    body: {
      enroll_secret: world.secrets.enroll,
      host_identifier: uuid,
      platform_type: '21',
      host_details: {
        system_info: {
          uuid,
          ...(serial !== undefined && { hardware_serial: serial }),
          hostname: 'agent',
        },
        osquery_info: { instance_id: 'i-1' },
      },
    },
  })
  return String(answered.json()['node_key'])
}

const hostOf = async (ref: string): Promise<Json> => (await world.api(`/hosts/${ref}`)).json()

beforeAll(async () => {
  id = await world.enrolled(mac)
  await world.assigned(mac.serial)
  await agent(mac.udid, mac.serial)
  const uuid = '0C111111-2222-3333-4444-555555555502'
  await agent(uuid, undefined)
  other = String((await hostOf(uuid))['id'])
})

describe('a reference finds the host', () => {
  const refs = [
    ['its id', () => id],
    ['its id in capitals', () => id.toUpperCase()],
    ['its serial', () => mac.serial],
    ['its serial in lower case', () => mac.serial.toLowerCase()],
    ['its UUID', () => mac.udid],
    ['its UUID in lower case', () => mac.udid.toLowerCase()],
  ] as const
  test.each(refs)('by %s', async (_, ref) => {
    const answered = await world.api(`/hosts/${ref()}`)
    expect(answered.status).toBe(200)
    expect(answered.json()['id']).toBe(id)
  })
})

test('a reference that is a beginning only names what may have been meant', async () => {
  const answered = await world.api('/hosts/HOST0000')
  expect(answered.status).toBe(404)
  expect(answered.json()['candidates']).toMatchObject([{ id, serial: mac.serial }])
})

test.each(['%00', '%F0%9F%92%A9', '..%2f..', '"', "'%20OR%201=1--", 'a'.repeat(300)])(
  'the reference %s is nobody',
  async (ref) => {
    expect((await world.api(`/hosts/${ref}`)).status).toBe(404)
  },
)

test('one host shows its facts, channels, claims, agents and commands', async () => {
  const uuid = await world.sent(id, { request_type: 'ProfileList' })
  const host = await hostOf(id)
  expect(host).toMatchObject({
    id,
    serial: mac.serial,
    uuid: mac.udid,
    lifecycle: 'mdm_enrolled',
    status: 'on_automatic',
    mdm: { state: 'enrolled.ready' },
    dep: { state: 'assigned' },
    osquery: { state: 'enrolled' },
    presence: 'online',
    quarantined: false,
    epoch: 1,
    facts: { os_version: { value: '26.1', source: 'mdm' } },
    channels: [{ key: mac.udid, kind: 'device', pushable: true }],
    agents: [{ instance: 'i-1', expires_at: null }],
    open_commands: [{ command_uuid: uuid, state: 'queued' }],
    alarms: [{ name: `push:${mac.udid}` }, { name: `expire:${uuid}` }],
    conflicts: [],
  })
  expect(host['claims']).toContainEqual(
    expect.objectContaining({
      kind: 'serial',
      value: mac.serial,
      status: 'active',
      source: 'apple',
    }),
  )
  const times = [...JSON.stringify(host).matchAll(/"[a-z_]*at":"(?<at>[^"]*)"/g)]
  expect(times.length).toBeGreaterThan(5)
  for (const { groups } of times)
    expect(groups?.['at']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
})

test('nothing tells the hash of a node key, which the store looks agents up by', async () => {
  const [agentRow] = world.server.keep.store.lookups.agentsOf(id)
  const hash = agentRow?.node_key_hash ?? ''
  expect(hash).toMatch(/^[0-9a-f]{64}$/)
  for (const path of [
    `/hosts/${id}`,
    `/hosts/${id}/actor`,
    `/hosts/${id}/journal`,
    `/hosts/${id}/explain`,
  ]) {
    const { text } = await world.api(path)
    expect(text.includes(hash), path).toBe(false)
  }
  expect((await world.api(`/hosts/${id}/actor`)).text).toContain(hash.slice(0, 12))
})

test('an unchanged host is 304 to who has it, and 200 after any change', async () => {
  const first = await world.api(`/hosts/${id}`)
  const etag = first.headers.get('etag') ?? ''
  expect(etag).toMatch(/^"[^"]+"$/)
  const again = (): Promise<{ readonly status: number; readonly text: string }> =>
    world.api(`/hosts/${id}`, { headers: { 'if-none-match': `"other", ${etag}` } })
  expect(await again()).toMatchObject({ status: 304, text: '' })
  await world.sent(id, { request_type: 'SecurityInfo' })
  expect((await again()).status).toBe(200)
})

test('the actor is told as the machine has it', async () => {
  const uuid = await world.sent(id, { request_type: 'CertificateList' })
  const actor = (await world.api(`/hosts/${id}/actor`)).json()
  expect(actor).toMatchObject({
    machine: 'host',
    machine_version: 4,
    value: { mdm: { enrolled: 'ready' }, dep: 'assigned', osquery: 'enrolled' },
    context: { id, epoch: 1 },
    resident: true,
    mailbox: 0,
  })
  expect(actor['children']).toContainEqual(
    expect.objectContaining({ id: uuid, machine: 'command', value: 'queued' }),
  )
  expect(actor['version']).toBe(world.server.keep.store.lookups.hostActor(id)?.version)
})

test('every state is explained by a fact, its source and its time', async () => {
  const told = (await world.api(`/hosts/${id}/explain`)).json()
  const journal = (await world.api(`/hosts/${id}/journal?actor=host&limit=1000`)).json()
  const rows = journal['items'] as readonly Json[]
  for (const [region, to, source] of [
    ['mdm', 'mdm.enrolled.ready', 'mdm'],
    ['osquery', 'osquery.enrolled', 'osquery'],
    ['dep', 'dep.assigned', 'dep'],
  ] as const) {
    const [because] = (told[region] as Json)['because'] as readonly Json[]
    const row = rows.find((one) => one['to'] === to)
    expect(because, region).toMatchObject({ seq: row?.['seq'] })
    expect([source, 'operator']).toContain(because?.['source'])
    expect(because?.['at'], region).toMatch(/^2/)
  }
  expect(told).toMatchObject({ status: { value: 'on_automatic' }, presence: { value: 'online' } })
})

test('a host that was made of two listed ones shows each serial number, here and where it is explained', async () => {
  const serials = ['HOSTLIST01', 'HOSTLIST02']
  const [survivor = '', loser = ''] = await world.assigned(...serials)
  await world.api(`/hosts/${survivor}/merge`, { method: 'POST', body: { with: loser } })
  expect((await hostOf(survivor))['dep_devices']).toMatchObject(
    serials.map((serial_number) => ({ serial_number, profile_status: null, op_date: null })),
  )
  const told = (await world.api(`/hosts/${survivor}/explain`)).json()
  const because = serials.map((serial) => ({ fact: expect.stringContaining(serial) }))
  expect(told['dep']).toMatchObject({ value: 'assigned', because })
})

test('a state that was never entered is explained too', async () => {
  const told = (await world.api(`/hosts/${other}/explain`)).json()
  expect(told).toMatchObject({
    lifecycle: { value: 'osquery_enrolled' },
    mdm: { value: 'unenrolled', because: [{ source: 'none', at: null, seq: null }] },
    dep: { value: 'unassigned', because: [{ source: 'none' }] },
  })
})

// prettier-ignore
const journals: readonly (readonly [string, (row: Json) => boolean])[] = [
  ['event=mdm.TokenUpdate',              (row) => row['event'] === 'mdm.TokenUpdate'],
  ['event=mdm.TokenUpdate,dep.assigned', (row) => row['event'] === 'mdm.TokenUpdate' || row['event'] === 'dep.assigned'],
  ['actor=host',                         (row) => row['actor'] === 'host'],
  ['cause=operator',                     (row) => row['cause'] === 'operator'],
  ['cause=device,operator&actor=host',   (row) => row['actor'] === 'host' && ['device', 'operator'].includes(String(row['cause']))],
]
test.each(journals)('the journal with ?%s keeps exactly what fits', async (query, fits) => {
  await world.pushesTold()
  const whole = (await world.api(`/hosts/${id}/journal?limit=1000`)).json()[
    'items'
  ] as readonly Json[]
  const some = (await world.api(`/hosts/${id}/journal?limit=1000&${query}`)).json()
  expect(some['items']).toEqual(whole.filter(fits))
  expect((some['items'] as readonly Json[]).length).toBeGreaterThan(0)
})

test('the journal pages newest first, and between two seqs', async () => {
  const whole = (await world.api(`/hosts/${id}/journal?limit=1000`)).json()[
    'items'
  ] as readonly Json[]
  const seqs = whole.map(({ seq }) => Number(seq))
  expect(seqs).toEqual(seqs.toSorted((a, b) => b - a))
  const pieces: unknown[] = []
  let next: string | null | undefined
  do {
    const cursor = next === undefined ? '' : `&cursor=${next}`
    const page = (await world.api(`/hosts/${id}/journal?limit=2${cursor}`)).json()
    pieces.push(...(page['items'] as readonly Json[]))
    expect(page['total']).toBe(whole.length)
    next = page['next'] as string | null
  } while (next !== null)
  expect(pieces).toEqual(whole)
  const [, newest = 0, ...rest] = seqs
  const oldest = rest.at(-2) ?? 0
  const between = (await world.api(`/hosts/${id}/journal?after=${oldest}&before=${newest}`)).json()
  expect((between['items'] as readonly Json[]).map(({ seq }) => seq)).toEqual(
    seqs.filter((seq) => seq > oldest && seq < newest),
  )
})

describe('two hosts become one', () => {
  /** Known by serial only, so that it contradicts nothing. */
  let twin = ''
  let survivor = ''
  let loser = ''
  beforeAll(async () => {
    const uuid = '0C111111-2222-3333-4444-555555555503'
    await agent(uuid, undefined)
    const [pending] = await world.assigned('HOST000003')
    twin = String((await hostOf(uuid))['id'])
    survivor = pending ?? ''
  })

  test('a trial run tells the plan and moves nothing', async () => {
    const tried = await world.api(`/hosts/${twin}/merge`, {
      method: 'POST',
      body: { with: survivor, dry_run: true },
    })
    expect(tried.status).toBe(200)
    expect(tried.json()).toMatchObject({ dry_run: true })
    expect((await world.api(`/hosts/${twin}`)).status).toBe(200)
    expect((await world.api(`/hosts/${survivor}`)).status).toBe(200)
  })

  test('the id of the merged one answers 308 to the other, on every path, with its query', async () => {
    const merged = await world.api(`/hosts/${twin}/merge`, {
      method: 'POST',
      body: { with: survivor },
    })
    expect(merged.status).toBe(200)
    survivor = String(merged.json()['survivor'])
    loser = String(merged.json()['loser'])
    for (const rest of ['', '/actor', '/journal?limit=5&cause=device', '/explain']) {
      const moved = await world.api(`/hosts/${loser}${rest}`)
      expect(moved.status).toBe(308)
      expect(moved.headers.get('location')).toBe(`/api/v1/hosts/${survivor}${rest}`)
    }
    const sent = await world.api(`/hosts/${loser}/commands`, {
      method: 'POST',
      body: { request_type: 'ProfileList' },
    })
    expect([sent.status, sent.headers.get('location')]).toEqual([
      308,
      `/api/v1/hosts/${survivor}/commands`,
    ])
  })

  test('what identified either now finds the one, whose journal tells of both', async () => {
    for (const ref of ['HOST000003', '0C111111-2222-3333-4444-555555555503'])
      expect((await hostOf(ref))['id']).toBe(survivor)
    const { items } = (await world.api(`/hosts/${survivor}/journal`)).json()
    expect(new Set((items as readonly Json[]).map(({ host_id }) => host_id))).toEqual(
      new Set([survivor, loser]),
    )
    expect((await world.api(`/commands?host=${loser}`)).status).toBe(200)
  })

  test('a split takes it back', async () => {
    const split = await world.api(`/hosts/${survivor}/split`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    })
    expect(split.json()).toMatchObject({ dry_run: false, restored: loser })
    expect((await world.api(`/hosts/${loser}`)).status).toBe(200)
  })
})

test('a host in the list comes back as pending, any other is gone', async () => {
  const [pending] = await world.assigned('HOST000009')
  await world.enrolled({ udid: '0C111111-2222-3333-4444-555555555509', serial: 'HOST000009' })
  const tried = await world.api(`/hosts/${pending}?dry_run=true`, { method: 'DELETE' })
  expect(tried.json()).toMatchObject({ dry_run: true, outcome: 'reset_to_pending' })
  expect((await hostOf(pending ?? ''))['lifecycle']).toBe('mdm_enrolled')
  expect((await world.api(`/hosts/${pending}`, { method: 'DELETE' })).json()).toMatchObject({
    outcome: 'reset_to_pending',
  })
  expect((await hostOf(pending ?? ''))['status']).toBe('pending')
  const gone = await world.enrolled({
    udid: '0C111111-2222-3333-4444-555555555510',
    serial: 'HOST000010',
  })
  expect((await world.api(`/hosts/${gone}`, { method: 'DELETE' })).json()).toMatchObject({
    outcome: 'deleted',
  })
  expect((await world.api(`/hosts/${gone}`)).status).toBe(404)
})

describe('a serial with two boards', () => {
  let conflict: Json = {}
  beforeAll(async () => {
    await agent('0C111111-2222-3333-4444-555555555511', 'HOST000011')
    await agent('0C111111-2222-3333-4444-555555555512', 'HOST000011')
    const { items } = (await world.api('/conflicts')).json()
    conflict = (items as readonly Json[])[0] ?? {}
  })

  test('is a conflict that names its choices, and means the host that is not quarantined', async () => {
    expect(conflict).toMatchObject({ kind: 'serial-reuse', resolved_at: null })
    const answered = await world.api('/hosts/HOST000011')
    expect(answered.status).toBe(200)
    expect(answered.json()).toMatchObject({ quarantined: false })
    expect(answered.json()['id']).not.toBe(conflict['host_id'])
  })

  test('leaves the contradicting host quarantined, which takes no commands', async () => {
    const sent = await world.api(`/hosts/${String(conflict['host_id'])}/commands`, {
      method: 'POST',
      body: { request_type: 'ProfileList' },
    })
    expect([sent.status, sent.json()['type']]).toEqual([409, '/problems/quarantined'])
    expect((await hostOf(String(conflict['host_id'])))['conflicts']).toMatchObject([
      { id: conflict['id'] },
    ])
  })

  test('is resolved by one of its choices, once', async () => {
    const resolve = (body: Json) =>
      world.api(`/conflicts/${String(conflict['id'])}/resolve`, { method: 'POST', body })
    const wrong = await resolve({ choice: 'toss a coin' })
    expect([wrong.status, wrong.json()['errors']]).toMatchObject([422, [{ pointer: '/choice' }]])
    expect((await resolve({ choice: 'keep-separate', dry_run: true })).status).toBe(200)
    expect((await world.api('/conflicts')).json()['total']).toBe(1)
    expect((await resolve({ choice: 'keep-separate' })).status).toBe(200)
    expect((await resolve({ choice: 'keep-separate' })).status).toBe(409)
    expect((await world.api('/conflicts')).json()['total']).toBe(0)
    const resolved = (await world.api('/conflicts?open=false')).json()
    expect(resolved['items']).toContainEqual(
      expect.objectContaining({ id: conflict['id'], resolution: 'keep-separate' }),
    )
    expect((await world.api('/conflicts?open=any&limit=1')).json()['total']).toBe(resolved['total'])
  })
})
