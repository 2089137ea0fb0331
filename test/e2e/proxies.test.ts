// The examples of docs/proxies, run as they are but for names, ports and paths: nginx and Caddy end TLS before Muster.
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import * as https from 'node:https'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dropFolder, type Muster, newFolder, startMuster } from './muster.ts'
import { createOperator } from './operator.ts'
import { needs } from '../programs/needs.ts'

const docs = fileURLToPath(new URL('../../docs/', import.meta.url))
const folder = newFolder()
const musters: Muster[] = []
const proxies: ChildProcess[] = []
const at = (name: string): string => join(folder, name)

/** Ports that are free now: proxies cannot be asked which one they took. */
async function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>()
  const probe = createServer().listen(0, '127.0.0.1', () => {
    const address = probe.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    probe.close(() => resolve(port))
  })
  return promise
}

beforeAll(() => {
  // prettier-ignore
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', at('key.pem'), '-out', at('certificate.pem'),
    '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '1'], { stdio: 'ignore' })
})
afterAll(async () => {
  for (const proxy of proxies) proxy.kill('SIGKILL')
  for (const muster of musters) await muster.end('SIGKILL')
  dropFolder(folder)
})

/** A proxy in front of a server of its own, by its public address. */
async function behind(
  startProxy: (ports: { readonly port: number; readonly upstream: string }) => ChildProcess,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly url: string; readonly muster: Muster }> {
  const port = await freePort()
  const url = `https://localhost:${port}`
  const home = at(String(port))
  mkdirSync(home)
  const muster = await startMuster(home, {
    MUSTER_LOG_LEVEL: 'silent',
    MUSTER_PUSH_TOPIC: 'com.apple.mgmt.External.proxied',
    MUSTER_PUBLIC_URL: url,
    ...env,
  })
  musters.push(muster)
  const proxy = startProxy({ port, upstream: new URL(muster.url).host })
  proxies.push(proxy)
  await reachable(url, proxy)
  return { url, muster }
}

async function reachable(url: string, proxy: ChildProcess): Promise<void> {
  let said = ''
  proxy.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  for (let tries = 0; tries < 100; tries += 1) {
    if (proxy.exitCode !== null) throw new Error(`the proxy ended: ${said}`)
    const { status } = await exchange(url, { path: '/readyz', method: 'GET' }).catch(() => ({
      status: 0,
    }))
    if (status === 200) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`the proxy does not answer: ${said}`)
}

type Sent = {
  readonly path: string
  readonly method: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly cert?: Buffer
  readonly key?: Buffer
}

function exchange(
  url: string,
  { path, body = '', ...sent }: Sent,
): Promise<{ readonly status: number }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly status: number }>()
  const ca = readFileSync(at('certificate.pem'))
  const request = https.request(new URL(path, url), { ...sent, ca, agent: false }, (response) => {
    response.resume()
    response.on('end', () => resolve({ status: response.statusCode ?? 0 }))
  })
  request.on('error', reject)
  request.end(body)
  return promise
}

function startNginx({
  port,
  upstream,
}: {
  readonly port: number
  readonly upstream: string
}): ChildProcess {
  const site = readFileSync(join(docs, 'proxies/nginx.conf'), 'utf8')
    .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
    .replace('mdm.example.com;', 'localhost;')
    .replaceAll('/etc/ssl/muster/', `${folder}/`)
    .replaceAll('127.0.0.1:8080', upstream)
  const name = `nginx-${port}.conf`
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${folder}/${kind};`)
    .join(' ')
  writeFileSync(
    at(name),
    `daemon off; pid ${folder}/${name}.pid; error_log stderr; events {}\nhttp { access_log ${folder}/${port}.log; ${temporary}\n${site} }`,
  )
  return spawn('nginx', ['-e', 'stderr', '-p', folder, '-c', at(name)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}

function startCaddy({
  port,
  upstream,
}: {
  readonly port: number
  readonly upstream: string
}): ChildProcess {
  const site = readFileSync(join(docs, 'proxies/Caddyfile'), 'utf8')
    .replace('mdm.example.com {', `localhost:${port} {\n\tbind 127.0.0.1`)
    .replace('tls {', `tls ${at('certificate.pem')} ${at('key.pem')} {`)
    .replace('127.0.0.1:8080', upstream)
  const name = `Caddyfile-${port}`
  writeFileSync(at(name), `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${site}`)
  return spawn('caddy', ['run', '--adapter', 'caddyfile', '--config', at(name)], {
    env: { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}

/** Plays the device of docs/enroll-by-hand.sh; resolves to its exit code and leaves its certificate behind. */
async function playByHand(url: string, muster: Muster): Promise<unknown> {
  const operator = createOperator(muster.url, muster.token)
  const { body } = await operator.post('/enrollment-links', { name: 'by hand' })
  const home = at(`device-${new URL(url).port}`)
  mkdirSync(home)
  const env = { ...process.env, CURL: `curl --cacert ${at('certificate.pem')}` }
  const args = [join(docs, 'enroll-by-hand.sh'), String(body['url'])]
  return promisify(execFile)('bash', args, { cwd: home, env }).then(
    () => 0,
    (error: { readonly code?: unknown }) => error.code,
  )
}

const serial = 'C02BYHAND001'
const udid = '0A1B2C3D-1111-4222-8333-444455556666'
const authenticate = `<plist version="1.0"><dict><key>MessageType</key><string>Authenticate</string><key>Topic</key><string>com.apple.mgmt.External.proxied</string><key>UDID</key><string>${udid}</string><key>SerialNumber</key><string>${serial}</string></dict></plist>`
const checkin = {
  path: '/mdm',
  method: 'PUT',
  headers: { 'content-type': 'application/x-apple-aspen-mdm-checkin' },
  body: authenticate,
}

/** Where the proxy keeps none by itself: nothing. */
const accessLog = (url: string): string => {
  const path = at(`${new URL(url).port}.log`)
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

for (const [name, start, program] of [
  ['nginx', startNginx, 'nginx'],
  ['Caddy', startCaddy, 'caddy'],
] as const) {
  const options = { timeout: 60_000, ...needs(program, 'openssl', 'curl') }
  test(`behind ${name} a device enrols with what it signs`, options, async () => {
    const { url, muster } = await behind(start, { MUSTER_DEVICE_AUTH: 'signature' })
    expect(await playByHand(url, muster)).toBe(0)
    // Whoever knows the address of a link may enrol.
    expect(accessLog(url)).not.toContain('/enroll/')
  })

  test(
    `behind ${name} a device is known by its TLS certificate, and by nothing it writes itself`,
    options,
    async () => {
      const { url, muster } = await behind(start, {
        MUSTER_DEVICE_AUTH: 'header',
        MUSTER_CERTIFICATE_HEADER: 'x-client-cert',
        MUSTER_PROXIES: '127.0.0.1',
      })
      // It gets its certificate, and is refused with a signature alone.
      expect(await playByHand(url, muster)).toBe(22)
      const home = join(folder, `device-${new URL(url).port}`, 'by-hand')
      const [cert, key] = [
        readFileSync(join(home, 'device.pem')),
        readFileSync(join(home, 'device.key')),
      ]
      const forged = { ...checkin.headers, 'x-client-cert': encodeURIComponent(cert.toString()) }
      expect(await exchange(url, { ...checkin, headers: forged })).toEqual({ status: 400 })
      expect(await exchange(url, { ...checkin, cert, key })).toEqual({ status: 200 })
    },
  )
}
