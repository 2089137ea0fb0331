import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gzipSync } from 'node:zlib'
import { osqueryCases, type OsqueryCaseReply } from '../fixtures/osquery/corpus.ts'
import { readCheckin } from '../../src/protocol/mdm/checkin.ts'
import { enrollmentIn } from '../../src/protocol/mdm/report-body.ts'
import { readReport } from '../../src/protocol/mdm/report.ts'
import { type CorpusCase, loadCorpus } from '../protocol/plist-corpus.ts'
import { type Database, openDatabase } from './database.ts'
import { dropFolder, type Muster, newFolder, startMuster } from './muster.ts'
import { openLine, spoken, statusesIn } from './socket.ts'
import { bytesOf } from './vectors.ts'
import { checkinType, exchange, type Got, harms, jsonOf, reportType } from './wire.ts'

const folder = newFolder()
let muster: Muster
let database: Database
let nodeKey = ''

beforeAll(async () => {
  muster = await startMuster(folder)
  database = openDatabase(folder)
  await enrollDevices()
  const enrolled = await osquery('enroll', {
    enroll_secret: muster.enrollSecret,
    host_identifier: 'hostile',
    host_details: { system_info: { uuid: '6E0D9C2F-8B53-4F5C-A068-1C2D3E4F5061' } },
  })
  nodeKey = String(jsonOf(enrolled)['node_key'])
})
afterAll(async () => {
  database.close()
  await muster.end('SIGKILL')
  dropFolder(folder)
})

const devices = ['authenticate-macos', 'tokenupdate-macos', 'authenticate-ios', 'tokenupdate-ios']

const enrolled = new Set(
  devices.flatMap((name) => {
    const read = readCheckin(bytesOf(`checkin-${name}.plist`))
    return read.ok ? [read.value.enrollment.deviceKey] : []
  }),
)

async function enrollDevices(): Promise<void> {
  for (const name of [...devices, 'tokenupdate-macos-user'])
    expect(await mdm('checkin', bytesOf(`checkin-${name}.plist`))).toMatchObject({ status: 200 })
}

const mdm = (as: 'checkin' | 'report', body: Uint8Array, encoding?: string): Promise<Got> =>
  exchange(muster.url, {
    path: '/mdm',
    headers: {
      'content-type': as === 'checkin' ? checkinType : reportType,
      ...(encoding !== undefined && { 'content-encoding': encoding }),
    },
    body,
  })

const osquery = (route: string, body: unknown): Promise<Got> =>
  exchange(muster.url, {
    method: 'POST',
    path: `/api/osquery/${route}`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

/** What a strict reader refuses is taken where a second reading finds enough. */
function statusOf({ as, bytes, http, expect: wanted }: CorpusCase): number {
  if (as === 'command' || ('ok' in wanted && http !== 413)) return http
  if (as === 'checkin') return 'fault' in wanted && readCheckin(bytes).ok ? 200 : http
  const read = readReport(bytes)
  if (read.ok) return enrolled.has(read.value.enrollment.deviceKey) ? 200 : 400
  return bytes.length > 64 * 1024 * 1024 ? 413 : 400
}

/** Rows, without those that note that a known device sent something unreadable. */
function noted({ as, bytes }: CorpusCase): Readonly<Record<string, number>> {
  const rows = database.rows()
  const isNoted = as === 'report' && enrollmentIn(bytes) !== undefined
  const outside = isNoted ? ['journal', 'sealed', 'transition_counts', 'host turns'] : []
  return Object.fromEntries(Object.entries(rows).filter(([table]) => !outside.includes(table)))
}

describe('hostile property lists', () => {
  for (const one of loadCorpus()) {
    const { name, as } = one
    test(`${name} is answered ${one.http}, or 200 where its sender and Status can be found`, async () => {
      const rows = noted(one)
      const http = statusOf(one)
      const got = await mdm(as === 'checkin' ? 'checkin' : 'report', one.bytes)
      expect(got.status).toBe(http)
      expect(harms(got)).toEqual([])
      if (http === 200) {
        if (as === 'checkin') await enrollDevices()
        return
      }
      expect(got.body.length).toBe(0)
      expect(noted(one)).toEqual(rows)
    })
  }
})

const replies: Readonly<
  Record<OsqueryCaseReply, (body: Readonly<Record<string, unknown>>) => void>
> = {
  error: (body) => {
    expect(body['error']).toEqual(expect.stringMatching(/./))
    expect(body).not.toHaveProperty('node_invalid')
  },
  node_invalid: (body) =>
    expect(body).toMatchObject({ node_invalid: true, error: expect.stringMatching(/./) }),
  node_key: (body) => expect(body['node_key']).toEqual(expect.stringMatching(/.{20}/)),
  queries: (body) => expect(body['queries']).toBeTypeOf('object'),
  config: (body) => expect(body['schedule']).toBeTypeOf('object'),
  ok: (body) => expect(body).not.toHaveProperty('error'),
}

describe('hostile osquery bodies', () => {
  for (const { name, route, status, reply, body, headers } of osqueryCases)
    test(`${name} is answered ${status}, ${reply}`, async () => {
      const names = { node_key: nodeKey, enroll_secret: muster.enrollSecret }
      const rows = database.rows()
      const got = await exchange(muster.url, {
        method: 'POST',
        path: `/api/osquery/${route}`,
        headers: headers(names),
        body: body(names),
      })
      expect(got.status).toBe(status)
      expect(got.headers['content-type']).toMatch(/^application\/json/)
      expect(got.headers['content-length']).toBe(String(got.body.length))
      const answer = jsonOf(got)
      replies[reply](answer)
      if (reply !== 'error' && reply !== 'node_invalid') {
        expect(answer).not.toHaveProperty('error')
        return
      }
      expect(database.rows()).toEqual(rows)
    })

  const wrongDoors = [
    ['GET', '/api/osquery/enroll', 405],
    ['PUT', '/api/osquery/log', 405],
    ['DELETE', '/api/v1/osquery/config', 405],
    ['POST', '/api/osquery/teleport', 404],
    ['GET', '/api/osquery/', 404],
    ['POST', '/api/osquery/distributed', 404],
    ['POST', '/api/v1/osquery/nothing/here', 404],
  ] as const
  for (const [method, path, status] of wrongDoors)
    test(`${method} ${path} is answered ${status} in JSON with an error`, async () => {
      const got = await exchange(muster.url, { method, path })
      expect(got.status).toBe(status)
      expect(jsonOf(got)['error']).toBeTypeOf('string')
    })
})

describe('bodies without end', () => {
  const mebi = 1024 * 1024
  const zeros = gzipSync(Buffer.alloc(64 * mebi))

  test('a gzip bomb is refused by MDM without being inflated whole', async () => {
    const rows = database.rows()
    for (const as of ['checkin', 'report'] as const) {
      const got = await mdm(as, zeros, 'gzip')
      expect(got.status).toBe(413)
      expect(harms(got)).toEqual([])
    }
    expect(database.rows()).toEqual(rows)
  })

  test('a gzip bomb is refused by osquery with an error in JSON', async () => {
    const got = await exchange(muster.url, {
      method: 'POST',
      path: '/api/osquery/log',
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      body: zeros,
    })
    expect(got.status).toBe(413)
    expect(jsonOf(got)['error']).toBeTypeOf('string')
  })

  test('an encoding nobody reads is refused', async () => {
    expect(await mdm('report', Buffer.from('x'), 'br')).toMatchObject({ status: 400 })
  })
})

describe('connections no client would make', () => {
  const idle = bytesOf('report-idle.plist')
  const whole = spoken('/mdm', reportType, idle)

  test('a body cut short by a hung-up sender is nobody, and writes nothing', async () => {
    const rows = database.rows()
    const line = await openLine(muster.url)
    line.socket.write(whole.slice(0, -20))
    await new Promise((resolve) => setTimeout(resolve, 50))
    line.socket.destroy()
    await line.heard()
    expect(database.rows()).toEqual(rows)
  })

  test('a half-closed connection still hears its answer', async () => {
    const line = await openLine(muster.url)
    line.socket.end(whole)
    expect(statusesIn(await line.heard())).toEqual(['200'])
  })

  test('a half-closed connection with a body too short hears nothing good', async () => {
    const rows = database.rows()
    const line = await openLine(muster.url)
    line.socket.end(whole.slice(0, -20))
    for (const status of statusesIn(await line.heard())) expect(status).toBe('400')
    expect(database.rows()).toEqual(rows)
  })

  test('a body longer than its Content-Length is no second request', async () => {
    const line = await openLine(muster.url)
    line.socket.write(`${whole}<array>smuggled</array>`)
    // Node hangs up on the smuggled bytes, perhaps before the first request is answered.
    const statuses = statusesIn(await line.heard())
    expect(statuses.at(-1)).toBe('400')
    expect(statuses.slice(0, -1).filter((status) => status !== '200')).toEqual([])
  })

  test('pipelined requests are answered in their order', async () => {
    const line = await openLine(muster.url)
    const bad = spoken('/mdm', checkinType, bytesOf('bad-unknown-messagetype.plist'))
    line.socket.write(whole + bad + whole)
    const text = await line.heardAnswers(3)
    line.socket.destroy()
    expect(statusesIn(text)).toEqual(['200', '400', '200'])
    expect(text.match(/content-length: 0/gi)).toHaveLength(3)
  })

  const lies: Readonly<Record<string, string>> = {
    'two Content-Lengths': whole.replace(/Content-Length: \d+/, '$&\r\nContent-Length: 5'),
    'a Content-Length beside chunks': whole.replace(
      /Content-Length/,
      'Transfer-Encoding: chunked\r\n$&',
    ),
    'a negative Content-Length': whole.replace(/Content-Length: /, '$&-'),
    'a header without a colon': whole.replace('Host: muster', 'Host: muster\r\nno colon'),
    'no request line': '\u0000\u0001\u0002 nonsense\r\n\r\n',
  }
  for (const [name, text] of Object.entries(lies))
    test(`${name} ends the connection with 400`, async () => {
      const line = await openLine(muster.url)
      line.socket.write(text)
      expect(statusesIn(await line.heard())).toEqual(['400'])
    })

  test('headers of 8 kB are taken, and those that would hold 33 kB are not', async () => {
    const signed = (kB: number): string =>
      whole.replace('Host', `Mdm-Signature: ${'A'.repeat(kB * 1_024)}\r\nHost`)
    const fits = await openLine(muster.url)
    fits.socket.write(signed(8))
    expect(statusesIn(await fits.heardAnswers(1))).toEqual(['200'])
    fits.socket.destroy()
    const large = await openLine(muster.url)
    large.socket.write(signed(33))
    expect(statusesIn(await large.heard())).toEqual(['431'])
  })

  test('a body announced as too large is refused before it is sent', async () => {
    const line = await openLine(muster.url)
    line.socket.write(whole.replace(/Content-Length: \d+/, 'Content-Length: 999999999'))
    expect(statusesIn(await line.heardAnswers(1))).toEqual(['413'])
    line.socket.destroy()
  })
})

describe('after all of that', () => {
  test('the server is as ready as before', async () => {
    const ready = await exchange(muster.url, { method: 'GET', path: '/readyz' })
    expect(ready.status).toBe(200)
    expect(muster.process.exitCode).toBeNull()
  })

  test('each line of the log is one whole JSON object, none is an error, and refusals are sampled', () => {
    const levels = muster.logLines().map((line) => JSON.parse(line).level)
    expect(levels.length).toBeGreaterThan(10)
    expect(levels.length).toBeLessThan(200)
    expect(levels.filter((level) => level >= 50)).toEqual([])
  })

  test('the enrolled Mac is still answered', async () => {
    const got = await mdm('report', bytesOf('report-idle.plist'))
    expect(got).toMatchObject({ status: 200 })
  })
})
