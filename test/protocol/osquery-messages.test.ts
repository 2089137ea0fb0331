import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readNodeKey } from '../../src/protocol/osquery/authenticated.ts'
import { readWrite } from '../../src/protocol/osquery/distributed.ts'
import { readEnroll } from '../../src/protocol/osquery/enroll.ts'
import { faultText } from '../../src/protocol/osquery/fault.ts'
import { isObject, type JsonObject } from '../../src/protocol/osquery/json.ts'
import { answersMax, logLinesMax } from '../../src/protocol/osquery/limits.ts'
import { readLog } from '../../src/protocol/osquery/log.ts'
import { platformOfName, platformOfType } from '../../src/protocol/osquery/platform.ts'
import { isVirtual } from '../../src/protocol/osquery/virtual.ts'

const macEnroll = {
  enroll_secret: ' s3cret\n',
  host_identifier: 'mac-1',
  platform_type: '21',
  host_details: {
    os_version: { name: 'macOS', version: '15.1', build: '24B83', platform: 'darwin', major: '15' },
    osquery_info: { version: '5.23.0', uuid: 'U-1', instance_id: 'I-1', pid: '7' },
    system_info: {
      uuid: 'U-1',
      hardware_serial: 'ZZTEST01',
      hardware_vendor: 'Apple Inc.',
      hardware_model: 'Mac15,3',
      computer_name: 'Ada\u2019s Mac',
      hostname: 'ada.example',
      cpu_brand: 'Apple M3',
      physical_memory: '17179869184',
    },
    platform_info: { vendor: 'Apple Inc.', version: '11881' },
  },
  unknown_member: [1],
}

test('an enrolment gives the secret and the columns identity needs', () => {
  expect(readEnroll(macEnroll)).toEqual({
    ok: true,
    value: {
      enrollSecret: 's3cret',
      hostIdentifier: 'mac-1',
      platform: 'darwin',
      virtual: false,
      systemInfo: macEnroll.host_details.system_info,
      osVersion: { name: 'macOS', version: '15.1', build: '24B83', platform: 'darwin' },
      osqueryInfo: { version: '5.23.0', uuid: 'U-1', instance_id: 'I-1' },
      platformInfo: { vendor: 'Apple Inc.', version: '11881' },
    },
  })
})

test('an enrolment with only a secret is understood', () => {
  expect(readEnroll({ enroll_secret: 'x' })).toEqual({
    ok: true,
    value: { enrollSecret: 'x', hostIdentifier: '', platform: 'unknown', virtual: false },
  })
})

test('columns that are not text count as not sent, and an identifier is never cut', () => {
  const enroll = readEnroll({
    enroll_secret: 'x',
    host_details: {
      system_info: {
        uuid: 'U'.repeat(513),
        hardware_serial: ['A'],
        hostname: 'h'.repeat(600),
        computer_name: '\u0000 \ud800a',
        physical_memory: 17179869184,
        cpu_brand: null,
      },
      os_version: 'macOS',
      platform_info: [],
    },
  })
  expect(enroll.ok && enroll.value).toEqual({
    enrollSecret: 'x',
    hostIdentifier: '',
    platform: 'unknown',
    virtual: false,
    systemInfo: {
      hostname: 'h'.repeat(512),
      computer_name: '\ufffda',
      physical_memory: '17179869184',
    },
  })
})

// prettier-ignore
const badEnrolls: readonly (readonly [string, JsonObject, string])[] = [
  ['without a secret',                  {},                                          '/enroll_secret'],
  ['with an empty secret',              { enroll_secret: ' ' },                      '/enroll_secret'],
  ['with a secret in an array',         { enroll_secret: ['x'] },                    '/enroll_secret'],
  ['with a secret of 5,000 characters', { enroll_secret: 'x'.repeat(5_000) },        '/enroll_secret'],
  ['with a number as host_identifier',  { enroll_secret: 'x', host_identifier: 1 },  '/host_identifier'],
  ['with host_details as text',         { enroll_secret: 'x', host_details: 'mac' }, '/host_details'],
  ['that inherits its secret',          { ['__proto__']: { enroll_secret: 'x' } } as unknown as JsonObject, '/enroll_secret'],
]
for (const [name, body, pointer] of badEnrolls) {
  test(`an enrolment ${name} is refused at ${pointer}`, () => {
    expect(readEnroll(body)).toMatchObject({ ok: false, error: { kind: 'bad-member', pointer } })
  })
}

// prettier-ignore
const platforms = [
  ['21', 'darwin'], ['9', 'linux'], ['2', 'windows'], ['37', 'freebsd'], ['1', 'unknown'], ['0', 'unknown'],
  [21, 'darwin'], [9, 'linux'], ['', 'unknown'], ['-1', 'unknown'], ['linux', 'unknown'], [9.5, 'unknown'],
  [1e300, 'unknown'], ['99999999', 'unknown'], [null, 'unknown'], [[21], 'unknown'], [undefined, 'unknown'],
] as const
for (const [type, platform] of platforms) {
  test(`platform_type ${JSON.stringify(type)} is ${platform}`, () =>
    expect(platformOfType(type)).toBe(platform))
}

test('Linux is known by its distributions, also by what they are like', () => {
  expect(platformOfName('ubuntu', 'debian')).toBe('linux')
  expect(platformOfName('neverheardof', 'rhel fedora')).toBe('linux')
  expect(platformOfName('darwin', 'darwin')).toBe('darwin')
  expect(platformOfName('plan9', undefined)).toBe('unknown')
})

// prettier-ignore
const machines = [
  ['VMware, Inc.',          'VMware20,1',                 true],
  ['innotek GmbH',          'VirtualBox',                 true],
  ['Parallels International GmbH.', 'Parallels ARM Virtual Machine', true],
  ['QEMU',                  'Standard PC (Q35 + ICH9)',   true],
  ['Apple Inc.',            'VirtualMac2,1',              true],
  ['Apple Inc.',            'Apple Virtual Machine 1',    true],
  ['Microsoft Corporation', 'Virtual Machine',            true],
  ['Amazon EC2',            'm5.large',                   true],
  ['Xen',                   'HVM domU',                   true],
  ['Apple Inc.',            'Mac15,3',                    false],
  ['Microsoft Corporation', 'Surface Laptop 6',           false],
  ['Dell Inc.',             'XPS 13',                     false],
  [undefined,               undefined,                    false],
] as const
for (const [vendor, model, virtual] of machines) {
  test(`${vendor} ${model} is ${virtual ? 'a virtual' : 'no virtual'} machine`, () =>
    expect(isVirtual(vendor, model)).toBe(virtual))
}

// prettier-ignore
const keys: readonly (readonly [string, JsonObject, string | undefined, string])[] = [
  ['in the body',                    { node_key: 'k' },              undefined,             'k'],
  ['in the header',                  {},                             'NodeKey k',           'k'],
  ['in both',                        { node_key: 'k' },              'nodekey  k',          'k'],
  ['beside a proxy\u2019s scheme',   { node_key: 'k' },              'Basic eDp5',          'k'],
  ['different in both',              { node_key: 'k' },              'NodeKey l',           'two-node-keys'],
  ['nowhere',                        {},                             undefined,             'bad-member'],
  ['empty',                          { node_key: '' },               undefined,             'bad-member'],
  ['as a number',                    { node_key: 5 },                undefined,             'bad-member'],
  ['as a number beside the header',  { node_key: 5 },                'NodeKey k',           'bad-member'],
  ['as null',                        { node_key: null },             undefined,             'bad-member'],
  ['as an array of itself',          { node_key: ['k'] },            undefined,             'bad-member'],
  ['of 513 characters',              { node_key: 'k'.repeat(513) },  undefined,             'bad-member'],
]
for (const [name, body, header, outcome] of keys) {
  test(`a node key ${name} is ${outcome === 'k' ? 'read' : outcome}`, () => {
    const key = readNodeKey(body, header)
    expect(key.ok ? key.value : key.error.kind).toBe(outcome)
  })
}

test('a log batch keeps its lines whole, whatever shape they have', () => {
  const data = [
    { name: 'q', action: 'added', columns: { a: '1' }, unixTime: '1', counter: 0 },
    { name: 'q', action: 'snapshot', snapshot: [{ a: 1 }] },
    { name: 'q', diffResults: { added: [], removed: '' }, numerics: true },
    {},
  ]
  expect(readLog({ log_type: 'result', data })).toEqual({
    ok: true,
    value: { kind: 'result', lines: data },
  })
})

test('an unknown log type, or none, is kept as other', () => {
  for (const body of [{ log_type: 'carve', data: [{}] }, { data: [{}] }]) {
    expect(readLog(body)).toEqual({ ok: true, value: { kind: 'other', lines: [{}] } })
  }
})

// prettier-ignore
const badLogs: readonly (readonly [string, JsonObject, string])[] = [
  ['with a number as log_type', { log_type: 5, data: [] },                      '/log_type'],
  ['with data as an object',    { log_type: 'result', data: {} },               '/data'],
  ['with data as text',         { log_type: 'result', data: '[]' },             '/data'],
  ['with a line as text',       { log_type: 'result', data: [{}, 'x'] },        '/data/1'],
  ['with a line as an array',   { log_type: 'status', data: [[]] },             '/data/0'],
  ['with a line as null',       { log_type: 'status', data: [null] },           '/data/0'],
  ['with too many lines',       { data: Array(logLinesMax + 1).fill({}) },      '/data'],
]
for (const [name, body, pointer] of badLogs) {
  test(`a log batch ${name} is refused at ${pointer}`, () =>
    expect(readLog(body)).toMatchObject({ ok: false, error: { kind: 'bad-member', pointer } }))
}

test('a write gives each answer its rows, status, message and cost', () => {
  const write = readWrite({
    queries: { a: [{ x: '1' }, { x: 2 }], b: '', constructor: [] },
    statuses: { a: 0, b: '1', failed: 5 },
    messages: { b: 'no such table', a: { odd: true } },
    stats: { a: { wall_time_ms: 3, user_time: '2', system_time: -1, memory: 'much', more: 1 } },
  })
  expect(write).toEqual({
    faults: [],
    answers: [
      {
        id: 'a',
        rows: [{ x: '1' }, { x: 2 }],
        status: 0,
        stats: { wall_time_ms: 3, user_time: 2 },
      },
      { id: 'b', rows: [], status: 1, message: 'no such table' },
      { id: 'constructor', rows: [], status: 0 },
      { id: 'failed', rows: [], status: 5 },
    ],
  })
})

test('a write that answers nothing is no fault', () => {
  for (const body of [{}, { queries: {} }, { queries: null, statuses: null }]) {
    expect(readWrite(body)).toEqual({ answers: [], faults: [] })
  }
})

// prettier-ignore
const badWrites: readonly (readonly [string, JsonObject, string])[] = [
  ['with queries as an array',  { queries: [] },                                     '/queries'],
  ['with rows as an object',    { queries: { a: {} } },                              '/queries/a'],
  ['with a row as text',        { queries: { a: ['x'] } },                           '/queries/a'],
  ['with rows as text',         { queries: { 'a/b~': 'x' } },                        '/queries/a~1b~0'],
  ['with a status as a word',   { queries: { a: [] }, statuses: { a: 'ok' } },       '/statuses/a'],
  ['with half a status',        { statuses: { a: 0.5 } },                            '/statuses/a'],
  ['with stats as text',        { stats: 'x' },                                      '/stats'],
  ['with too many answers',     { queries: Object.fromEntries(Array.from({ length: answersMax + 1 }, (_, n) => [`q${n}`, []])) }, '/queries'],
]
for (const [name, body, pointer] of badWrites) {
  test(`a write ${name} says so of ${pointer}, and the good answer beside it counts`, () => {
    const good = { 'detail.good': [{}] }
    const queries = isObject(body['queries']) ? { ...good, ...body['queries'] } : body['queries']
    const { answers, faults } = readWrite({
      statuses: { 'detail.good': 0 },
      ...body,
      queries: queries ?? good,
    })
    expect(faults).toMatchObject([{ kind: 'bad-member', pointer }])
    expect(answers.some(({ id }) => id === 'detail.good')).toBe(true)
  })
}

test('no object makes a reader throw, and every fault has a sentence', () => {
  const names = [
    'enroll_secret', 'host_identifier', 'platform_type', 'host_details', 'system_info', 'os_version',
    'node_key', 'log_type', 'data', 'queries', 'statuses', 'messages', 'stats', '__proto__', 'a',
  ] // prettier-ignore
  const value = fc.letrec<{ value: unknown; object: object }>((tie) => ({
    value: fc.oneof({ maxDepth: 4 }, fc.jsonValue({ maxDepth: 1 }), tie('object')),
    object: fc
      .array(fc.tuple(fc.constantFrom(...names), tie('value')), { maxLength: 6 })
      .map((entries) => Object.fromEntries(entries)),
  })).object
  fc.assert(
    fc.property(value, (body) => {
      const object = body as JsonObject
      for (const outcome of [
        readEnroll(object),
        readNodeKey(object, 'NodeKey a'),
        readLog(object),
      ]) {
        if (!outcome.ok) expect(faultText(outcome.error)).toMatch(/\w/)
      }
    }),
    { numRuns: 5_000 },
  )
})
