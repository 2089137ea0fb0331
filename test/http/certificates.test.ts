// Certificates and links as operators see them: over the API and in the console.
import { describe, expect, test } from 'vitest'
import { readPlist } from '../../src/protocol/plist/read.ts'
import { type Dict, isDict } from '../../src/protocol/plist/value.ts'
import { signedIn } from './pages-visitor.ts'
import { askScep, authorityOf, keyPair, scepWish } from './scep-peer.ts'
import { challengeIn, onlyOf, stageOf } from './scep-stage.ts'
import { type Json, openHttpWorld, topic } from './world.ts'

const world = await openHttpWorld({ MUSTER_PUSH_TOPIC: topic })
const authority = await authorityOf(world)
const stage = stageOf(world, authority)
const admin = await signedIn(world, 'admin')
const viewer = await signedIn(world, 'viewer')
const mac = { udid: 'A1B2C3D4-0000-4000-8000-0000000000F1', serial: 'ZZCERT0001' }
const hostId = await world.enrolled(mac)
const present = await stage.standing(hostId, 'active')
const fresh = await stage.issued()
await stage.standing(hostId, 'retired')

const listed = async (query: string): Promise<readonly Json[]> => {
  const page = await world.api(`/certificates?${query}`)
  if (page.status !== 200) throw new Error(page.text)
  const { items, total } = page.json() as { items: readonly Json[]; total: number }
  expect(total).toBe(items.length)
  return items
}

describe('the list of certificates', () => {
  const soon = new Date(Date.now() + 364 * 86_400_000).toISOString()
  const late = new Date(Date.now() + 366 * 86_400_000).toISOString()
  // prettier-ignore
  const cases: readonly (readonly [string, number])[] = [
    ['',                                       3],
    ['status=active',                          1],
    ['status=issued,retired',                  2],
    ['status=revoked',                         0],
    [`host=${mac.serial}`,                     2],
    [`host=${mac.serial}&status=active`,       1],
    [`ending_before=${soon}`,                  0],
    [`ending_before=${late}`,                  3],
    [`ending_before=${late}&status=active`,    1],
  ]
  test.each(cases)('filtered by "%s" has %i', async (query, count) => {
    expect(await listed(query)).toHaveLength(count)
  })

  test('comes in pages', async () => {
    const first = (await world.api('/certificates?limit=2')).json()
    expect(first).toMatchObject({ total: 3 })
    const rest = (await world.api(`/certificates?limit=2&cursor=${String(first['next'])}`)).json()
    expect(rest['items']).toHaveLength(1)
    expect(rest['next']).toBeNull()
  })

  test.each(['status=good', 'ending_before=tomorrow', 'hosts=x'])(
    'does not take %s',
    async (query) => {
      expect((await world.api(`/certificates?${query}`)).status).toBe(422)
    },
  )
})

test('the metrics count what ends soon', async () => {
  const { certificate } = await stage.standing(hostId, 'active', {
    not_after: Date.now() + 20 * 86_400_000,
  })
  const { text } = await world.ask('/metrics', { as: 'admin' })
  for (const [days, count] of [
    [7, 0],
    [30, 1],
    [60, 1],
  ])
    expect(text).toContain(`muster_certificates_ending{days="${days}"} ${count}\n`)
  await world.api(`/certificates/${certificate.fingerprint}/revoke`, { method: 'POST' })
})

test('one certificate is found in any case, another is not', async () => {
  const { fingerprint } = present.certificate
  const found = await world.api(`/certificates/${fingerprint.toUpperCase()}`)
  expect(found.json()).toMatchObject({
    fingerprint,
    host_id: hostId,
    status: 'active',
    ends: 'later',
  })
  expect((await world.api(`/certificates/${'0'.repeat(64)}`)).status).toBe(404)
})

const dictIn = (bytes: Uint8Array | string): Dict => {
  const read = readPlist(Buffer.from(bytes))
  if (!read.ok || !isDict(read.value)) throw new Error('not a property list')
  return read.value
}

test('a renewal reaches the device as a profile, and what it fetches with it renews its certificate', async () => {
  const { fingerprint } = present.certificate
  const asked = await world.api(`/certificates/${fingerprint}/renew`, { method: 'POST' })
  expect(asked.json()).toMatchObject({ host_id: hostId, request_type: 'InstallProfile' })
  const again = await world.api(`/certificates/${fingerprint}/renew`, { method: 'POST' })
  expect(again.json()['command_uuid']).toBe(asked.json()['command_uuid'])
  const idle = await world.mdm({ UDID: mac.udid, Status: 'Idle' })
  const command = dictIn(idle.text)['Command']
  const payload = isDict(command) ? command['Payload'] : undefined
  if (!(payload instanceof Uint8Array)) throw new Error('no profile')
  const profile = Buffer.from(payload).toString()
  expect(profile).toContain('http://localhost/mdm/checkin')
  // Nobody reads a challenge out of a command.
  const shown = await world.api(`/commands/${String(asked.json()['command_uuid'])}`, {
    as: 'viewer',
  })
  expect(shown.text).not.toContain(challengeIn(profile))
  const wish = scepWish({ pair: keyPair(), challenge: challengeIn(profile), authority })
  const next = onlyOf(await askScep(world, wish))
  expect(stage.row(next)).toMatchObject({
    renews: fingerprint,
    vouched_host_id: hostId,
    host_id: null,
    profile: stage.row(present.certificate).profile,
  })
})

test('a revoked certificate stays revoked, is journalled with who did it, and renews nothing', async () => {
  const { fingerprint } = fresh.certificate
  for (const _ of [1, 2]) {
    const revoked = await world.api(`/certificates/${fingerprint}/revoke`, { method: 'POST' })
    expect(revoked.json()).toMatchObject({ status: 'revoked', ended_by: 'an admin' })
  }
  const events = await world.server.keep.queries.listJournal({
    events: ['certificate.revoked'],
    limit: 10,
  })
  const own = events.ok
    ? events.value.items.filter(({ detail }) => detail?.includes(fingerprint))
    : []
  expect(own).toMatchObject([{ cause: 'operator', cause_id: 'an admin' }])
  const renewed = await world.api(`/certificates/${fingerprint}/renew`, { method: 'POST' })
  expect(renewed.status).toBe(409)
})

describe('an enrolment link', () => {
  test.each([
    [{ name: '' }, 422],
    [{ name: 'x', host: 'nobody' }, 404],
    [{ name: 'x', uses_max: 0 }, 422],
    [{ name: 'x', expires_in_ms: 1 }, 422],
    [{ name: 'x', hosts: 'y' }, 422],
  ])('is not opened by %o', async (body, status) => {
    expect((await world.api('/enrollment-links', { method: 'POST', body })).status).toBe(status)
  })

  test('for a host lets one device in and for a week, a shared one any number', async () => {
    const body = { name: 'x' }
    const one = await world.api('/enrollment-links', {
      method: 'POST',
      body: { ...body, host: mac.serial },
    })
    expect(one.json()).toMatchObject({ host_id: hostId, uses_max: 1, status: 'open' })
    const weekMs = Date.parse(String(one.json()['expires_at'])) - Date.now()
    expect(Math.round(weekMs / 86_400_000)).toBe(7)
    const shared = await world.api('/enrollment-links', {
      method: 'POST',
      body: { ...body, expires_in_ms: null },
    })
    expect(shared.json()).toMatchObject({ host_id: null, uses_max: null, expires_at: null })
  })
})

describe('the console', () => {
  test('shows what happened to links and certificates that are no host’s', async () => {
    const { text } = await admin.get('/events')
    expect(text).toContain('enrollment_link.created')
    expect(text).toContain('no host')
    expect(text).not.toContain('href="/hosts/"')
  })

  test('opens a link, tells its address once and revokes it', async () => {
    const made = await admin.post('/enrollment', {
      name: 'A <poster>',
      days: '7',
      host: '',
      uses: '',
    })
    expect(made.text).toContain('A &lt;poster&gt;')
    const address =
      /<code class="secret" data-copy>(?<url>[^<]+)</.exec(made.text)?.groups?.['url'] ?? ''
    expect(new URL(address).pathname).toMatch(/^\/enroll\/[\w-]{43}$/)
    const page = await admin.get('/enrollment')
    expect(page.text).not.toContain(address)
    const form = /action="(?<path>\/enrollment\/[^"]+\/revoke)"[^]*?Revoke A &lt;poster/.exec(
      page.text,
    )
    const revoked = await admin.post(form?.groups?.['path'] ?? '', {})
    expect(revoked.location).toBe('/enrollment')
    expect((await world.ask(new URL(address).pathname)).status).toBe(410)
  })

  test('says in its form what is wrong with a link, and keeps what was typed', async () => {
    const page = await admin.post('/enrollment', { name: 'kept', days: '7', host: 'nobody' })
    expect(page.status).toBe(404)
    expect(page.text).toContain('value="kept"')
  })

  test('shows viewers links and certificates and no forms', async () => {
    for (const path of [
      '/enrollment',
      `/enrollment/certificates/${present.certificate.fingerprint}`,
    ]) {
      const { status, text } = await viewer.get(path)
      expect(status).toBe(200)
      expect(text).not.toMatch(/<form method="post" action="\/enrollment/)
    }
  })

  test('shows certificates by what they are, on their pages and on their host’s', async () => {
    const short = present.certificate.fingerprint.slice(0, 12)
    expect((await admin.get('/enrollment/certificates')).text).toContain(short)
    expect((await admin.get('/enrollment/certificates?view=ending')).text).not.toContain(short)
    expect((await admin.get(`/hosts/${mac.serial}`)).text).toContain(short)
    const page = await admin.get(`/enrollment/certificates/${present.certificate.fingerprint}`)
    expect(page.text).toContain('Renew now')
    const renewed = await admin.post(
      `/enrollment/certificates/${present.certificate.fingerprint}/renew`,
      {},
    )
    expect(renewed.location).toMatch(/^\/commands\/renewal-/)
  })
})

/** The challenge in the profile that goes out to renew a certificate, and how a device asks with it. */
async function renewalChallenge(fingerprint: string): Promise<string> {
  const sent = await world.api(`/certificates/${fingerprint}/renew`, { method: 'POST' })
  const sealed = await world.server.keep.sealing.open(
    `${String(sent.json()['command_uuid'])}.request`,
  )
  if (!sealed.ok) throw new Error(sent.text)
  const command = dictIn(sealed.value)['Command']
  const payload = isDict(command) ? command['Payload'] : undefined
  if (!(payload instanceof Uint8Array)) throw new Error('no profile')
  return challengeIn(Buffer.from(payload).toString())
}

const asking = (challenge: string) =>
  askScep(world, scepWish({ pair: keyPair(), challenge, authority }))

test('a renewal that went to whoever held a certificate replaces none that came after it', async () => {
  const host = await world.enrolled({
    udid: 'A1B2C3D4-0000-4000-8000-0000000000F2',
    serial: 'ZZCERT0002',
  })
  const stolen = await stage.standing(host, 'active')
  const challenge = await renewalChallenge(stolen.certificate.fingerprint)
  const path = `/certificates/${stolen.certificate.fingerprint}/revoke`
  expect((await world.api(path, { method: 'POST' })).status).toBe(200)
  await stage.standing(host, 'active', { bound_at: Date.now() + 1 })
  expect(await asking(challenge)).toMatchObject({ status: 'failure', failInfo: 'badCertId' })
})

test('a certificate of a host that was merged into another is renewed all the same', async () => {
  const [one = ''] = await world.assigned('ZZCERT0004')
  const ids = { UDID: 'A1B2C3D4-0000-4000-8000-0000000000F4', Topic: topic }
  await world.mdm({ ...ids, MessageType: 'Authenticate', DeviceName: 'says no serial' })
  const token = { Token: Buffer.from('token'), PushMagic: 'magic' }
  await world.mdm({ ...ids, MessageType: 'TokenUpdate', ...token })
  const other = world.server.keep.store.lookups.enrollment(ids.UDID)?.host_id ?? ''
  const { fingerprint } = (await stage.standing(other, 'active')).certificate
  const merged = await world.api(`/hosts/${one}/merge`, { method: 'POST', body: { with: other } })
  expect(merged.status).toBe(200)
  const next = onlyOf(await asking(await renewalChallenge(fingerprint)))
  expect(stage.row(next)).toMatchObject({ renews: fingerprint, vouched_host_id: one })
})
