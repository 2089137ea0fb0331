import { describe, expect, test } from 'vitest'
import { signedIn } from './pages-visitor.ts'
import { openHttpWorld, topic } from './world.ts'

const world = await openHttpWorld()
const admin = await signedIn(world, 'admin')

test('while there is no host, the page says how to get one', async () => {
  const { text } = await admin.get('/hosts')
  for (const step of [
    'npm run demo',
    '/api/osquery/enroll',
    'http://localhost/mdm',
    '/api/v1/dep/devices',
  ])
    expect(text).toContain(step)
})

const mac = { udid: 'BBBBBBBB-0000-4000-8000-000000000001', serial: 'C02PAGES1', name: 'Ada’s Mac' }

describe('the list of hosts', () => {
  test('shows, filters, counts and sorts by its address', async () => {
    await world.enrolled(mac)
    await world.assigned('C02PAGES2', 'C02PAGES3')
    const all = await admin.get('/hosts?sort=serial')
    expect(all.text).toContain('Ada’s Mac')
    expect(all.text.indexOf('C02PAGES2')).toBeLessThan(all.text.indexOf('C02PAGES3'))
    const pending = await admin.get('/hosts?status=pending')
    expect(pending.text).not.toContain('Ada’s Mac')
    expect(pending.text).toMatch(/Hosts <span class="count">2</)
    const found = await admin.get('/hosts?q=c02pages1')
    expect(found.text).toMatch(/Hosts <span class="count">1</)
  })

  test('offers each filter with the number of hosts it finds', async () => {
    const { text } = await admin.get('/hosts')
    const links = [
      ...text.matchAll(
        /href="(\/hosts\?(\w+)=[^"]*)"[^>]*>\s*<span>[^<]*<\/span>\s*<span class="number">(\d+)</g,
      ),
    ]
    expect(links.length).toBeGreaterThanOrEqual(8)
    for (const [, href = '', , count = ''] of links) {
      const filtered = await admin.get(href)
      expect(filtered.text, href).toContain(`Hosts <span class="count">${count}<`)
    }
  })

  test('says that nothing matches, and how to see everything', async () => {
    const { text } = await admin.get('/hosts?platform=beos&mdm=!enrolled')
    expect(text).toContain('No host matches')
    expect(text).toContain('href="/hosts"')
    expect(text).toContain('not enrolled')
  })

  test('turns its pages forward and back', async () => {
    await world.assigned(...Array.from({ length: 60 }, (_, index) => `C02MANY${100 + index}`))
    const first = await admin.get('/hosts?dep=assigned&sort=serial')
    const next = /rel="next" href="([^"]+)"/.exec(first.text)?.[1]?.replaceAll('&amp;', '&') ?? ''
    const second = await admin.get(next)
    expect(second.text).not.toContain('C02MANY100')
    expect(second.text).toContain('C02MANY159')
    const previous = /rel="prev" href="([^"]+)"/.exec(second.text)?.[1]?.replaceAll('&amp;', '&')
    expect(previous).toBe('/hosts?dep=assigned&sort=serial')
  })

  test('answers an unknown filter word with the words there are', async () => {
    const { status, text } = await admin.get('/hosts?mdm=nonsense')
    expect(status).toBe(422)
    expect(text).toContain('authenticated')
  })
})

describe('one host', () => {
  test('is found by serial and shows what it is and why', async () => {
    const { status, text } = await admin.get(`/hosts/${mac.serial}`)
    expect(status).toBe(200)
    for (const part of [
      'Ada’s Mac',
      mac.udid,
      'Mac16,1',
      'It sent a TokenUpdate',
      'mdm.Authenticate',
    ])
      expect(text).toContain(part)
    expect(text.match(/<svg[^>]*class="diagram /g)).toHaveLength(2)
    expect(text).toMatch(/class="state [a-z]+ lit" data-state="mdm\.enrolled\.ready"/)
    expect(text).toMatch(/<li data-state="mdm\.enrolled\.ready"\s+class="lit" aria-current="true">/)
  })

  test('that is missing is answered with near ones', async () => {
    const { status, text } = await admin.get('/hosts/C02PAG')
    expect(status).toBe(404)
    expect(text).toContain('C02PAGES2')
    expect(text).toMatch(/Request <code>[\w-]{36}</)
  })

  test('shows no secret of its channels', async () => {
    for (const page of ['', '/journal'])
      expect((await admin.get(`/hosts/${mac.serial}${page}`)).text).not.toContain('CANARY')
  })

  test('that became part of another leads there', async () => {
    const [one = '', other = ''] = await world.assigned('C02MERGE1', 'C02MERGE2')
    const merged = await world.api(`/hosts/${one}/merge`, {
      method: 'POST',
      body: { with: other },
    })
    expect(merged.status, merged.text).toBe(200)
    // The older one lives on, which of two that were listed together may be either.
    const survivor = String(merged.json()['survivor'])
    const loser = survivor === one ? other : one
    expect((await admin.get(`/hosts/${loser}`)).location).toBe(`/hosts/${survivor}`)
    const { text } = await admin.get(`/hosts/${survivor}`)
    const listed = /<h2>Apple list<\/h2>[^]*?<\/section>/.exec(text)?.[0] ?? ''
    for (const serial of ['C02MERGE1', 'C02MERGE2']) {
      expect(listed).toContain(serial)
      expect(text).toContain(`Apple&#39;s list has serial ${serial}`)
    }
    expect((await admin.get(`/hosts/${loser}/journal`)).location).toBe(`/hosts/${survivor}/journal`)
  })

  test('is forgotten only by typing its serial', async () => {
    const [id = ''] = await world.assigned('C02GONE1')
    await admin.get(`/hosts/${id}`)
    const refused = await admin.post(`/hosts/${id}/delete`, { confirm: 'C02GONE' })
    expect(refused.status).toBe(422)
    expect(refused.text).toContain(`href="/hosts/${id}"`)
    const done = await admin.post(`/hosts/${id}/delete`, { confirm: 'C02GONE1' })
    // Apple's list still has it, so it is pending anew.
    expect(done.location).toBe(`/hosts/${id}`)
  })
})

describe('sending a command', () => {
  test('leads to its page, where it can be cancelled', async () => {
    const sent = await admin.post(`/hosts/${mac.serial}/send`, {
      request_type: 'DeviceInformation',
      payload: '{"Queries": ["OSVersion"]}',
      priority: '5',
      expires_in_s: '3600',
      channel: mac.udid,
      confirm: '',
    })
    expect(sent.location).toMatch(/^\/commands\/[\w-]{36}$/)
    const page = await admin.get(sent.location ?? '')
    for (const part of ['DeviceInformation', 'queued', 'OSVersion', 'operator.enqueue by an admin'])
      expect(page.text).toContain(part)
    const cancelled = await admin.post(`${sent.location}/cancel`, {})
    expect(cancelled.location).toBe(sent.location)
    const after = await admin.get(sent.location ?? '')
    expect(after.text).toContain('cancelled')
    expect(after.text).not.toContain('Cancel command')
  })

  // prettier-ignore
  const refused = [
    ['a payload that is no JSON', { request_type: 'ProfileList', payload: '{oops' }, 'not JSON'],
    ['a payload that is a list', { request_type: 'ProfileList', payload: '[1]' }, 'Not '],
    ['a request type of other signs', { request_type: 'Profile List', payload: '' }, 'letters and digits'],
    ['a priority beyond reason', { request_type: 'ProfileList', priority: '5000' }, 'priority'],
    ['a channel of another host', { request_type: 'ProfileList', channel: 'X' }, 'must be one of'],
    ['EraseDevice without a confirmation', { request_type: 'EraseDevice' }, 'cannot be taken back'],
    ['DeviceLock with the wrong one', { request_type: 'DeviceLock', confirm: 'C02' }, 'cannot be taken back'],
  ] as const
  test.each(refused)(
    '%s is refused, and the form keeps what was written',
    async (_, fields, why) => {
      const { status, text } = await admin.post(`/hosts/${mac.serial}/send`, fields)
      expect(status).toBe(422)
      expect(text).toContain(why)
      expect(text).toContain(`value="${fields.request_type}"`)
    },
  )

  test('EraseDevice goes when the serial is typed', async () => {
    const sent = await admin.post(`/hosts/${mac.serial}/send`, {
      request_type: 'EraseDevice',
      payload: '{"PIN": "123456"}',
      confirm: mac.serial,
    })
    expect(sent.location).toMatch(/^\/commands\//)
    const page = await admin.get(sent.location ?? '')
    expect(page.text).toContain('never sent twice')
    expect(page.text).not.toContain('123456')
    await admin.post(`${sent.location}/cancel`, {})
  })

  test('a device’s answer and its errors stand on the page of the command', async () => {
    const host = await world.api(`/hosts/${mac.serial}`)
    const uuid = await world.sent(String(host.json()['id']), {
      request_type: 'InstallProfile',
      payload: {},
    })
    await world.mdm({ UDID: mac.udid, Status: 'Idle', Topic: topic })
    await world.mdm({
      UDID: mac.udid,
      Status: 'Error',
      CommandUUID: uuid,
      ErrorChain: [
        {
          ErrorCode: 4001,
          ErrorDomain: 'MCInstallationErrorDomain',
          LocalizedDescription: 'Profil nicht installiert',
          USEnglishDescription: 'Profile Failed to Install',
        },
        { ErrorCode: 1000, ErrorDomain: 'MCProfileErrorDomain', LocalizedDescription: 'Malformed' },
      ],
    })
    const { text } = await admin.get(`/commands/${uuid}`)
    for (const part of [
      'Profile Failed to Install',
      'because: ',
      'Malformed',
      'data-path=".ErrorChain"',
      'mdm.Error by device',
    ])
      expect(text).toContain(part)
    const list = await admin.get('/commands?state=error')
    expect(list.text).toContain('InstallProfile')
    expect(list.text).toContain('Ada’s Mac')
  })
})

describe('settings', () => {
  test('say how old the last backup is, and what to do while there is none', async () => {
    const none = await admin.get('/settings')
    expect(none.text).toContain('There is no backup yet.')
    expect(none.text).toContain('--backup-every 6h')
    const made = await world.server.app.request('/api/v1/backup', {
      headers: { authorization: `Bearer ${world.secrets.admin}` },
    })
    await made.arrayBuffer()
    const { text } = await admin.get('/settings')
    expect(text).not.toContain('There is no backup yet.')
    expect(text).toMatch(/downloaded[^]*<time [^>]*data-ago[^]*an admin/)
  })

  test('a new token is shown once, works, and can be deleted', async () => {
    const made = await admin.post('/settings/tokens', { name: 'for <b>CI</b>', role: 'viewer' })
    const secret = /muster_[\w-]{43}/.exec(made.text)?.[0] ?? ''
    expect(made.text).toContain('for &lt;b&gt;CI&lt;/b&gt;')
    expect(
      (await world.api('/hosts', { as: 'nobody', headers: { authorization: `Bearer ${secret}` } }))
        .status,
    ).toBe(200)
    const { text } = await admin.get('/settings')
    expect(text).not.toContain(secret)
    const id = world.server.tokens.list().find(({ name }) => name.includes('CI'))?.id
    expect((await admin.post(`/settings/tokens/${id}/delete`, {})).location).toBe('/settings')
    expect((await admin.get('/settings')).text).not.toContain('for &lt;b&gt;CI')
  })

  test('an enroll secret is made the same way, and one without a name is refused', async () => {
    const made = await admin.post('/settings/enroll-secrets', { name: 'laptops' })
    expect(made.text).toMatch(/enroll_[\w-]{43}/)
    const refused = await admin.post('/settings/enroll-secrets', { name: ' ' })
    expect(refused.status).toBe(422)
  })
})

describe('machines', () => {
  test('are drawn with how many are in each state, which lead to them', async () => {
    const { text } = await admin.get('/machines/host')
    expect(text).toContain('href="/hosts?mdm=enrolled.ready"')
    const { total } = (await world.api('/hosts?mdm=enrolled.ready')).json()
    expect(text).toContain(`×${String(total)}`)
    expect((await admin.get('/machines/command')).text).toContain('/commands?state=acknowledged')
    expect((await admin.get('/machines/toaster')).status).toBe(404)
  })
})

test('a contradiction is told with its choices, and settled by one of them', async () => {
  const seen = (udid: string, serial: string) =>
    world.mdm({
      MessageType: 'Authenticate',
      UDID: udid,
      SerialNumber: serial,
      Topic: topic,
      DeviceName: 'Twin',
      Model: 'Mac16,1',
    })
  await seen('CCCCCCCC-0000-4000-8000-000000000001', 'C02CLONE1')
  await seen('CCCCCCCC-0000-4000-8000-000000000001', 'C02CLONE2')
  const { text } = await admin.get('/conflicts')
  const [, action = ''] = /action="(\/conflicts\/[^"]+\/resolve)"/.exec(text) ?? []
  expect(action, text).not.toBe('')
  const choices = [...text.matchAll(/name="choice" value="([^"]+)"/g)].map(([, choice]) => choice)
  expect(choices).toContain('dismiss')
  expect((await admin.post(action, { choice: 'dismiss' })).location).toBe('/conflicts')
  expect((await admin.get('/conflicts?open=false')).text).toContain('Resolved')
})

test('events of the fleet are told newest first, with who made them happen', async () => {
  const { text } = await admin.get('/events')
  expect(text).toContain('operator.enqueue')
  expect(text).toContain('an admin')
  const seqs = [...text.matchAll(/id="seq-(\d+)"/g)].map(([, seq]) => Number(seq))
  expect(seqs.length).toBeGreaterThan(10)
  expect(seqs).toEqual(seqs.toSorted((a, b) => b - a))
  const older = await admin.get(`/events?before=${seqs[5]}&cause=device`)
  const [first] = [...older.text.matchAll(/id="seq-(\d+)"/g)].map(([, seq]) => Number(seq))
  expect(first).toBeLessThan(seqs[5] ?? 0)
})
