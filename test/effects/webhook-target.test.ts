// Nobody reaches the inside of the network through a webhook's URL.
import { createServer, type Server } from 'node:http'
import { createServer as createTcp } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isPublic } from '../../src/effects/webhooks/address.ts'
import { allowsNothing, readAllowList } from '../../src/effects/webhooks/allow-list.ts'
import { createSend } from '../../src/effects/webhooks/sender.ts'
import { type Resolve, systemResolve } from '../../src/effects/webhooks/target.ts'

/** A listener on every local address, which must never hear of anybody. */
let connects = 0
const trap = createTcp((socket) => {
  connects += 1
  socket.destroy()
})
let port = 0

beforeAll(async () => {
  await new Promise<void>((resolve) => void trap.listen(0, '::', resolve))
  const address = trap.address()
  port = typeof address === 'object' && address !== null ? address.port : 0
})
afterAll(() => void trap.close())

/** Names of this test, as an attacker's name server would answer. */
const zone: Readonly<Record<string, readonly string[]>> = {
  'loopback.test': ['127.0.0.1'],
  'loopback6.test': ['::1'],
  'mapped.test': ['::ffff:127.0.0.1'],
  'metadata.test': ['169.254.169.254'],
  'metadata6.test': ['fd00:ec2::254'],
  'private.test': ['10.1.2.3'],
  'mixed.test': ['93.184.215.14', '127.0.0.1'],
  'mixed6.test': ['2606:4700::1111', 'fe80::1'],
  'zero.test': ['0.0.0.0'],
  'zero6.test': ['::'],
  'nat64.test': ['64:ff9b::7f00:1'],
  '6to4.test': ['2002:7f00:1::'],
  'teredo.test': ['2001:0:7f00:1::'],
  'nothing.test': [],
  'xn--lpback-wxa.test': ['127.0.0.1'],
  // What full-width letters and a dotted circle become.
  localhost: ['127.0.0.1', '::1'],
}

const resolve: Resolve = async (host) => {
  const found = zone[host]
  if (found === undefined) return systemResolve(host)
  return found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
}

const closing = new AbortController().signal
const send = createSend({
  allows: allowsNothing,
  resolve,
  closing,
  userAgent: 'test',
  timeoutMs: 1_000,
})
const post = (url: string) => send({ url, headers: {}, body: new TextEncoder().encode('{}') })

// prettier-ignore
const hosts = [
  '127.0.0.1', '127.0.0.1.', '127.1', '127.0.1', '127.255.255.254', '2130706433', '0x7f000001', '0x7f.1', '0x7f.0.0.1',
  '0177.0.0.1', '017700000001', '0', '0.0.0.0', '0x0', '00', '127.000.000.001', '127.0.0.0x1', '%31%32%37.0.0.1',
  '１２７.0.0.1', '127。0。0。1', '①②⑦.0.0.1', '10.0.0.1', '10.1', '0xa000001', '167772161', '100.64.0.1', '100.127.255.255',
  '169.254.169.254', '169.254.1.1', '0xa9fea9fe', '2852039166', '0251.0376.0251.0376', '169.254.43518', '172.16.0.1',
  '172.31.255.255', '192.168.0.1', '192.168.65535', '192.0.0.1', '192.0.2.1', '192.88.99.1', '198.18.0.1', '198.19.255.255',
  '198.51.100.7', '203.0.113.7', '224.0.0.1', '239.255.255.250', '240.0.0.1', '255.255.255.255',
  '[::1]', '[::]', '[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::ffff:169.254.169.254]', '[::ffff:a9fe:a9fe]',
  '[0:0:0:0:0:ffff:10.0.0.1]', '[::127.0.0.1]', '[::7f00:1]', '[fe80::1]', '[febf::1]', '[fec0::1]', '[fc00::1]', '[fd00:ec2::254]',
  '[fdff::1]', '[ff02::1]', '[ff05::2]', '[64:ff9b::127.0.0.1]', '[64:ff9b:1::1]', '[2001::1]', '[2001:db8::1]', '[2002:7f00:1::]',
  '[2002:a9fe:a9fe::]', '[100::1]', '[3fff::1]', '[5f00::1]',
  'localhost', 'LOCALHOST', 'localhost.', 'ｌｏｃａｌｈｏｓｔ', 'loc\u00ADalhost', 'loopback.test', 'loopback.test.', 'loopback6.test', 'mapped.test',
  'metadata.test', 'metadata6.test', 'private.test', 'mixed.test', 'mixed6.test', 'zero.test', 'zero6.test', 'nat64.test',
  '6to4.test', 'teredo.test', 'nothing.test', 'lööpback.test',
]

// prettier-ignore
const shapes = [
  'http://93.184.215.14/', 'file:///etc/passwd', 'ftp://127.0.0.1/', 'gopher://127.0.0.1/', 'data:text/plain,x', 'javascript:alert(1)',
  'unix:/run/docker.sock', 'ws://127.0.0.1/', '//127.0.0.1/', '/hook', '', 'https://', 'https://:443/', 'https:// 127.0.0.1/',
  'https://user@127.0.0.1/', 'https://example.com@127.0.0.1/', 'https://user:pass@93.184.215.14/', 'https://93.184.215.14\\@127.0.0.1/',
  'https://93.184.215.14/#@127.0.0.1/', 'https://93.184.215.14/\r\nHost: 127.0.0.1', '\thttps://127.0.0.1/', 'https://[::1', 'https://[fe80::1%25lo]/',
  'https://999.1.1.1/', 'https://1.2.3.4.5/', 'https://0x7f.0.0.0x1ff/', `https://${'a'.repeat(2_100)}.test/`,
]

describe('the guard', () => {
  test.each(hosts)('does not connect to %s', async (host) => {
    for (const scheme of ['https', 'http']) {
      const sent = await post(`${scheme}://${host}:${port}/hook`)
      // A name without an address is nowhere to go, which is as good.
      expect(['refused', 'unreachable']).toContain(sent.kind)
      if (sent.kind === 'unreachable') expect(sent.detail).toMatch(/address|resolve/)
    }
    expect(connects).toBe(0)
  })

  test.each(shapes)('takes %j for no target', async (url) => {
    expect(await post(url)).toMatchObject({ kind: 'refused' })
    expect(connects).toBe(0)
  })

  test('looks at as many shapes as were promised', () => {
    expect(hosts.length + shapes.length).toBeGreaterThanOrEqual(90)
  })

  test('heard of nobody at its listener, which does hear of who is let through', async () => {
    expect(connects).toBe(0)
    const allows = readAllowList(`127.0.0.1:${port}`)
    if (!allows.ok) throw new Error(allows.error)
    const through = createSend({ allows: allows.value, resolve, closing, userAgent: 'test' })
    await through({ url: `http://127.0.0.1:${port}/`, headers: {}, body: new Uint8Array() })
    expect(connects).toBe(1)
    connects = 0
  })
})

test('a name that changes its mind between look and connection is connected to as it was looked at', async () => {
  const heard: string[] = []
  const inside = await listening((address) => heard.push(address))
  let asked = 0
  const allows = readAllowList('127.0.0.3')
  if (!allows.ok) throw new Error(allows.error)
  const rebinding: Resolve = async () => {
    asked += 1
    return [{ address: asked === 1 ? '127.0.0.3' : '127.0.0.1', family: 4 }]
  }
  const sendTo = createSend({
    allows: allows.value,
    resolve: rebinding,
    closing,
    userAgent: 'test',
  })
  const url = `http://rebinding.test:${inside.port}/`
  expect(await sendTo({ url, headers: {}, body: new Uint8Array() })).toMatchObject({ status: 200 })
  expect(await sendTo({ url, headers: {}, body: new Uint8Array() })).toMatchObject({
    kind: 'refused',
  })
  expect(heard).toEqual(['127.0.0.3'])
  inside.server.close()
})

test('a redirect is an answer and nothing is followed', async () => {
  const outer = await listening(() => {}, { status: 302, location: `http://127.0.0.1:${port}/` })
  const allows = readAllowList(`127.0.0.1:${outer.port}`)
  if (!allows.ok) throw new Error(allows.error)
  const sendTo = createSend({ allows: allows.value, resolve, closing, userAgent: 'test' })
  const url = `http://127.0.0.1:${outer.port}/`
  expect(await sendTo({ url, headers: {}, body: new Uint8Array() })).toMatchObject({
    kind: 'answered',
    status: 302,
  })
  expect(connects).toBe(0)
  outer.server.close()
})

async function listening(
  heard: (address: string) => void,
  answer: { readonly status: number; readonly location?: string } = { status: 200 },
): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((request, response) => {
    heard(request.socket.localAddress ?? '')
    response.writeHead(answer.status, answer.location ? { location: answer.location } : {}).end()
  })
  await new Promise<void>((resolved) => void server.listen(0, '0.0.0.0', resolved))
  const address = server.address()
  return { server, port: typeof address === 'object' && address !== null ? address.port : 0 }
}

// prettier-ignore
const addresses = [
  ['8.8.8.8', true], ['93.184.215.14', true], ['100.63.255.255', true], ['100.128.0.1', true], ['172.15.0.1', true],
  ['172.32.0.1', true], ['192.169.0.1', true], ['223.255.255.255', true], ['2606:4700::1111', true], ['2a00:1450::1', true],
  ['1.1.1.1', true], ['2400::1', true], ['nonsense', false], ['', false],
] as const

test.each(addresses)('%s is out on the internet: %s', (address, is) => {
  expect(isPublic(address)).toBe(is)
})

// prettier-ignore
const lists = [
  ['receiver.lan', { host: 'receiver.lan', port: 80, address: '10.0.0.1' }, true],
  ['receiver.lan:8080', { host: 'receiver.lan', port: 80, address: '10.0.0.1' }, false],
  ['Receiver.LAN:8080', { host: 'receiver.lan', port: 8080, address: '10.0.0.1' }, true],
  ['receiver.lan', { host: 'evil.receiver.lan', port: 80, address: '10.0.0.1' }, false],
  ['10.0.0.0/8', { host: 'x', port: 80, address: '10.255.0.1' }, true],
  ['10.0.0.0/8', { host: 'x', port: 80, address: '11.0.0.1' }, false],
  ['127.0.0.1', { host: 'x', port: 80, address: '::ffff:127.0.0.1' }, false],
  ['fd00::/8, ::1', { host: 'x', port: 80, address: '::1' }, true],
  ['fd00::/8', { host: 'x', port: 80, address: 'fdab::1' }, true],
  ['[::1]:90', { host: 'x', port: 90, address: '::1' }, true],
  ['[::1]:90', { host: 'x', port: 91, address: '::1' }, false],
] as const

test.each(lists)('the list %s lets %o through: %s', (text, destination, is) => {
  const allows = readAllowList(text)
  if (!allows.ok) throw new Error(allows.error)
  expect(allows.value(destination)).toBe(is)
})

test.each([
  '10.0.0.0/33',
  'name/8',
  'a:0',
  'a:70000',
  'http://a',
  'a b',
  '::1/129',
  'a,,b',
  '[::1',
])('the list %s is refused with a sentence', (text) => {
  expect(readAllowList(text)).toMatchObject({ ok: false, error: expect.stringContaining('must') })
})
