// Bytes that are hardly HTTP, over bare sockets to a running server.
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Dialect, rawRequests } from '../corpus/http/requests.ts'
import { dropFolder, type Muster, newFolder, startMuster } from './muster.ts'
import { openLine, statusesIn } from './socket.ts'
import { bytesOf } from './vectors.ts'
import { checkinType, exchange } from './wire.ts'

const folder = newFolder()
let muster: Muster
beforeAll(async () => {
  muster = await startMuster(folder)
  for (const name of ['authenticate-macos', 'tokenupdate-macos']) {
    const headers = { 'content-type': checkinType }
    const body = bytesOf(`checkin-${name}.plist`)
    expect(await exchange(muster.url, { path: '/mdm', headers, body })).toMatchObject({
      status: 200,
    })
  }
})
afterAll(async () => {
  await muster.end('SIGKILL')
  dropFolder(folder)
})

type Last = { readonly head: string; readonly body: string }

const empty = ({ head, body }: Last): void => {
  expect(head).toMatch(/\r\ncontent-length: 0\r\n/i)
  expect(body).toBe('')
}

/** What an answer must be, by who reads it. */
const dialects: Readonly<Record<Dialect, (last: Last) => void>> = {
  mdm: empty,
  osquery({ head, body }) {
    expect(head).toMatch(/content-type: application\/json/i)
    expect(JSON.parse(body)).toMatchObject({ error: expect.stringMatching(/./) })
    expect(JSON.parse(body)).not.toHaveProperty('node_invalid')
  },
  api({ head, body }) {
    expect(head).toMatch(/content-type: application\/problem\+json/i)
    expect(JSON.parse(body)).toHaveProperty('request_id')
  },
  page: ({ body }) => expect(body).not.toContain('muster",'),
  health: ({ body }) => expect(JSON.parse(body)).toEqual({ alive: true }),
  // Nothing at all, or nothing in chunks.
  parser: ({ body }) => expect(body).toMatch(/^(?:0\r?\n?)?$/),
}

test('there are at least sixty, each under its own name', () => {
  expect(rawRequests.length).toBeGreaterThanOrEqual(60)
  expect(new Set(rawRequests.map(({ name }) => name)).size).toBe(rawRequests.length)
})

for (const { name, text, statuses, dialect } of rawRequests)
  test(`${name} is answered ${statuses.join(', ') || 'with nothing'}`, async () => {
    const line = await openLine(muster.url)
    line.socket.write(Buffer.from(text, 'latin1'))
    const heard = await line.heard()
    const got = statusesIn(heard)
    expect(got.filter((status) => status.startsWith('5'))).toEqual([])
    const sure = statuses.filter((status) => !status.endsWith('?'))
    const all = statuses.map((status) => status.replace('?', ''))
    expect([sure, all]).toContainEqual(got)
    const last = heard.slice(heard.lastIndexOf('HTTP/1.1 '))
    const [head = '', body = ''] = last.split('\r\n\r\n')
    if (got.length > 0) dialects[dialect]({ head: `${head}\r\n`, body })
  })

test('none of them left more than one line in the log', async () => {
  await exchange(muster.url, { method: 'GET', path: '/readyz' })
  expect(muster.logLines().length).toBeLessThanOrEqual(rawRequests.length)
})

test('clients that hang up at once leave a server that serves', async () => {
  for (const { text } of rawRequests) {
    const line = await openLine(muster.url)
    line.socket.write(Buffer.from(text.slice(0, text.length / 2), 'latin1'))
    line.socket.resetAndDestroy()
  }
  const ready = await exchange(muster.url, { method: 'GET', path: '/readyz' })
  expect(ready.status).toBe(200)
  await vi.waitFor(() => {
    for (const line of muster.logLines()) expect(JSON.parse(line).level).toBeLessThan(50)
  })
})
