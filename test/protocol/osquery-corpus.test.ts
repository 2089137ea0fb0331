// Every hostile body of the corpus through the readers, in the order a route asks them.
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { readBody } from '../../src/http/body.ts'
import { readNodeKey } from '../../src/protocol/osquery/authenticated.ts'
import { readLogBody, readWriteBody } from '../../src/protocol/osquery/batch.ts'
import { defaultConfigBytes } from '../../src/protocol/osquery/config.ts'
import { readDetails } from '../../src/protocol/osquery/detail.ts'
import { renderLines } from '../../src/protocol/osquery/render-lines.ts'
import { readEnroll } from '../../src/protocol/osquery/enroll.ts'
import type { OsqueryFault } from '../../src/protocol/osquery/fault.ts'
import { faultText } from '../../src/protocol/osquery/fault.ts'
import type { JsonObject } from '../../src/protocol/osquery/json.ts'
import { readJson } from '../../src/protocol/osquery/json.ts'
import type { OsqueryRoute } from '../../src/protocol/osquery/limits.ts'
import { bodyLimits } from '../../src/protocol/osquery/limits.ts'
import { emptyRead } from '../../src/protocol/osquery/read.ts'
import type { OsqueryReply } from '../../src/protocol/osquery/reply.ts'
import { renderReply } from '../../src/protocol/osquery/reply.ts'
import { unreachable } from '../../src/result.ts'
import { osqueryCases } from '../fixtures/osquery/corpus.ts'

const names = { node_key: 'k'.repeat(43), enroll_secret: 's'.repeat(43) }
const routes: readonly OsqueryRoute[] = [
  'enroll',
  'config',
  'log',
  'distributed/read',
  'distributed/write',
]

const refusal = (fault: OsqueryFault): OsqueryReply => ({
  kind: 'failed',
  status: fault.kind.startsWith('too-') && fault.kind !== 'too-deep' ? 413 : 400,
  error: faultText(fault),
})

function enroll(body: JsonObject): OsqueryReply {
  const asked = readEnroll(body)
  if (!asked.ok) return refusal(asked.error)
  return asked.value.enrollSecret === names.enroll_secret
    ? { kind: 'enrolled', nodeKey: names.node_key }
    : { kind: 'failed', status: 401, error: 'wrong enroll secret' }
}

function authenticated(route: 'config' | 'distributed/read'): OsqueryReply {
  switch (route) {
    case 'config':
      return { kind: 'document', body: defaultConfigBytes }
    case 'distributed/read':
      return { kind: 'document', body: emptyRead }
    default:
      return unreachable(route)
  }
}

/** Whatever cannot be read: it is kept, and acknowledged. */
function report(
  route: 'log' | 'distributed/write',
  bytes: Uint8Array,
  header?: string,
): OsqueryReply {
  const read =
    route === 'log'
      ? readLogBody(bytes, bodyLimits.log)
      : readWriteBody(bytes, bodyLimits['distributed/write'])
  const key = readNodeKey(read.envelope, header)
  if (!key.ok) return refusal(read.fault ?? key.error)
  if (key.value !== names.node_key) return unknownKey
  if ('lines' in read) renderLines(read.lines, { host: 'h' })
  else readDetails(read.answers, 1_800_000_000_000)
  return { kind: 'done' }
}

const unknownKey: OsqueryReply = { kind: 'node-invalid', error: 'unknown node key' }

const app = new Hono()
for (const route of routes) {
  app.post(`/${route}`, async (c) => {
    const reply = async (): Promise<OsqueryReply> => {
      const bytes = await readBody(c, bodyLimits[route])
      if (!bytes.ok) {
        const status = bytes.error.kind === 'too-large' ? 413 : 400
        return { kind: 'failed', status, error: bytes.error.kind }
      }
      if (route === 'log' || route === 'distributed/write')
        return report(route, bytes.value, c.req.header('authorization'))
      const body = readJson(bytes.value, bodyLimits[route])
      if (!body.ok) return refusal(body.error)
      if (route === 'enroll') return enroll(body.value)
      const key = readNodeKey(body.value, c.req.header('authorization'))
      if (!key.ok) return refusal(key.error)
      if (key.value === names.node_key) return authenticated(route)
      return unknownKey
    }
    const { status, body } = renderReply(await reply())
    return c.body(Uint8Array.from(body), status, { 'content-type': 'application/json' })
  })
}

const text = expect.stringMatching(/\w/)
const shapes = {
  error: { error: text },
  node_invalid: { error: text, node_invalid: true },
  node_key: { node_key: text },
  queries: { queries: expect.any(Object) },
  config: { schedule: expect.any(Object) },
  ok: {},
} as const

for (const { name, route, headers, status, reply, body } of osqueryCases) {
  test(`${name} is answered ${status} ${reply}`, async () => {
    expect(routes).toContain(route)
    const sent = body(names)
    const response = await app.request(`/${route}`, {
      method: 'POST',
      headers: headers(names),
      body: sent,
    })
    const answer: Record<string, unknown> = JSON.parse(await response.text())
    expect(response.status).toBe(status)
    expect(answer).toMatchObject(shapes[reply])
    if (reply !== 'error' && reply !== 'node_invalid') expect(answer['error']).toBeUndefined()
    if (reply !== 'node_invalid') expect(answer['node_invalid']).toBeUndefined()
  })
}

test('the corpus keeps at least 150 cases, each under its own name', () => {
  expect(osqueryCases.length).toBeGreaterThanOrEqual(150)
  expect(new Set(osqueryCases.map(({ name }) => name)).size).toBe(osqueryCases.length)
})
