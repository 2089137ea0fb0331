// Facts that MDM and an agent tell differently, as operators see them.
import { expect, test } from 'vitest'
import { signedIn } from '../pages-visitor.ts'
import { openHttpWorld } from '../world.ts'

const world = await openHttpWorld()

test('an agent with the enroll secret renames no MDM-enrolled host, and its word is shown beside the fact', async () => {
  const mac = { udid: '0FAC7111-2222-3333-4444-555555555501', serial: 'FACT000001', name: 'ada' }
  const id = await world.enrolled(mac)
  const enrolled = await world.ask('/api/osquery/enroll', {
    method: 'POST',
    body: {
      enroll_secret: world.secrets.enroll,
      platform_type: '21',
      host_details: {
        system_info: { uuid: mac.udid, hardware_serial: mac.serial, computer_name: 'eve' },
        osquery_info: { instance_id: 'i-1' },
      },
    },
  })
  expect(enrolled.json()['node_key']).toEqual(expect.any(String))
  const host = (await world.api(`/hosts/${id}`)).json()
  expect(host).toMatchObject({
    hostname: 'ada',
    facts: { hostname: { value: 'ada', source: 'mdm', agent_says: { value: 'eve' } } },
  })
  const page = await (await signedIn(world, 'viewer')).get(`/hosts/${id}`)
  expect(page.text).toContain('the agent says eve')
})
