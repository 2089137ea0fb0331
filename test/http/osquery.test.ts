// The agents' door in front of the real intake, runtime and store.
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { createOsqueryRoutes } from '../../src/http/osquery/routes.ts'
import { createClientOf } from '../../src/http/client.ts'
import { createFailedSecrets } from '../../src/http/failed-secrets.ts'
import { createReading } from '../../src/http/reading/reading.ts'
import { bodyLimits } from '../../src/protocol/osquery/limits.ts'
import { openDoors } from '../intake/world.ts'
import { openHouse } from '../runtime/world.ts'

async function enrolled() {
  const doors = openDoors(await openHouse())
  const app = createOsqueryRoutes({
    intake: doors.osquery,
    log: pino({ level: 'silent' }),
    reading: createReading(() => {}),
    clientOf: createClientOf(undefined),
    failedSecrets: createFailedSecrets({
      elapsedMs: () => performance.now(),
      later: () => ({ cancel() {} }),
      note() {},
    }),
  })
  const agent = await doors.enroll({ uuid: '11111111-2222-4333-8444-555555555555' })
  const nodeKey = agent.kind === 'enrolled' ? agent.nodeKey : ''
  const post = async (route: string, body: string) => {
    const response = await app.request(`/api/osquery/${route}`, {
      method: 'POST',
      body,
      headers: { authorization: `NodeKey ${nodeKey}` },
    })
    return { status: response.status, body: (await response.json()) as object }
  }
  return { post }
}

test('an enrolment counts for the address that it comes from', async () => {
  const doors = openDoors(await openHouse())
  const addresses: (string | undefined)[] = []
  const app = createOsqueryRoutes({
    intake: {
      ...doors.osquery,
      enroll(message, address) {
        addresses.push(address)
        return doors.osquery.enroll(message, address)
      },
    },
    log: pino({ level: 'silent' }),
    reading: createReading(() => {}),
    clientOf: () => '192.0.2.1',
    failedSecrets: createFailedSecrets({
      elapsedMs: () => performance.now(),
      later: () => ({ cancel() {} }),
      note() {},
    }),
  })
  const body = JSON.stringify({ enroll_secret: 'right' })
  await app.request('/api/osquery/enroll', { method: 'POST', body })
  expect(addresses).toEqual(['192.0.2.1'])
})

const linesWanted = expect.objectContaining({
  options: expect.objectContaining({ logger_tls_max_lines: 64 }),
})

test.each([
  ['bytes', `{"pad":"${' '.repeat(bodyLimits.log.bytesMax)}"}`],
  ['values', `{"data":[{"columns":[0${',0'.repeat(bodyLimits.log.valuesMax)}]}]}`],
])(
  'a batch of too many %s is kept by its agent, which is asked for smaller ones',
  async (_, batch) => {
    const { post } = await enrolled()
    expect((await post('config', '{}')).body).not.toEqual(linesWanted)
    const refused = await post('log', batch)
    expect(refused).toMatchObject({ status: 413, body: { error: expect.any(String) } })
    expect((await post('config', '{}')).body).toEqual(linesWanted)
  },
)
