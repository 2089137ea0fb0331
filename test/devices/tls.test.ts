// TLS that ends here: devices by their connection, and certificates that are replaced while it runs.
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, createServer as createTlsServer, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, Server as TlsServer, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { selfSigned } from '../../src/pki/certificate-issue.ts'
import { commonName } from '../../src/pki/distinguished-name.ts'
import { buildPlist } from '../../src/protocol/plist/build.ts'
import { tlsFor } from '../../src/tls.ts'
import { checkinType, reportType } from '../e2e/wire.ts'
import {
  authenticate,
  authority,
  type Badge,
  certificateOf,
  identity,
  idle,
  impostor,
  type Keys,
  openRig,
  type Rig,
  tokenUpdate,
} from './rig.ts'

const ca = authority('Muster device CA of connections')
const folder = mkdtempSync(join(tmpdir(), 'muster-tls-'))
const named = (name: string) => ({
  tlsCertificate: join(folder, `${name}.pem`),
  tlsKey: join(folder, `${name}.key`),
})
const files = named('served')
const first = serverPems('first')
let rig: Rig
beforeAll(async () => {
  put(first)
  rig = await openRig(ca, {
    MUSTER_DEVICE_AUTH: 'mtls',
    MUSTER_TLS_CERTIFICATE: files.tlsCertificate,
    MUSTER_TLS_KEY: files.tlsKey,
  })
})
afterAll(async () => {
  await rig.close()
  rmSync(folder, { recursive: true })
})

type Pems = { readonly cert: string; readonly key: string; readonly fingerprint: string }

function serverPems(name: string): Pems {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const { x509 } = certificateOf(
    selfSigned(pair, {
      authority: false,
      subject: [commonName(name)],
      serial: randomBytes(16).fill(0x4a, 0, 1),
      notBeforeMs: Date.now() - 60_000,
      notAfterMs: Date.now() + 86_400_000,
    }),
  )
  const key = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { cert: x509.toString(), key, fingerprint: x509.fingerprint256 }
}

function put({ cert, key }: Pick<Pems, 'cert' | 'key'>, into = files): void {
  writeFileSync(into.tlsCertificate, cert)
  writeFileSync(into.tlsKey, key)
}

const identityOf = (badge: Badge | undefined) =>
  badge && {
    cert: badge.certificate.x509.toString(),
    key: badge.key.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }

/** A message over a connection of its own. */
function say(
  badge: Badge | undefined,
  keys: Keys,
  headers: Readonly<Record<string, string>> = {},
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const type = 'MessageType' in keys ? checkinType : reportType
  const sending = request(
    new URL('/mdm', rig.url),
    {
      method: 'PUT',
      agent: new Agent({ ...identityOf(badge), rejectUnauthorized: false }),
      headers: { 'content-type': type, ...headers },
    },
    (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
      response.on('end', () => sending.destroy())
    },
  )
  sending.on('error', reject)
  sending.end(buildPlist(keys))
  return promise
}

test('a device is known by its connection', async () => {
  const [who, badge] = [identity(), await rig.badge()]
  expect(rig.url).toMatch(/^https:/)
  expect(await say(badge, authenticate(who))).toBe(200)
  expect(await say(badge, tokenUpdate(who))).toBe(200)
  expect(await say(badge, idle(who))).toBe(200)
  expect(rig.store.lookups.enrollment(who.udid)?.host_id).toBe(rig.hostOf(badge))
})

test('a connection with any other certificate is served, and not believed', async () => {
  const [who, badge] = [identity(), await rig.badge()]
  await say(badge, authenticate(who))
  await say(badge, tokenUpdate(who))
  const strangers = [
    undefined,
    impostor(),
    await rig.badge(),
    await rig.badge({
      issuer: authority('Somebody’s'),
      status: 'active',
      host_id: rig.hostOf(badge),
    }),
    await rig.badge({ status: 'revoked', host_id: rig.hostOf(badge) }),
    await rig.badge({
      status: 'active',
      host_id: rig.hostOf(badge),
      not_after: Date.now() - 90_000_000,
    }),
  ]
  for (const stranger of strangers) expect(await say(stranger, idle(who))).toBe(400)
  const header = { 'client-cert': `:${Buffer.from(badge.certificate.der).toString('base64')}:` }
  expect(await say(undefined, idle(who), header)).toBe(400)
  expect(await fetchStatus('/livez')).toBe(200)
})

function fetchStatus(path: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  request(new URL(path, rig.url), { rejectUnauthorized: false }, (response) => {
    response.resume()
    resolve(response.statusCode ?? 0)
  })
    .on('error', reject)
    .end()
  return promise
}

test('nothing older than TLS 1.2 is spoken', async () => {
  const { hostname, port } = new URL(rig.url)
  const versions = ['TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const
  const spoken = await Promise.all(
    versions.map((version) => protocolOf({ host: hostname, port: Number(port) }, version)),
  )
  expect(spoken).toEqual([null, 'TLSv1.2', 'TLSv1.3'])
})

test('only suites with forward secrecy are spoken', async () => {
  const { hostname, port } = new URL(rig.url)
  const at = {
    host: hostname,
    port: Number(port),
    maxVersion: 'TLSv1.2',
    rejectUnauthorized: false,
  } as const
  const suiteOf = (ciphers: string): Promise<string | null> => {
    const { promise, resolve } = Promise.withResolvers<string | null>()
    const socket = connect({ ...at, ciphers }, () => {
      resolve(socket.getCipher().name)
      socket.destroy()
    })
    socket.on('error', () => resolve(null))
    return promise
  }
  expect(await suiteOf('AES128-GCM-SHA256:AES256-GCM-SHA384:AES256-SHA256')).toBeNull()
  expect(await suiteOf('ECDHE-RSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA256')).toBeNull()
  expect(await suiteOf('DEFAULT')).toMatch(/^ECDHE-(?:RSA|ECDSA)-(?:AES|CHACHA)/)
})

function protocolOf(
  at: { readonly host: string; readonly port: number },
  version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3',
): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>()
  const ciphers = 'DEFAULT@SECLEVEL=0'
  const options = { ...at, minVersion: version, maxVersion: version, ciphers }
  const socket = connect({ ...options, rejectUnauthorized: false }, () => {
    resolve(socket.getProtocol())
    socket.destroy()
  })
  socket.on('error', () => resolve(null))
  return promise
}

test('new files are used for new connections, and those that are open go on', async () => {
  const warnings: string[] = []
  const replaced = named('replaced')
  put(first, replaced)
  const tls = tlsFor(
    { ...replaced, deviceAuth: 'signature' },
    { deviceAuthorities: [] },
    {
      warn: (sentence) => warnings.push(sentence),
      everyMs: 20,
    },
  )
  if (tls === undefined) throw new Error('there are files')
  const listener = createTlsServer(tls.devices.options, (_, response) => response.end('here'))
  if (!(listener instanceof TlsServer)) throw new Error('not a TLS server')
  tls.devices.watch(listener)
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void listener.close())
  const address = listener.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0

  const open = await connected(port)
  expect(open.getPeerX509Certificate()?.fingerprint256).toBe(first.fingerprint)
  const second = serverPems('second')
  // One after the other, as renewals write them: the half of a pair is left alone.
  writeFileSync(replaced.tlsCertificate, second.cert)
  await vi.waitFor(() => expect(warnings.join()).toMatch(/is not that of the certificate/))
  expect(await fingerprintAt(port)).toBe(first.fingerprint)
  writeFileSync(replaced.tlsKey, second.key)
  await vi.waitFor(async () => expect(await fingerprintAt(port)).toBe(second.fingerprint))
  open.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  const [heard] = await new Promise<readonly [Buffer]>((resolve) =>
    open.once('data', (chunk: Buffer) => resolve([chunk])),
  )
  expect(heard.toString()).toContain('200 OK')
  open.destroy()
})

function connected(port: number): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>()
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () =>
    resolve(socket),
  )
  socket.on('error', reject)
  return promise
}

async function fingerprintAt(port: number): Promise<string | undefined> {
  const socket = await connected(port)
  const fingerprint = socket.getPeerX509Certificate()?.fingerprint256
  socket.destroy()
  return fingerprint
}

test('files that do not belong together stop the start', () => {
  const mixed = named('mixed')
  put({ ...first, key: serverPems('other').key }, mixed)
  expect(() =>
    tlsFor({ ...mixed, deviceAuth: 'mtls' }, { deviceAuthorities: [] }, { warn: () => {} }),
  ).toThrow(/is not that of the certificate/)
})
