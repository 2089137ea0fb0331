// A server behind a proxy, with everything switched on that knows a secret.
import { createPrivateKey } from 'node:crypto'
import { createServer } from 'node:http'
import { openApnsServer } from '../../../src/simulator/apns-server.ts'
import { makeIdentity } from '../../effects/identity.ts'
import { createComputer, identity, type Computer } from '../computer.ts'
import { dropFolder, type Muster, newFolder, startMuster } from '../muster.ts'
import { createOperator, type Json, type Operator } from '../operator.ts'
import { exchange, type Got } from '../wire.ts'
import { type Canaries, createCanaries, watchKey } from './canaries.ts'
import type { Fillings } from './everything.ts'

export const pushTopic = 'com.apple.mgmt.e2e'

export type Scene = {
  readonly canaries: Canaries
  /** A new secret; the name says what it stands for. */
  plant(name: string): string
  /** The same where bytes are wanted. */
  data(name: string): Buffer
  /** The server as it runs now: some of what is done to it takes a restart. */
  muster(): Muster
  restart(meanwhile: (folder: string) => Promise<void>): Promise<void>
  operator(): Operator
  /** A request of somebody whose way is no other one's. */
  ask(path: string, asking?: Asking): Promise<Got>
  /** A computer behind the proxy, with a certificate or without. */
  computer(number: number, certificate?: Uint8Array): Computer
  /** Adds what a search has to look at. */
  note(name: string, value: string): void
  readonly noted: Fillings
  /** All that was said, over restarts. */
  said(): { readonly out: string; readonly err: string }
  /** A receiver of webhooks that repeats what it is told, and takes no unlock token. `heard`: the messages of devices. */
  readonly receiver: { readonly url: string; readonly heard: readonly string[] }
  close(): Promise<void>
}

type Asking = {
  readonly method?: string
  readonly body?: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

export async function openScene(): Promise<Scene> {
  const canaries = createCanaries()
  const { plant } = canaries
  const folder = newFolder()
  const service = makeIdentity({ commonName: 'localhost' })
  const apns = await openApnsServer({ cert: service.certificate, key: service.key })
  const receiver = await openEcho()
  const env = {
    ...settingsOf(canaries),
    MUSTER_APNS_URL: apns.url,
    MUSTER_APNS_CA: service.certificate,
  }
  let muster = await startMuster(folder, env)
  const before: Muster[] = []
  const noted: Record<string, string[]> = {}

  const said: Scene['said'] = () => {
    const all = [...before, muster].map((one) => one.said())
    return { out: all.map(({ out }) => out).join(''), err: all.map(({ err }) => err).join('') }
  }
  return {
    canaries,
    plant,
    said,
    noted,
    receiver,
    data: (name) => Buffer.from(plant(name)),
    muster: () => muster,
    operator: () => createOperator(muster.url, muster.token),
    ask: (path, asking = {}) => exchange(muster.url, { method: 'GET', ...asking, path }),
    computer: (number, certificate) =>
      createComputer({
        ...identity(number),
        url: muster.url,
        enrollSecret: muster.enrollSecret,
        headers: behindProxy(env.MUSTER_PROXY_SECRET, certificate),
        secrets: {
          token: Buffer.from(plant(`push token ${number}`)),
          magic: plant(`PushMagic ${number}`),
          unlock: Buffer.from(plant(`UnlockToken ${number}`)),
        },
      }),
    note: (name, value) => void (noted[name] ??= []).push(value),
    async restart(meanwhile) {
      await muster.end('SIGTERM')
      await meanwhile(folder)
      before.push(muster)
      muster = await startMuster(folder, env)
    },
    async close() {
      await muster.end('SIGKILL')
      await apns.close()
      receiver.close()
      dropFolder(folder)
    },
  }
}

/** Every setting that is a secret or holds one. */
function settingsOf(canaries: Canaries) {
  const { plant } = canaries
  const masterKey = Buffer.from(plant('master key').slice(0, 32))
  canaries.watchBytes('first half of the master key', masterKey.subarray(0, 16))
  const [authority, signer] = [makeIdentity({ commonName: 'CA' }), makeIdentity({})]
  watchKey(canaries, 'key of the SCEP authority', createPrivateKey(authority.key))
  watchKey(canaries, 'key that signs profiles', createPrivateKey(signer.key))
  return {
    MUSTER_LOG_LEVEL: 'debug',
    MUSTER_ADMIN_TOKEN: plant('configured admin token'),
    MUSTER_ENROLL_SECRET: plant('configured enroll secret'),
    MUSTER_MASTER_KEY: masterKey.toString('base64'),
    MUSTER_DEVICE_AUTH: 'header',
    MUSTER_PROXIES: '127.0.0.1, ::1',
    MUSTER_PROXY_SECRET: plant('proxy secret'),
    MUSTER_SCEP_CHALLENGE: plant('static SCEP challenge'),
    MUSTER_CA_CERTIFICATE: authority.certificate,
    MUSTER_CA_KEY: authority.key,
    MUSTER_PROFILE_SIGNER: signer.certificate + signer.key,
    MUSTER_WEBHOOK_ALLOW: '127.0.0.1',
  } as const
}

const behindProxy = (secret: string, certificate?: Uint8Array) => ({
  'x-muster-proxy-secret': secret,
  ...(certificate && { 'client-cert': `:${Buffer.from(certificate).toString('base64')}:` }),
})

async function openEcho() {
  const heard: string[] = []
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const body = Buffer.concat(pieces).toString()
      const raw = /"raw_payload":\s*"([^"]+)"/.exec(body)?.[1] ?? ''
      const message = Buffer.from(raw, 'base64').toString('latin1')
      heard.push(message)
      // Of an answer only the beginning is kept: it begins with what must not be.
      const [, token = ''] = /<key>UnlockToken<\/key>\s*<data>\s*([^<]+)/.exec(message) ?? []
      const headers = JSON.stringify(request.headers)
      response.writeHead(token === '' ? 200 : 500).end(`no ${token.trim()} ${headers} ${body}`)
    })
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    heard,
    url: `http://127.0.0.1:${port}`,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** What an operator wants, done; fails when it was not. */
export async function done(scene: Scene, path: string, body: Json = {}): Promise<Json> {
  const { status, body: got } = await scene.operator().post(path, body)
  if (status !== 200 && status !== 201)
    throw new Error(
      `${path} was answered ${status}: ${JSON.stringify(got)} ${scene.said().err.slice(-1_500)}`,
    )
  return got
}
