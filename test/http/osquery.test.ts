// The agents' routes in front of the real intake, runtime and store, over a socket.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { serve } from '@hono/node-server'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, onTestFinished, test } from 'vitest'
import { createClientOf } from '../../src/http/client.ts'
import { createFailedSecrets } from '../../src/http/failed-secrets.ts'
import { countOsquery } from '../../src/http/osquery/counts.ts'
import { createOsqueryRoutes } from '../../src/http/osquery/routes.ts'
import { createReading } from '../../src/http/reading/reading.ts'
import { createOsqueryRefusals } from '../../src/intake/osquery-refusals.ts'
import { bodyLimits } from '../../src/protocol/osquery/limits.ts'
import { openDoors } from '../intake/world.ts'
import { openHouse } from '../runtime/world.ts'

const uuid = '11111111-2222-4333-8444-555555555555'

async function enrolled() {
  const house = await openHouse()
  const doors = openDoors(house)
  const registry = new Registry()
  const refusals = createOsqueryRefusals(house.clock)
  const reading = createReading(() => {})
  const app = createOsqueryRoutes({
    intake: doors.osquery,
    log: pino({ level: 'silent' }),
    reading,
    refusals,
    count: countOsquery([registry]),
    clientOf: createClientOf(undefined),
    failedSecrets: createFailedSecrets({
      elapsedMs: () => performance.now(),
      later: () => ({ cancel() {} }),
      note() {},
    }),
  })
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
  if (!server.listening) await once(server, 'listening')
  onTestFinished(async () => {
    server.close()
    await reading.close()
  })
  const { port } = server.address() as AddressInfo
  const agent = await doors.enroll({ uuid })
  const nodeKey = agent.kind === 'enrolled' ? agent.nodeKey : ''
  const hostId = doors.osquery.agent(nodeKey)?.hostId ?? ''
  const post = async (
    route: string,
    body: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string> = { authorization: `NodeKey ${nodeKey}` },
  ) => {
    const url = `http://127.0.0.1:${port}/api/osquery/${route}`
    const response = await fetch(url, { method: 'POST', body, headers })
    return { status: response.status, body: (await response.json()) as object }
  }
  return {
    post,
    nodeKey,
    lines: doors.lines,
    refusals: () => refusals.of(hostId),
    facts: async () => {
      const looked = await house.hosts.look(hostId)
      return looked.ok ? looked.value.snapshot.context.facts : {}
    },
    metrics: () => registry.metrics(),
  }
}

const taken = { status: 200, body: {} }
const linesMax = (lines: number) =>
  expect.objectContaining({
    options: expect.objectContaining({ logger_tls_max_lines: lines }),
  })
/** Bytes that are no UTF-8, as a file name may have them. */
const bad = Buffer.from([0xff, 0xfe, 0xc3])
const joined = (...parts: readonly (string | Buffer)[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(Buffer.concat(parts.map((part) => Buffer.from(part))))

for (const pad of ['', 'x'.repeat(100_000)])
  test(`bytes that are not UTF-8 in a batch ${pad && 'of 100 kB '}become U+FFFD, and are counted`, async () => {
    const { post, lines, metrics } = await enrolled()
    const batch = joined('{"log_type":"result","data":[{"path":"/tmp/', bad, `","pad":"${pad}"}]}`)
    expect(await post('log', batch)).toEqual(taken)
    expect(lines).toMatchObject([
      { path: '/tmp/\u{FFFD}\u{FFFD}\u{FFFD}', muster_host_id: expect.any(String) },
    ])
    expect(await metrics()).toContain('muster_osquery_mended_total{route="log",how="replaced"} 1')
  })

test('a host is known by a write and by an enrolment in which bytes are not UTF-8', async () => {
  const { post, facts } = await enrolled()
  const write = joined('{"queries":{"detail.system_info":[{"computer_name":"mac', bad, '"}]}}')
  expect(await post('distributed/write', write)).toEqual(taken)
  expect(await facts()).toMatchObject({ hostname: { value: 'mac\u{FFFD}\u{FFFD}\u{FFFD}' } })
  const enroll = joined(
    '{"enroll_secret":"right","host_details":{"system_info":{"hardware_serial":"C02',
    bad,
    '","uuid":"99999999-2222-4333-8444-555555555555","computer_name":"',
    bad,
    '"}}}',
  )
  expect(await post('enroll', enroll, {})).toMatchObject({ status: 200 })
})

// prettier-ignore
const unreadable: readonly (readonly [string, string, readonly object[]])[] = [
  ['no JSON at all',        'garbage',                                           [{ muster_unreadable: 'not-json' }]],
  ['one line broken',       '{"log_type":"status","data":[{"a":1},{"b":tru},{"c":3}]}', [{ a: 1 }, { muster_unreadable: 'not-json' }, { c: 3 }]],
  ['a member twice',        '{"data":[{"a":1,"a":2},{"b":1}]}',                  [{ muster_unreadable: 'duplicate-member' }, { b: 1 }]],
  ['one line too deep',     `{"data":[${'['.repeat(40)}${']'.repeat(40)},{}]}`,  [{ muster_unreadable: 'too-deep' }, {}]],
  ['a line of text',        '{"data":["text",{}]}',                              [{ muster_unreadable: 'not-an-object' }, {}]],
  ['its end cut off',       '{"data":[{"a":1},{"b":',                            [{ a: 1 }, { muster_unreadable: 'not-json' }]],
  ['more behind its end',   '{"data":[{"a":1}]}{"b":2} rest',                   [{ a: 1 }, { muster_unreadable: 'not-json' }]],
  ['no list of lines',      '{"data":{"a":1}}',                                  [{ muster_unreadable: 'bad-member' }]],
]
for (const [name, batch, lines] of unreadable)
  test(`a batch with ${name} is acknowledged, and what cannot be read is kept as it came`, async () => {
    const agent = await enrolled()
    expect(await agent.post('log', batch)).toEqual(taken)
    expect(agent.lines).toMatchObject(lines)
    const kept = agent.lines.flatMap((line) => ('muster_bytes' in line ? [line.muster_bytes] : []))
    for (const bytes of kept)
      expect(batch).toContain(Buffer.from(String(bytes), 'base64').toString())
    expect(agent.refusals()).toMatchObject([{ route: 'log', outcome: 'kept-unread', count: 1 }])
  })

test('a batch of more values than are read at once is taken line by line', async () => {
  const { post, lines } = await enrolled()
  const line = `{"columns":[0${',0'.repeat(bodyLimits.log.valuesMax / 2)}]}`
  expect(await post('log', `{"data":[${line},${line},{"last":1}]}`)).toEqual(taken)
  expect(lines).toHaveLength(3)
  expect(lines.at(-1)).toMatchObject({ last: 1 })
  expect(lines[0]).not.toHaveProperty('muster_unreadable')
})

test('an honest gzip batch that shrinks 145 times is taken', async () => {
  const { post, lines, nodeKey } = await enrolled()
  const row = { name: 'users', action: 'snapshot', snapshot: [{ pad: 'x'.repeat(1_300) }] }
  const batch = gzipSync(JSON.stringify({ node_key: nodeKey, data: Array(1_024).fill(row) }))
  expect(await post('log', Uint8Array.from(batch), { 'content-encoding': 'gzip' })).toEqual(taken)
  expect(lines).toHaveLength(1_024)
})

test('a batch of 20 MB is taken', async () => {
  const { post, lines } = await enrolled()
  const data = Array.from({ length: 20 }, () => ({ pad: 'x'.repeat(1_000_000) }))
  expect(await post('log', JSON.stringify({ data }))).toEqual(taken)
  expect(lines).toHaveLength(20)
})

for (const where of ['the header', 'the body alone'])
  test(`an agent with its key in ${where} is asked for fewer lines until its batch can be taken`, async () => {
    const { post, nodeKey, refusals, metrics } = await enrolled()
    const inHeader = where === 'the header'
    const headers: Record<string, string> = inHeader ? { authorization: `NodeKey ${nodeKey}` } : {}
    const key = inHeader ? '' : `"node_key":"${nodeKey}",`
    const batch = `{${key}"pad":"${' '.repeat(bodyLimits.log.bytesMax)}"}`
    expect((await post('config', '{}')).body).toEqual(linesMax(1_024))
    for (const lines of [64, 8, 1, 1]) {
      expect(await post('log', batch, headers)).toMatchObject({
        status: 413,
        body: { error: expect.any(String) },
      })
      // Before it has heard of it, the agent sends the same once more.
      if (lines === 64) await post('log', batch, headers)
      expect((await post('config', '{}')).body).toEqual(linesMax(lines))
    }
    expect(refusals()).toMatchObject([
      { route: 'log', reason: 'too-large', outcome: 'refused', count: 5 },
    ])
    expect(await metrics()).toContain(
      'muster_osquery_refusals_total{route="log",reason="too-large"} 5',
    )
    expect(await post('log', '{"data":[{}]}')).toEqual(taken)
    expect(refusals()).toEqual([])
  })

test('a malformed status costs no good answer beside it, and the write is kept', async () => {
  const { post, facts, lines } = await enrolled()
  const write =
    '{"queries":{"detail.osquery_info":[{"version":"5.21.0"}],"q":[]},"statuses":{"detail.osquery_info":0,"q":"x"}}'
  expect(await post('distributed/write', write)).toEqual(taken)
  expect(await facts()).toMatchObject({ osquery_version: { value: '5.21.0' } })
  expect(lines).toMatchObject([
    { muster_unreadable: 'bad-member', muster_bytes: Buffer.from(write).toString('base64') },
  ])
})

test('a write that is no sound JSON still tells the details that can be read', async () => {
  const { post, facts } = await enrolled()
  const write =
    '{"queries":{"detail.osquery_info":[{"version":"5.22.0"}],"detail.uptime":[{bad}],"q":[{"a":1,"a":2}]}}'
  expect(await post('distributed/write', write)).toEqual(taken)
  expect(await facts()).toMatchObject({ osquery_version: { value: '5.22.0' } })
})

test('of an unknown sender nothing is kept, whatever cannot be read', async () => {
  const { post, lines } = await enrolled()
  for (const body of ['garbage', '{"node_key":"nope","data":[{bad}]}', '{"data":[{bad}]}'])
    expect((await post('log', body, {})).status).toBeGreaterThan(399)
  expect(lines).toEqual([])
})

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
    refusals: createOsqueryRefusals({ now: () => 0 }),
    count: countOsquery([]),
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
