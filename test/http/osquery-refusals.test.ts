// What of an agent was refused or kept unread, as operators see it; and the flags they give to agents.
import { expect, test } from 'vitest'
import { signedIn } from './pages-visitor.ts'
import { openHttpWorld } from './world.ts'

const world = await openHttpWorld()
const admin = await signedIn(world, 'admin')

test('a host tells which messages of its agent were refused or kept unread, and the metrics count them', async () => {
  const post = (route: string, body: string, key = '') =>
    world.ask(`/api/osquery/${route}`, {
      as: 'nobody',
      method: 'POST',
      body,
      headers: { authorization: `NodeKey ${key}` },
    })
  const enroll = {
    enroll_secret: world.secrets.enroll,
    host_details: { system_info: { hardware_serial: 'C02REFUSED1' } },
  }
  const key = String((await post('enroll', JSON.stringify(enroll))).json()['node_key'])
  const before = (await world.api('/hosts/C02REFUSED1')).headers.get('etag') ?? ''
  expect(await post('log', 'garbage', key)).toMatchObject({ status: 200 })
  expect(await post('config', 'garbage', key)).toMatchObject({ status: 400 })
  const host = await world.api('/hosts/C02REFUSED1', { headers: { 'if-none-match': before } })
  expect(host.json()['osquery_refusals']).toMatchObject([
    { route: 'log', reason: 'not-json', outcome: 'kept-unread', count: 1 },
    { route: 'config', reason: 'not-json', outcome: 'refused', count: 1 },
  ])
  const page = await admin.get('/hosts/C02REFUSED1')
  for (const part of ['Refused osquery messages', 'refused since', 'kept unread in the log'])
    expect(page.text).toContain(part)
  const { text: metrics } = await world.ask('/metrics', { as: 'admin' })
  for (const line of [
    'muster_osquery_refusals_total{route="config",reason="not-json"} 1',
    'muster_osquery_mended_total{route="log",how="kept-unread"} 1',
  ])
    expect(metrics).toContain(line)
})

test('an empty fleet and the settings give out the whole flag file of an agent', async () => {
  const empty = await openHttpWorld()
  const visitor = await signedIn(empty, 'admin')
  for (const path of ['/hosts', '/settings']) {
    const { text } = await visitor.get(path)
    for (const flag of [
      '--tls_hostname=localhost',
      '--config_refresh=300',
      '--host_identifier=uuid',
      '--config_enable_backup=true',
      '--tls_server_certs=',
    ])
      expect(text).toContain(flag)
  }
})
