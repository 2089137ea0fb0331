// Two agents want to be one host's, as operators see it.
import { expect, test } from 'vitest'
import { openHttpWorld } from '../world.ts'

const world = await openHttpWorld()
const uuid = '0A9E1111-2222-3333-4444-555555555501'

const enroll = (instance: string) =>
  world.ask('/api/osquery/enroll', {
    method: 'POST',
    body: {
      enroll_secret: world.secrets.enroll,
      platform_type: '21',
      host_details: {
        system_info: { uuid, hardware_serial: 'AGENTS0001' },
        osquery_info: { instance_id: instance },
      },
    },
  })

test('an admin revokes the agent of a host, and the one that was refused becomes its agent', async () => {
  expect((await enroll('present')).status).toBe(200)
  const refused = await enroll('newcomer')
  expect(refused.status).toBe(429)
  expect(refused.json()['error']).toContain('another agent speaks for this computer')
  const { id, agents } = (await world.api(`/hosts/${uuid}`)).json() as {
    id: string
    agents: readonly { readonly key: string }[]
  }
  const path = `/hosts/${id}/agents/${agents[0]?.key}`
  const dry = await world.api(`${path}?dry_run=true`, { method: 'DELETE' })
  expect(dry.json()).toMatchObject({ dry_run: true, instance: 'present', agents_left: 0 })
  expect((await enroll('newcomer')).status).toBe(429)
  expect((await world.api(path, { method: 'DELETE', as: 'viewer' })).status).toBe(403)
  expect((await world.api(path, { method: 'DELETE' })).json()).toMatchObject({ agents_left: 0 })
  expect((await world.api(path, { method: 'DELETE' })).status).toBe(404)
  expect((await enroll('newcomer')).status).toBe(200)
  const journal = await world.api(`/hosts/${id}/journal`)
  expect(journal.text.match(/osquery\.refused/g)).toHaveLength(1)
  expect(journal.text).toContain('osquery.revoked')
  const metrics = await world.ask('/metrics', { as: 'viewer' })
  expect(metrics.text).toContain('muster_osquery_conflicts_total{outcome="agent-present"} 2')
})
