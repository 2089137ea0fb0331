import { expect, test } from 'vitest'
import {
  defaultConfig,
  defaultConfigBytes,
  configBytes,
} from '../../src/protocol/osquery/config.ts'
import { agentFlags } from '../../src/protocol/osquery/agent-flags.ts'
import { detailQueries, readDetails } from '../../src/protocol/osquery/detail.ts'
import { emptyRead, readReply } from '../../src/protocol/osquery/read.ts'
import type { OsqueryReply } from '../../src/protocol/osquery/reply.ts'
import { renderReply } from '../../src/protocol/osquery/reply.ts'

const parsed = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString())

// prettier-ignore
const replies: readonly (readonly [OsqueryReply, number, object])[] = [
  [{ kind: 'done' },                                           200, {}],
  [{ kind: 'enrolled', nodeKey: 'k' },                         200, { node_key: 'k' }],
  [{ kind: 'document', body: emptyRead },                      200, { queries: {} }],
  [{ kind: 'failed', status: 503, error: 'overloaded, retry' }, 503, { error: 'overloaded, retry' }],
  [{ kind: 'failed', status: 500, error: '' },                 500, { error: 'the request failed' }],
  [{ kind: 'node-invalid', error: 'unknown node key' },        401, { node_invalid: true, error: 'unknown node key' }],
]
for (const [reply, status, body] of replies) {
  test(`the reply ${JSON.stringify(reply).slice(0, 60)} is ${JSON.stringify(body)} with ${status}`, () => {
    const rendered = renderReply(reply)
    expect(rendered.status).toBe(status)
    expect(parsed(rendered.body)).toEqual(body)
  })
}

test('a read with nothing to do is one constant', () => {
  expect(readReply({ queries: {} })).toBe(emptyRead)
})

test('once one query has a probe, every query has one', () => {
  const read = readReply({ queries: { a: 'A', b: 'B' }, discovery: { a: 'P' } })
  expect(parsed(read)).toEqual({
    queries: { a: 'A', b: 'B' },
    discovery: { a: 'P', b: 'SELECT 1' },
  })
  expect(parsed(readReply({ queries: { a: 'A' }, discovery: {} }))).toEqual({ queries: { a: 'A' } })
})

test('accelerate is an integer, also when there is no query', () => {
  expect(parsed(readReply({ queries: {}, accelerateSeconds: 59.6 }))).toEqual({
    queries: {},
    accelerate: 60,
  })
})

test('the configuration sets only what may be set remotely', () => {
  const local = /^(tls_hostname|enroll_|config_|carver_|disable_carver|watchdog_)/
  expect(Object.keys(defaultConfig.options).filter((name) => local.test(name))).toEqual([])
  expect(parsed(defaultConfigBytes)).toEqual(defaultConfig)
})

test('a host that sends too much is told to send fewer lines, and nothing else changes', () => {
  expect(parsed(configBytes(64))).toEqual({
    ...defaultConfig,
    options: { ...defaultConfig.options, logger_tls_max_lines: 64 },
  })
})

test('the flags for an agent name this server, and let it hear of a new configuration', () => {
  const flags = new Map(
    agentFlags('mdm.example.com:8443').map((flag) => {
      const [name = '', value = ''] = flag.split('=')
      return [name, value] as const
    }),
  )
  expect(Object.fromEntries(flags)).toMatchObject({
    '--tls_hostname': 'mdm.example.com:8443',
    '--tls_server_certs': expect.stringMatching(/./),
    '--host_identifier': 'uuid',
    '--config_enable_backup': 'true',
    '--config_tls_endpoint': '/api/osquery/config',
  })
  expect(Number(flags.get('--config_refresh'))).toBeGreaterThan(0)
})

test('each platform is asked for disk encryption in its own way, once', () => {
  for (const platform of ['darwin', 'linux', 'windows'] as const) {
    const ids = Object.keys(detailQueries(platform))
    expect(ids.filter((id) => id.includes('encryption'))).toEqual([
      `detail.disk_encryption_${platform}`,
    ])
    expect(ids).toContain('detail.system_info')
  }
  expect(Object.keys(detailQueries('unknown')).join()).not.toContain('encryption')
})

const atMs = Date.UTC(2026, 10, 24, 12, 0, 30)
const answer = (name: string, row: Record<string, string | number>, status = 0) => ({
  id: `detail.${name}`,
  rows: [row],
  status,
})

test('the answers to detail queries become facts', () => {
  const facts = readDetails(
    [
      answer('system_info', {
        hostname: 'ada',
        computer_name: 'Ada',
        hardware_vendor: 'Apple Inc.',
        hardware_model: 'Mac15,3',
        hardware_serial: 'ZZ1',
        uuid: 'U-1',
        cpu_brand: 'Apple M3',
        physical_memory: '17179869184',
      }),
      answer('os_version', { name: 'macOS', version: '15.1', build: '24B83', platform: 'darwin' }),
      answer('osquery_info', { version: '5.23.0' }),
      answer('uptime', { total_seconds: '3601' }),
      answer('disk_encryption_darwin', { encrypted: 1 }),
    ],
    atMs,
  )
  expect(facts).toEqual({
    hostname: 'ada',
    computer_name: 'Ada',
    hardware_vendor: 'Apple Inc.',
    hardware_model: 'Mac15,3',
    hardware_serial: 'ZZ1',
    uuid: 'U-1',
    cpu_brand: 'Apple M3',
    physical_memory_bytes: 17_179_869_184,
    os_name: 'macOS',
    os_version: '15.1',
    os_build: '24B83',
    platform: 'darwin',
    osquery_version: '5.23.0',
    booted_at_ms: Date.UTC(2026, 10, 24, 11, 0, 0),
    disk_encrypted: true,
  })
})

test('answers that failed, are empty, were never asked or hold nonsense give no facts', () => {
  const answers = [
    answer('osquery_info', { version: '5.23.0' }, 1),
    { id: 'detail.os_version', rows: [], status: 0 },
    answer('constructor', { hostname: 'x' }),
    answer('__proto__', { hostname: 'x' }),
    { id: 'live.1', rows: [{ hostname: 'x' }], status: 0 },
    { id: '', rows: [{ hostname: 'x' }], status: 0 },
    answer('uptime', { total_seconds: '999999999999999' }),
    answer('disk_encryption_linux', { encrypted: '' }),
    answer('system_info', { hostname: '', physical_memory: '-1', cpu_brand: ' ' }),
  ]
  expect(readDetails(answers, atMs)).toEqual({})
})

test('two reads of one uptime, seconds apart, tell the same boot', () => {
  const at = (later: number) =>
    readDetails([answer('uptime', { total_seconds: 600 + later })], atMs + later * 1000 + 40)
  expect(at(0)).toEqual(at(7))
})
