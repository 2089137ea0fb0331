// A whole server without its socket: real store, real machines, devices that speak the wire.
import { pino } from 'pino'
import { afterAll } from 'vitest'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Config, readConfig } from '../../src/config/config.ts'
import type { Environment } from '../../src/config/setting.ts'
import { openServer, type Server } from '../../src/server.ts'
import { type Buildable, buildPlist } from '../../src/protocol/plist/build.ts'
import type { Role } from '../../src/http/auth.ts'

export type Json = { readonly [key: string]: unknown }

export type Answered = {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body as JSON; throws when it is none. */
  readonly json: () => Json
}

export type Asking = {
  readonly as?: Role | 'nobody'
  readonly method?: string
  /** Sent as JSON unless it is bytes or text. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export type HttpWorld = {
  readonly server: Server
  readonly secrets: { readonly admin: string; readonly viewer: string; readonly enroll: string }
  /** A request to any path of the server. */
  ask(path: string, asking?: Asking): Promise<Answered>
  /** A path below `/api/v1`, as an admin unless told otherwise. */
  api(path: string, asking?: Asking): Promise<Answered>
  /** What an MDM client sends and gets. */
  mdm(message: Readonly<Record<string, Buildable | undefined>>): Promise<Answered>
  /** A computer that has just enrolled; gives its host's id. */
  enrolled(mac: Mac): Promise<string>
  /** Devices as Apple's list has them. */
  assigned(...serials: readonly string[]): Promise<readonly string[]>
  /** Sends a command and gives its UUID. */
  sent(hostId: string, wish: Json): Promise<string>
  /** Waits until every push that was asked for has been told of: there is no certificate here, so none succeeds. */
  pushesTold(): Promise<void>
}

export type Mac = { readonly udid: string; readonly serial: string; readonly name?: string }

export const topic = 'com.apple.mgmt.External.5f6f7c2a'
/** Planted where the wire carries secrets: must never be seen again in clear. */
export const canary = 'CANARY-7f3a91'

/** For the whole file: opening takes its time. Gone after its last test. */
export async function openHttpWorld(env: Environment = {}): Promise<HttpWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'muster-test-'))
  const server = await openServer(
    configured({ MUSTER_DATA: folder, MUSTER_DEVICE_AUTH: 'none', ...env }),
    pino({ level: 'silent' }),
  )
  afterAll(async () => {
    server.closing()
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const secrets = {
    admin: await minted(server.tokens.create('an admin', { role: 'admin' })),
    viewer: await minted(server.tokens.create('a viewer', { role: 'viewer' })),
    enroll: await minted(server.enrollSecrets.create('agents', {})),
  }
  return worldOf(server, secrets)
}

/** As at a start with these variables. */
export function configured(env: Environment): Config {
  const config = readConfig({}, env)
  if (!config.ok) throw new Error(config.error)
  return config.value
}

async function minted(
  creating: Promise<{ readonly ok: boolean; readonly value?: { readonly secret: string } }>,
): Promise<string> {
  const { value } = await creating
  if (value === undefined) throw new Error('no secret was created')
  return value.secret
}

function worldOf(server: Server, secrets: HttpWorld['secrets']): HttpWorld {
  async function ask(path: string, asking: Asking = {}): Promise<Answered> {
    const response = await server.app.request(path, requestOf(asking, secrets))
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: () => JSON.parse(text) as Json,
    }
  }
  const api: HttpWorld['api'] = (path, asking) => ask(`/api/v1${path}`, { as: 'admin', ...asking })
  const mdm: HttpWorld['mdm'] = (message) =>
    ask('/mdm', {
      method: 'PUT',
      body: buildPlist(message),
      headers: {
        'content-type':
          'MessageType' in message
            ? 'application/x-apple-aspen-mdm-checkin'
            : 'application/x-apple-aspen-mdm',
      },
    })

  return {
    server,
    secrets,
    ask,
    api,
    mdm,
    async enrolled({ udid, serial, name = `mac-${serial}` }) {
      const identifiers = { UDID: udid, Topic: topic }
      await expected(
        200,
        mdm({
          ...identifiers,
          MessageType: 'Authenticate',
          SerialNumber: serial,
          DeviceName: name,
          Model: 'Mac16,1',
          OSVersion: '26.1',
        }),
      )
      await expected(
        200,
        mdm({
          ...identifiers,
          MessageType: 'TokenUpdate',
          Token: Buffer.from(`${canary}-token`),
          PushMagic: `${canary}-magic`,
          UnlockToken: Buffer.from(`${canary}-unlock`),
        }),
      )
      const host = await expected(200, api(`/hosts/${serial}`))
      return String(host.json()['id'])
    },
    async assigned(...serials) {
      const devices = serials.map((serial_number) => ({ serial_number, model: 'MacBook Pro' }))
      const seen = await expected(200, api('/dep/devices', { method: 'POST', body: { devices } }))
      return (seen.json()['items'] as readonly Json[]).map(({ host_id }) => String(host_id))
    },
    async sent(hostId, wish) {
      const sent = await api(`/hosts/${hostId}/commands`, { method: 'POST', body: wish })
      if (sent.status !== 201) throw new Error(`not sent: ${sent.text}`)
      return String(sent.json()['command_uuid'])
    },
    async pushesTold() {
      const { lookups } = server.keep.store
      while (lookups.nextOutboxAt() !== undefined)
        await new Promise((resolve) => setTimeout(resolve, 5))
    },
  }
}

function requestOf(
  { as = 'nobody', method = 'GET', body, headers }: Asking,
  secrets: HttpWorld['secrets'],
): RequestInit {
  const authorization = as === 'nobody' ? {} : { authorization: `Bearer ${secrets[as]}` }
  const wire = wireOf(body)
  return {
    method,
    headers: { ...authorization, ...wire.headers, ...headers },
    ...(wire.body !== undefined && { body: wire.body }),
  }
}

function wireOf(
  body: unknown,
): Pick<RequestInit, 'body'> & { readonly headers: Record<string, string> } {
  if (body === undefined || typeof body === 'string') return { headers: {}, body: body ?? null }
  if (body instanceof Uint8Array) return { headers: {}, body: Uint8Array.from(body) }
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

async function expected(status: number, asking: Promise<Answered>): Promise<Answered> {
  const answered = await asking
  if (answered.status === status) return answered
  throw new Error(`${answered.status} instead of ${status}: ${answered.text}`)
}
