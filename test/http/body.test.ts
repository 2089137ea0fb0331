import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { afterAll, expect, test } from 'vitest'
import type { BodyFault, BodyLimits } from '../../src/http/body.ts'
import { readBody } from '../../src/http/body.ts'

const limits: BodyLimits = { bytesMax: 100_000, inflatedBytesMax: 3_000_000 }
const faults: BodyFault[] = []
const app = new Hono().post('/', async (c) => {
  const body = await readBody(c, limits)
  if (body.ok) return c.json({ bytes: body.value.length, first: body.value[0] ?? null })
  faults.push(body.error)
  return c.json({ kind: body.error.kind }, body.error.kind === 'too-large' ? 413 : 400)
})
const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
if (!server.listening) await once(server, 'listening')
const { port } = server.address() as AddressInfo
afterAll(() => server.close())

/** The two ways a request arrives: from the socket, and from a test that calls the app. */
const ways = {
  'over the socket': (init: RequestInit) => fetch(`http://127.0.0.1:${port}/`, init),
  'called directly': async (init: RequestInit) => app.request('/', init),
}

const zeros = (bytes: number) => new Uint8Array(bytes)
const letters = (bytes: number) => new Uint8Array(bytes).fill(97)
const noise = (bytes: number) => Uint8Array.from(randomBytes(bytes))
const member = gzipSync(letters(5_000))

// prettier-ignore
const cases: readonly (readonly [string, string | undefined, Uint8Array<ArrayBuffer>, number, object])[] = [
  ['an empty body',                      undefined,  zeros(0),                  200, { bytes: 0, first: null }],
  ['a small body',                       undefined,  letters(3),                200, { bytes: 3, first: 97 }],
  ['a body at the limit',                undefined,  noise(100_000),            200, { bytes: 100_000 }],
  ['a body one byte over the limit',     undefined,  letters(100_001),          413, { kind: 'too-large' }],
  ['identity coding',                    'identity', letters(3),                200, { bytes: 3 }],
  ['a gzip body',                        'gzip',     gzipSync(letters(5_000)),  200, { bytes: 5_000, first: 97 }],
  ['a gzip body named in capitals',      'X-GZIP',   gzipSync(letters(5_000)),  200, { bytes: 5_000 }],
  ['an honest body that shrinks 900 times', 'gzip',  gzipSync(letters(900_000)), 200, { bytes: 900_000 }],
  ['noise at the limit as gzip',         'gzip',     gzipSync(noise(99_000)),   200, { bytes: 99_000 }],
  ['gzip that inflates over the limit',  'gzip',     gzipSync(Buffer.concat(Array.from({ length: 40 }, () => noise(2_000).fill(1, 0, 1_500)).concat(zeros(4_000_000)))), 413, { kind: 'too-large' }],
  ['a bomb of a thousand to one',        'gzip',     gzipSync(zeros(50_000_000)), 413, { kind: 'too-large' }],
  ['honest lines that shrink a thousandfold', 'gzip', gzipSync(zeros(2_000_000)), 200, { bytes: 2_000_000 }],
  ['gzip over the limit on the wire',    'gzip',     gzipSync(noise(120_000)),  413, { kind: 'too-large' }],
  ['gzip twice',                         'gzip, gzip', gzipSync(member),        400, { kind: 'bad-encoding' }],
  ['brotli',                             'br',       letters(3),                400, { kind: 'bad-encoding' }],
  ['gzip that is none',                  'gzip',     letters(300),              400, { kind: 'bad-encoding' }],
  ['gzip of no bytes',                   'gzip',     zeros(0),                  400, { kind: 'bad-encoding' }],
  ['gzip cut short',                     'gzip',     Uint8Array.from(member.subarray(0, -9)), 400, { kind: 'bad-encoding' }],
  ['gzip without its length',            'gzip',     Uint8Array.from(member.subarray(0, -4)), 400, { kind: 'bad-encoding' }],
  ['gzip with a second member',          'gzip',     Uint8Array.from(Buffer.concat([member, member])), 400, { kind: 'bad-encoding' }],
  ['gzip with bytes behind it',          'gzip',     Uint8Array.from(Buffer.concat([member, letters(9)])), 400, { kind: 'bad-encoding' }],
  ['gzip with a wrong checksum',         'gzip',     Uint8Array.from(member, (byte, at) => (at === member.length - 6 ? byte ^ 1 : byte)), 400, { kind: 'bad-encoding' }],
]
for (const [way, send] of Object.entries(ways)) {
  for (const [name, coding, body, status, answer] of cases) {
    test(`${name} ${way} is answered ${status}`, async () => {
      const response = await send({
        method: 'POST',
        body,
        headers: coding === undefined ? {} : { 'content-encoding': coding },
      })
      expect(await response.json()).toMatchObject(answer)
      expect(response.status).toBe(status)
    })
  }

  test(`a stream without a length ${way} is read up to the limit and no further`, async () => {
    let pulled = 0
    const endless = () =>
      new ReadableStream<Uint8Array>({
        pull(controller) {
          pulled += 1
          if (pulled > 10_000) controller.close()
          else controller.enqueue(letters(10_000))
        },
      })
    const response = await send({ method: 'POST', body: endless(), duplex: 'half' })
    expect(response.status).toBe(413)
    expect(pulled).toBeLessThan(10_000)
  })
}

test('chunks that arrive one by one make one body', async () => {
  const socket = await open('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
  for (const part of ['3\r\nabc\r\n', '2\r\nde\r\n', '0\r\n\r\n']) {
    socket.write(part)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  expect(await firstReply(socket)).toContain('{"bytes":5,"first":97}')
  socket.destroy()
})

test('a length over the limit is refused before any of the body is sent', async () => {
  const socket = await open('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n\r\n')
  expect(await firstReply(socket)).toContain('413')
  socket.destroy()
})

test('a sender that leaves in the middle is an aborted body', async () => {
  faults.length = 0
  const socket = await open('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\nabc')
  await new Promise((resolve) => setTimeout(resolve, 20))
  socket.destroy()
  await expect.poll(() => faults).toEqual([{ kind: 'aborted' }])
})

test('a connection goes on after a body', async () => {
  const socket = await open('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na')
  expect(await firstReply(socket)).toContain('{"bytes":1,"first":97}')
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nbc')
  expect(await firstReply(socket)).toContain('{"bytes":2,"first":98}')
  socket.destroy()
})

async function open(head: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(head)
  return socket
}

async function firstReply(socket: Socket): Promise<string> {
  const [bytes] = await once(socket, 'data')
  return String(bytes)
}
