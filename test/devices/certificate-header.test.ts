// What proxies write, and what clients write who would like to be believed.
import { createConnection } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { certificateIn } from '../../src/http/mdm/certificate-header.ts'
import { buildPlist } from '../../src/protocol/plist/build.ts'
import { checkinType, exchange } from '../e2e/wire.ts'
import {
  authenticate,
  authority,
  type Badge,
  identity,
  openRig,
  type Rig,
  tokenUpdate,
} from './rig.ts'

const ca = authority('Muster device CA behind proxies')
const secret = 'what-only-our-proxies-would-say'
let direct: Rig
let proxied: Rig
let secretive: Rig
let badge: Badge
beforeAll(async () => {
  const header = { MUSTER_DEVICE_AUTH: 'header' }
  ;[direct, proxied, secretive] = await Promise.all([
    openRig(ca, { ...header, MUSTER_PROXIES: '10.0.0.0/8, fd00::/8' }),
    openRig(ca, { ...header, MUSTER_PROXIES: '127.0.0.0/8, ::1' }),
    openRig(ca, { ...header, MUSTER_PROXIES: '127.0.0.1', MUSTER_PROXY_SECRET: secret }),
  ])
  badge = await direct.badge()
})
afterAll(() => Promise.all([direct, proxied, secretive].map((rig) => rig.close())))

const der = ca.certificate.der
const base64 = Buffer.from(der).toString('base64')
const pem = ca.certificate.x509.toString()
const lines = pem.trim()

// prettier-ignore
const written: readonly (readonly [string, string])[] = [
  ['RFC 9440 and Google',               `:${base64}:`],
  ['nginx, escaped',                    encodeURIComponent(pem)],
  ['nginx, escaped less',               lines.replaceAll('\n', '%0A').replaceAll(' ', '%20')],
  ['HAProxy, Azure and Cloudflare',     base64],
  ['Apache, newlines as spaces',        lines.replaceAll('\n', ' ')],
  ['Apache, newlines as tabs',          lines.replaceAll('\n', '\t')],
  ['Traefik',                           base64],
  ['Traefik, with its chain',           `${base64},${base64}`],
  ['Traefik, escaped',                  encodeURIComponent(base64)],
  ['Envoy',                             `By=spiffe://a;Hash=ab12;Cert="${encodeURIComponent(pem)}";Subject="CN=a"`],
  ['Envoy, the certificate first',      `Cert="${encodeURIComponent(pem)}"`],
  ['Envoy, a comma in a subject',       `Subject="CN=a,O=b";Cert="${encodeURIComponent(pem)}"`],
  ['AWS, + = / left bare',              encodeURIComponent(pem).replaceAll('%2B', '+').replaceAll('%3D', '=').replaceAll('%2F', '/')],
  ['AWS, with its chain',               encodeURIComponent(pem + pem)],
]
describe('a certificate is read as its proxy writes it', () => {
  test.each(written)('%s', (_, header) => {
    expect(Buffer.from(certificateIn(header) ?? [])).toEqual(Buffer.from(der))
  })
})

describe('what is no certificate is none', () => {
  // prettier-ignore
  test.each([
    ['nothing',                  ''],
    ['a colon',                  ':'],
    ['colons around nothing',    '::'],
    ['an end without colon',     `:${base64}`],
    ['base64url',                `:${base64.replaceAll('+', '-').replaceAll('/', '_')}:`],
    ['base64 cut short',         base64.slice(0, -3)],
    ['text around a PEM',        `x ${lines}`],
    ['a key beside it',          `${lines}\n-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----`],
    ['a PEM without end',        lines.slice(0, 200)],
    ['a broken escape',          `${encodeURIComponent(pem)}%zz`],
    ['two elements of Envoy',    `Cert="${encodeURIComponent(pem)}",Cert="${encodeURIComponent(pem)}"`],
    ['two keys of Envoy',        `Cert="${encodeURIComponent(pem)}";Cert="${encodeURIComponent(pem)}"`],
    ['Envoy without quotes',     `Cert=${encodeURIComponent(pem)}`],
    ['a hash of Envoy’s',        'Hash=ab12;Subject="CN=a"'],
    ['nginx without a client',   '(null)'],
    ['a second leaf after it',   'LEAF,LEAF'],
  ] as const)('%s', (_, header) => {
    const leaf = Buffer.from(badge.certificate.der).toString('base64')
    expect(certificateIn(header.replaceAll('LEAF', leaf))).toBeUndefined()
  })
})

/** Header lines of a client that would like to be somebody. */
function spellings(value: string): readonly (readonly [string, readonly string[]])[] {
  const names = [
    'Client-Cert',
    'client-cert',
    'CLIENT-CERT',
    'cLiEnT-cErT',
    'Client_Cert',
    'CLIENT_CERT',
    'Client.Cert',
    'Client-Cert-Leaf',
    'X-Client-Cert',
    'X-SSL-Cert',
    'SSL-Client-Cert',
    'HTTP-Client-Cert',
    'HTTP_CLIENT_CERT',
    'X-Forwarded-Client-Cert',
    'X-Forwarded-Tls-Client-Cert',
    'X-Amzn-Mtls-Clientcert',
    'X-ARR-ClientCert',
    'Cf-Client-Cert-Der-Base64',
    'Ssl-Client-Escaped-Cert',
    'ClientCert',
    'Client-Certificate',
    'Forwarded',
  ]
  return [
    ...names.map((name) => [name, [`${name}: ${value}`]] as const),
    ['a space before the colon', [`Client-Cert : ${value}`]],
    ['a tab before the colon', [`Client-Cert\t: ${value}`]],
    ['folded', ['Client-Cert:', ` ${value}`]],
    ['folded in the middle', [`Client-Cert: ${value.slice(0, 40)}`, ` ${value.slice(40)}`]],
    ['a space before the name', [` Client-Cert: ${value}`]],
    ['twice', [`Client-Cert: ${value}`, `Client-Cert: ${value}`]],
    ['twice, in other cases', [`Client-Cert: ${value}`, `CLIENT-CERT: ${value}`]],
    ['an empty one first', ['Client-Cert:', `Client-Cert: ${value}`]],
    ['two values in one', [`Client-Cert: ${value}, ${value}`]],
    ['with the address of a proxy', [`Client-Cert: ${value}`, 'X-Forwarded-For: 10.0.0.1']],
    [
      'with another address of a proxy',
      [`Client-Cert: ${value}`, 'X-Real-IP: 10.0.0.1', 'Forwarded: for=10.0.0.1'],
    ],
    [
      'as the whole connection of a proxy',
      [`Client-Cert: ${value}`, 'Via: 1.1 10.0.0.1', 'True-Client-IP: 10.0.0.1'],
    ],
    ['with an empty secret', [`Client-Cert: ${value}`, 'X-Muster-Proxy-Secret:']],
    [
      'with a guessed secret',
      [`Client-Cert: ${value}`, 'X-Muster-Proxy-Secret: what-only-our-proxies-would-sax'],
    ],
    [
      'with the secret in two headers',
      [`Client-Cert: ${value}`, `X-Muster-Proxy-Secret: ${secret}`, 'X-Muster-Proxy-Secret: no'],
    ],
    [
      'with the secret under another name',
      [`Client-Cert: ${value}`, `X_Muster_Proxy_Secret: ${secret}`],
    ],
  ]
}

const rfc9440 = ({ certificate }: Badge): string =>
  `:${Buffer.from(certificate.der).toString('base64')}:`

describe.each([
  ['from an address that is no proxy', () => direct],
  ['from a proxy’s address without its secret', () => secretive],
] as const)('%s no spelling is believed', (_, rigOf) => {
  test.each(spellings(':certificate:'))('%s', async (_name, headers) => {
    const rig = rigOf()
    const mine = await rig.badge()
    const filled = headers.map((line) => line.replaceAll(':certificate:', rfc9440(mine)))
    expect(await raw(rig, filled)).toBe(400)
    expect(rig.hostOf(mine)).toBeNull()
  })
})

describe('from a proxy only its own header counts, and only once', () => {
  test.each(
    spellings(':certificate:').filter(
      ([name]) =>
        !/^client-cert$/i.test(name) && !name.startsWith('with') && !name.startsWith('as'),
    ),
  )('%s', async (_name, headers) => {
    const mine = await proxied.badge()
    const filled = headers.map((line) => line.replaceAll(':certificate:', rfc9440(mine)))
    expect(await raw(proxied, filled)).toBe(400)
    expect(proxied.hostOf(mine)).toBeNull()
  })
})

test('a device enrols through a proxy, and its certificate must be the host’s as ever', async () => {
  const say = async (one: Badge, keys: ReturnType<typeof authenticate>) => {
    const headers = { 'content-type': checkinType, 'Client-Cert': rfc9440(one) }
    const got = await exchange(proxied.url, { path: '/mdm', headers, body: buildPlist(keys) })
    return got.status
  }
  const [who, mine, other] = [identity(), await proxied.badge(), await proxied.badge()]
  expect(await say(mine, authenticate(who))).toBe(200)
  expect(await say(mine, tokenUpdate(who))).toBe(200)
  expect(await say(other, tokenUpdate(who))).toBe(400)
  const stranger = await proxied.badge({ issuer: authority('Somebody’s'), status: 'active' })
  expect(await say(stranger, authenticate(identity()))).toBe(400)
})

test('a proxy that says the secret is believed', async () => {
  const mine = await secretive.badge()
  const headers = [`Client-Cert: ${rfc9440(mine)}`, `x-muster-proxy-secret: ${secret}`]
  expect(await raw(secretive, headers)).toBe(200)
  expect(secretive.hostOf(mine)).not.toBeNull()
})

/** An Authenticate with exactly these header lines; the status of the answer. */
function raw(rig: Rig, lines: readonly string[]): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const body = buildPlist(authenticate(identity()))
  const { hostname, port } = new URL(rig.url)
  const socket = createConnection(Number(port), hostname)
  let said = ''
  socket.on('data', (chunk: Buffer) => {
    said += chunk.toString('latin1')
    const status = /^HTTP\/1\.1 (\d{3})/.exec(said)?.[1]
    if (status === undefined) return
    resolve(Number(status))
    socket.destroy()
  })
  socket.on('error', reject)
  socket.write(
    [
      'PUT /mdm HTTP/1.1',
      `Host: ${hostname}`,
      `Content-Type: ${checkinType}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      ...lines,
      '',
      body,
    ].join('\r\n'),
  )
  return promise
}
