// Addresses of NanoMDM's scripts, which name thousands of enrollments, on real sockets.
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import {
  Agent,
  createServer,
  type IncomingMessage,
  request,
  type Server as HttpServer,
} from 'node:http'
import { createServer as createTlsServer, request as secureRequest } from 'node:https'
import { type AddressInfo, BlockList, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { readConfig } from '../../src/config/config.ts'
import { createLongAddresses, type LongAddresses } from '../../src/http/admission/long-addresses.ts'
import { buildPlist } from '../../src/protocol/plist/build.ts'
import { type Dict, dictOf } from '../../src/protocol/plist/value.ts'
import { serve } from '../../src/serve.ts'
import { makeIdentity } from '../effects/identity.ts'

const limits = { bytesMax: 32_768, timeoutMs: 300 }
const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

type Opened = { readonly port: number; readonly long: LongAddresses; readonly heard: string[] }
type Opening = { readonly proxies?: BlockList; readonly tls?: ReturnType<typeof makeIdentity> }

/** Answers each request with the number of bytes in its address and its body. */
async function opened({ proxies, tls }: Opening = {}): Promise<Opened> {
  const long = createLongAddresses(limits, proxies)
  const heard: string[] = []
  const listener = long.before((incoming, response) => {
    heard.push(incoming.url ?? '')
    let bytes = 0
    incoming.on('data', (piece: Buffer) => (bytes += piece.length))
    incoming.on('end', () => response.end(`${incoming.url?.length} ${bytes}`))
  })
  const server: HttpServer =
    tls === undefined
      ? createServer(listener)
      : createTlsServer({ cert: tls.certificate, key: tls.key }, listener)
  long.attach(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => {
    server.closeAllConnections()
    long.closeSilent()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, long, heard }
}

const own = new BlockList()
own.addAddress('127.0.0.1')

/** 4,000 ids of 36 characters: 148 kB. */
const ids = Array.from(
  { length: 4_000 },
  (_, nth) => `00000000-0000-4000-8000-${String(nth).padStart(12, '0')}`,
).join(',')
const longPath = `/v1/enqueue/${ids}`

/** `ended` also where the server hangs up on what it did not read. */
type Line = {
  readonly socket: Socket
  readonly text: () => string
  readonly ended: Promise<void>
}

async function line(port: number): Promise<Line> {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', (piece: Buffer) => (text += piece.toString('latin1')))
  socket.on('error', () => {})
  await once(socket, 'connect')
  closing.push(() => socket.destroy())
  const ended = new Promise<void>((resolve) => void socket.once('close', () => resolve()))
  return { socket, text: () => text, ended }
}

const head = (path: string, more = ''): string =>
  `PUT ${path} HTTP/1.1\r\nHost: muster\r\n${more}\r\n`
const statuses = (text: string): readonly string[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => String(status))

test.each(['/v1/enqueue/', '/v1/push/'])(
  '%s with 4,000 ids is taken, and its connection ends with it',
  async (path) => {
    const { port } = await opened()
    const { socket, text } = await line(port)
    socket.write(head(`${path}${ids}`, 'Content-Length: 5\r\n') + 'hello')
    await once(socket, 'close')
    expect(statuses(text())).toEqual(['200'])
    expect(text()).toMatch(/connection: close/i)
    expect(text()).toContain(`${path.length + ids.length} 5`)
  },
)

test('over TLS it is as without', async () => {
  const tls = makeIdentity({ commonName: 'localhost' })
  const { port } = await opened({ tls })
  const answered = await new Promise<string>((resolve, reject) => {
    secureRequest(
      { port, host: '127.0.0.1', path: longPath, method: 'PUT', rejectUnauthorized: false },
      async (response) => {
        let text = `${response.statusCode} `
        for await (const piece of response) text += String(piece)
        resolve(text)
      },
    )
      .on('error', reject)
      .end('hello')
  })
  expect(answered).toBe(`200 ${longPath.length} 5`)
})

// prettier-ignore
const refused = [
  ['another long address',           head(`/mdm/${ids}`)],
  ['a long query elsewhere',         head(`/api/v1/hosts?q=${ids}`)],
  ['long headers beside ids',        head('/v1/enqueue/a', `X: ${'x'.repeat(40_000)}\r\n`)],
  ['many headers beside long ids',   head(longPath, `X: ${'x'.repeat(20_000)}\r\nY: ${'y'.repeat(20_000)}\r\n`)],
  ['ids beyond 512 kB',              head(`${longPath},${ids},${ids},${ids}`)],
  ['a long header of a device',      head('/mdm', `Mdm-Signature: ${'A'.repeat(40_000)}\r\n`)],
] as const
for (const [from, proxies] of [
  ['anybody', undefined],
  ['a proxy', own],
] as const)
  test.each(refused)(`%s from ${from} is 431`, async (_, text) => {
    const { port, heard } = await opened({ ...(proxies && { proxies }) })
    const { socket, text: said, ended } = await line(port)
    socket.write(text)
    await ended
    expect(heard).toEqual([])
    // A reset overtakes the answer where the client is still sending.
    expect(['431', undefined]).toContain(statuses(said())[0])
  })

test('ordinary requests go on over one connection, however they are cut', async () => {
  const { port } = await opened()
  const { socket, text } = await line(port)
  const whole = head('/mdm', 'Content-Length: 70000\r\n') + 'x'.repeat(70_000)
  for (const piece of [
    whole.slice(0, 1),
    whole.slice(1, 9),
    whole.slice(9),
    whole,
    head('/v1/pushcert'),
  ]) {
    socket.write(piece)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await expect.poll(() => statuses(text())).toEqual(['200', '200', '200'])
  expect(text().match(/4 70000/g)).toHaveLength(2)
})

test('a script that keeps its connections open may send a long address after others', async () => {
  const { port } = await opened()
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  closing.push(() => agent.destroy())
  for (const path of ['/version', '/v1/pushcert', '/v1/push/a', longPath, longPath]) {
    const asked = request({ port, host: '127.0.0.1', path, agent })
    asked.end()
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    response.resume()
    await once(response, 'end')
    expect([path.slice(0, 20), response.statusCode]).toEqual([path.slice(0, 20), 200])
  }
})

test('a proxy may send a long address after others on one connection', async () => {
  const { port } = await opened({ proxies: own })
  const { socket, text } = await line(port)
  for (const path of ['/mdm', longPath, '/mdm']) {
    const before = statuses(text()).length
    socket.write(head(path))
    await expect.poll(() => statuses(text()).length).toBe(before + 1)
  }
  expect(statuses(text())).toEqual(['200', '200', '200'])
})

test('at most 32 connections hold so much at once: others get what everybody gets', async () => {
  const { port } = await opened()
  const lines = await Promise.all(Array.from({ length: 40 }, async () => line(port)))
  for (const { socket } of lines) socket.write(`PUT ${longPath}`)
  await expect.poll(() => lines.filter(({ text }) => statuses(text())[0] === '431').length).toBe(8)
  for (const { socket } of lines) socket.write(' HTTP/1.1\r\nHost: muster\r\n\r\n')
  await expect.poll(() => lines.filter(({ text }) => statuses(text())[0] === '200').length).toBe(32)
  // Those have left: there is room again.
  const { socket, text } = await line(port)
  socket.write(head(longPath))
  await expect.poll(() => statuses(text())).toEqual(['200'])
})

describe('a connection that says nothing', () => {
  test('ends after its time', async () => {
    const { port } = await opened()
    const { socket } = await line(port)
    await once(socket, 'close', { signal: AbortSignal.timeout(2_000) })
  })

  test('ends with the server', async () => {
    const { port, long } = await opened()
    const { socket } = await line(port)
    await new Promise((resolve) => setTimeout(resolve, 50))
    long.closeSilent()
    await once(socket, 'close', { signal: AbortSignal.timeout(200) })
  })

  test('and hangs up leaves nothing behind', async () => {
    const { port, heard } = await opened()
    const { socket } = await line(port)
    socket.end()
    await once(socket, 'close', { signal: AbortSignal.timeout(200) })
    expect(heard).toEqual([])
  })
})

test('a client that begins late is served', async () => {
  const { port } = await opened()
  const asked = request({ port, host: '127.0.0.1', path: '/mdm', method: 'PUT' })
  asked.flushHeaders()
  await new Promise((resolve) => setTimeout(resolve, 400))
  asked.end('x')
  const [response] = (await once(asked, 'response')) as [{ statusCode: number }]
  expect(response.statusCode).toBe(200)
})

test('4,000 ids in one address of a real server reach those that are enrolled', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-long-'))
  const token = 'admin-token-of-long-addresses'
  const config = readConfig(
    {},
    {
      MUSTER_DATA: folder,
      MUSTER_LISTEN: '127.0.0.1:0',
      MUSTER_DEVICE_AUTH: 'none',
      MUSTER_ADMIN_TOKEN: token,
      MUSTER_LOG_LEVEL: 'silent',
    },
  )
  if (!config.ok) throw new Error(config.error)
  const running = await serve(config.value, () => {})
  onTestFinished(async () => {
    await running.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const mdm = async (message: Dict, type: string): Promise<string> => {
    const body = buildPlist(message)
    // A connection of its own: a device and a script share none.
    const headers = { 'content-type': `application/x-apple-aspen-mdm${type}`, connection: 'close' }
    const response = await fetch(`${running.url}/mdm`, { method: 'PUT', headers, body })
    expect(response.status).toBe(200)
    return response.text()
  }
  const [first, last] = [ids.slice(0, 36), ids.slice(-36)]
  for (const UDID of [first, last]) {
    const said = dictOf({
      UDID,
      Topic: 'com.apple.mgmt.External.x',
      SerialNumber: `C02${UDID.slice(-5)}`,
    })
    await mdm(dictOf({ ...said, MessageType: 'Authenticate' }), '-checkin')
    const address = { Token: Buffer.from('token'), PushMagic: 'magic' }
    await mdm(dictOf({ ...said, ...address, MessageType: 'TokenUpdate' }), '-checkin')
  }
  const response = await fetch(`${running.url}${longPath}?nopush=1`, {
    method: 'PUT',
    headers: { authorization: `Basic ${Buffer.from(`nanomdm:${token}`).toString('base64')}` },
    body: buildPlist(
      dictOf({ CommandUUID: 'ALL', Command: dictOf({ RequestType: 'ProfileList' }) }),
    ),
  })
  expect(response.status).toBe(207)
  const { status } = (await response.json()) as { readonly status: object }
  expect(Object.keys(status)).toHaveLength(3_998)
  for (const UDID of [first, last])
    expect(await mdm(dictOf({ UDID, Status: 'Idle' }), '')).toContain('<string>ALL</string>')
})
