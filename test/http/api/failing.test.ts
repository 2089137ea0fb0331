// A host that cannot take an event: seen in lists, on its page and in the metrics, until somebody dismisses it.
import { expect, test } from 'vitest'
import { openHttpWorld } from '../world.ts'

const world = await openHttpWorld()
const mac = { udid: '5D0C9B1E-7A42-4E4B-9F57-0B1C2D3E4FAA', serial: 'C02FAILING' }

/** A snapshot that a machine with a bug might have left: it wakes, and throws when facts are told. */
async function spoil(hostId: string): Promise<void> {
  // What Apple says of a push counts the host on.
  await world.pushesTold()
  const { store } = world.server.keep
  const row = store.lookups.hostActor(hostId)
  if (row === undefined) throw new Error('the host was born')
  const snapshot = JSON.parse(row.snapshot)
  snapshot.context.facts = null
  const spoiled = { ...row, version: row.version + 1, snapshot: JSON.stringify(snapshot) }
  expect((await store.commit([{ put: 'host_actor', row: spoiled }])).ok).toBe(true)
}

test('a device with a poisoned host is told to come again, and at last that it is taken', async () => {
  const hostId = await world.enrolled(mac)
  const uuid = await world.sent(hostId, { request_type: 'DeviceInformation', payload: {} })
  await world.mdm({ UDID: mac.udid, Status: 'Idle' })
  await spoil(hostId)
  const statuses: number[] = []
  for (let tries = 0; tries < 4; tries += 1) {
    const QueryResponses = { DeviceName: 'poison' }
    const report = { UDID: mac.udid, Status: 'Acknowledged', CommandUUID: uuid, QueryResponses }
    const got = await world.mdm(report)
    expect(got.text).toBe('')
    expect(got.headers.get('content-length')).toBe('0')
    statuses.push(got.status)
  }
  expect(statuses).toEqual([503, 500, 500, 200])

  const list = (await world.api('/conflicts')).json()
  expect(list).toMatchObject({ total: 1, items: [{ kind: 'failing', host_id: hostId }] })
  const id = `failing-${hostId}-${JSON.stringify(list).match(/failing-[0-9a-f-]+-(\d+)/)?.[1]}`
  const event = await world.api(`/conflicts/${id}/event`)
  expect(event.json()).toMatchObject({
    events: [{ type: 'mdm.Acknowledged', commandUUID: uuid, facts: { hostname: 'poison' } }],
  })
  const metrics = await world.ask('/metrics', { as: 'viewer' })
  expect(metrics.text).toMatch(/^muster_poison_events_total 1$/m)

  const dismissed = await world.api(`/conflicts/${id}/resolve`, {
    method: 'POST',
    body: { choice: 'dismiss' },
  })
  expect(dismissed.status).toBe(200)
  expect((await world.api('/conflicts')).json()).toMatchObject({ total: 0 })
  const journal = (await world.api(`/hosts/${hostId}/journal`)).text
  expect(journal).toContain('event.set_apart')
  expect(journal).toContain('operator.reveal')
})

test('a merge that no turn survives is a 500 that says so, for whoever asked, and changes nothing', async () => {
  const [survivor = '', loser = ''] = await world.assigned('C02FAILS01', 'C02FAILS02')
  await spoil(loser)
  await spoil(survivor)
  for (let tries = 0; tries < 4; tries += 1) {
    const body = { with: loser }
    const refused = await world.api(`/hosts/${survivor}/merge`, { method: 'POST', body })
    // The first one finds that the rows moved under the hosts.
    if (tries === 0 && refused.status === 409) continue
    expect(refused.status).toBe(500)
    expect(refused.json()).toMatchObject({
      type: '/problems/internal',
      detail: expect.stringContaining('Nothing was changed'),
      request_id: expect.stringMatching(/./),
    })
  }
  expect((await world.api('/conflicts')).json()).toMatchObject({ total: 0 })
  expect((await world.api(`/hosts/${loser}`)).status).not.toBe(308)
})

test('a conflict that is none, or keeps no event, has none to show', async () => {
  expect((await world.api('/conflicts/nothing/event')).status).toBe(404)
})
