// What agents say, spoiled: the strict reader takes what JSON.parse takes, or less, and never something else.
import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { readNodeKey } from '../../src/protocol/osquery/authenticated.ts'
import { readLogBody } from '../../src/protocol/osquery/batch.ts'
import { readDetails, readKnownDetails } from '../../src/protocol/osquery/detail.ts'
import { readWrite } from '../../src/protocol/osquery/distributed.ts'
import { readEnroll } from '../../src/protocol/osquery/enroll.ts'
import { faultText, type OsqueryFault } from '../../src/protocol/osquery/fault.ts'
import { type JsonObject, readJson } from '../../src/protocol/osquery/json.ts'
import { bodyLimits } from '../../src/protocol/osquery/limits.ts'
import { fail, ok, type Result } from '../../src/result.ts'
import { holds, mutated } from './mutation.ts'

// prettier-ignore
const tokens = [
  '{', '}', '[', ']', ',', ':', '"', '""', '"a":', 'null', 'true', '0', '-0', '-', '1e5', '1e999', '12345678901234567890', '0.5', '\\', '\\u0000',
  '\\ud83d', '\\"', '/', '\n', ' ', '\u00a0', '\ufeff', 'NaN', '"node_key":', '"data":', '"queries":', '"statuses":', '"log_type":', '"__proto__":',
  '"detail.system_info":', '"host_details":', '"system_info":', '{"a":{"a":{"a":[[[[', Uint8Array.of(0xff), Uint8Array.of(0xed, 0xa0, 0x80),
]
const limits = bodyLimits.log

const bodies = (...texts: readonly string[]): readonly Uint8Array[] =>
  texts.map((text) => Buffer.from(text))
const enrolls = bodies(
  '{"enroll_secret":"s","host_identifier":"h","platform_type":"21","host_details":{"os_version":{"name":"macOS","platform":"darwin"},"system_info":{"uuid":"6E0D9C2F-8B53-4F5C-A068-1C2D3E4F5061","hardware_serial":"C02"},"osquery_info":{"instance_id":"i"},"platform_info":{"vendor":"Apple"}}}',
  '{"enroll_secret":"s"}',
)
const keyed = bodies('{"node_key":"k"}', '{"node_key":"k","queries":{},"a":[1,2,{"b":null}]}')
const logs = bodies(
  '{"node_key":"k","log_type":"result","data":[{"name":"q","unixTime":1767225600,"columns":{"a":"1"}},{"x":1e999}]}',
  '{"node_key":"k","log_type":"status","data":[{"severity":0,"message":"m\\n"}]}',
)
const writes = bodies(
  '{"node_key":"k","queries":{"detail.system_info":[{"hostname":"m","uuid":"u"}],"detail.uptime":[{"total_seconds":"60"}],"q":[]},"statuses":{"detail.system_info":0,"q":1},"messages":{"q":"no"},"stats":{"q":{"wall_time_ms":1}}}',
  '{"node_key":"k","queries":{"detail.os_version":[{"name":"macOS","platform":"darwin","version":"26"}]},"statuses":{"detail.os_version":"0"}}',
)

const seen = new Map<string, number>()
function noted<Value>(what: string, result: Result<Value, OsqueryFault>): Value | undefined {
  const kind = result.ok ? what : `${what} ${result.error.kind}`
  seen.set(kind, (seen.get(kind) ?? 0) + 1)
  if (!result.ok && faultText(result.error) === '') throw new Error('a fault without a word')
  return result.ok ? result.value : undefined
}
const object = (what: string, bytes: Uint8Array): JsonObject | undefined =>
  noted(what, readJson(bytes, limits))

const utf8 = new TextDecoder()

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes))
  } catch {
    return undefined
  }
}

/** Numbers that no double holds come as text with us: compared as what JSON.parse makes of them. */
function rounded(value: unknown): unknown {
  if (typeof value === 'string') return /^-?\d[\d.eE+-]*$/.test(value) ? Number(value) : value
  if (Array.isArray(value)) return value.map(rounded)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value).map(([name, item]) => [name, rounded(item)])
}

holds(
  'spoiled JSON is refused, or what JSON.parse makes of it',
  mutated([...enrolls, ...keyed, ...logs, ...writes], tokens),
  (bytes) => {
    const mine = object('json', bytes)
    if (mine === undefined) return
    const theirs = parsed(bytes)
    if (isDeepStrictEqual(mine, theirs)) return
    expect(rounded(mine)).toEqual(rounded(theirs))
  },
)

holds('JSON that is refused as no JSON is none', mutated(logs, tokens), (bytes) => {
  const read = readJson(bytes, limits)
  if (read.ok || read.error.kind !== 'not-json') return
  if (parsed(bytes) !== undefined)
    throw new Error(`JSON after all: ${Buffer.from(bytes).toString()}`)
})

holds('a spoiled enrolment is understood or refused', mutated(enrolls, tokens), (bytes) => {
  const body = object('json', bytes)
  if (body === undefined) return
  const read = noted('enroll', readEnroll(body))
  if (read !== undefined && typeof read.enrollSecret !== 'string') throw new Error('no secret')
})

holds('a spoiled read names a key or none', mutated(keyed, tokens), (bytes) => {
  const body = object('json', bytes)
  if (body === undefined) return
  const key = noted('key', readNodeKey(body, bytes.length % 2 === 0 ? 'NodeKey k' : undefined))
  if (key !== undefined && (key === '' || key.length > 512)) throw new Error('not a key')
})

holds('a spoiled batch becomes lines, sound ones or bytes', mutated(logs, tokens), (bytes) => {
  const { fault, lines } = readLogBody(bytes, limits)
  noted('log', fault === undefined ? ok(true) : fail(fault))
  for (const line of lines)
    if (`${JSON.stringify(line)}\n`.indexOf('\n') !== JSON.stringify(line).length)
      throw new Error('a line of two')
})

holds(
  'spoiled answers are understood or refused, and what is kept of them says the same',
  mutated(writes, tokens),
  (bytes) => {
    const body = object('json', bytes)
    if (body === undefined) return
    const { answers, faults } = readWrite(body)
    const [fault] = faults
    noted('write', fault === undefined ? ok(answers) : fail(fault))
    const at = 1_800_000_000_000
    const facts = readDetails(answers, at)
    if (!isDeepStrictEqual(readDetails(readKnownDetails(answers), at), facts))
      throw new Error('the known details say otherwise')
  },
)

test('the fuzzer gets behind the first door', () => {
  for (const kind of ['json', 'enroll', 'key', 'log', 'write'])
    expect(seen.get(kind) ?? 0, kind).toBeGreaterThan(500)
  expect(seen.size).toBeGreaterThan(12)
})
