// References and `q` over the wire: whatever identifier a device sent leads to its host.
import { expect, test } from 'vitest'
import { openHttpWorld, topic } from '../world.ts'

const world = await openHttpWorld()

const enrolments: readonly (readonly [string, Record<string, string>, string])[] = [
  ['the UDID of an iPhone', { UDID: '00008030-000A1D2E3F40802E' }, '00008030-000a1d2e3f40802e'],
  ['an EnrollmentID', { EnrollmentID: 'c5b0dd1f-User-Enrolled' }, 'c5b0dd1f-User-Enrolled'],
]
for (const [name, ids, ref] of enrolments)
  test(`a host that sent ${name} is found by it and by its beginning`, async () => {
    const message = { MessageType: 'Authenticate', Topic: topic, ...ids }
    expect((await world.mdm(message)).status).toBe(200)
    const found = await world.api(`/hosts/${ref}`)
    expect(found.status).toBe(200)
    const { id } = found.json()
    const listed = (await world.api(`/hosts?q=${ref.slice(0, 12)}`)).json()
    expect(listed).toMatchObject({ items: [{ id }] })
  })

test('a host is found by the instance of its osquery agent', async () => {
  const enroll = {
    enroll_secret: world.secrets.enroll,
    host_details: {
      system_info: { hardware_serial: 'C02INSTANCE' },
      osquery_info: { instance_id: '7d3e6a10-instance' },
    },
  }
  await world.ask('/api/osquery/enroll', { as: 'nobody', method: 'POST', body: enroll })
  expect((await world.api('/hosts/7d3e6a10-instance')).json()).toMatchObject({
    serial: 'C02INSTANCE',
  })
  expect((await world.api('/hosts?q=7d3e6a')).json()).toMatchObject({
    items: [{ serial: 'C02INSTANCE' }],
  })
})
