// A morning of one computer and its operator, as requests in the words of each audience.
import { createHash } from 'node:crypto'
import { type Buildable, buildPlist } from '../../src/protocol/plist/build.ts'

export type Audience = 'mdm' | 'osquery' | 'api' | 'scripts' | 'page'

export type Step = {
  readonly name: string
  readonly audience: Audience
  readonly path: string
  readonly init: RequestInit
}

export type Secrets = { readonly admin: string; readonly enroll: string; readonly cookie: string }

/** What a step knows of those before it: the agent's key. */
export type Past = { nodeKey: string }

/** A version of UUID that only this computer has. */
const uuidOf = (nth: number, kind: string): string => {
  const hex = createHash('sha256').update(`${kind} ${nth}`).digest('hex').toUpperCase()
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `A${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-')
}

const checkinType = 'application/x-apple-aspen-mdm-checkin'
const reportType = 'application/x-apple-aspen-mdm'

export function morningOf(nth: number, secrets: Secrets): readonly ((past: Past) => Step)[] {
  const udid = uuidOf(nth, 'udid')
  const command = uuidOf(nth, 'command')
  const another = uuidOf(nth, 'another')
  const serial = `C02R${String(nth).padStart(6, '0')}`
  const mdm =
    (name: string, type: string, said: Readonly<Record<string, Buildable>>) => (): Step => ({
      name,
      audience: 'mdm',
      path: '/mdm',
      init: {
        method: 'PUT',
        headers: { 'content-type': type },
        body: buildPlist({ UDID: udid, ...said }),
      },
    })
  const agent =
    (route: string, said: (past: Past) => object) =>
    (past: Past): Step => ({
      name: `agent: ${route}`,
      audience: 'osquery',
      path: `/api/osquery/${route}`,
      init: { method: 'POST', body: JSON.stringify(said(past)) },
    })
  const api = (method: string, path: string, body?: object) => (): Step => ({
    name: `${method} ${path}`,
    audience: 'api',
    path: `/api/v1${path}`,
    init: {
      method,
      headers: { authorization: `Bearer ${secrets.admin}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    },
  })
  const page = (path: string) => (): Step => ({
    name: `page ${path}`,
    audience: 'page',
    path,
    init: { headers: { cookie: secrets.cookie } },
  })
  const checkin = (MessageType: string, more: Readonly<Record<string, Buildable>> = {}) =>
    mdm(MessageType, checkinType, { MessageType, Topic: 'com.apple.mgmt.External.trap', ...more })
  return [
    api('POST', '/dep/devices', { devices: [{ serial_number: serial, model: 'MacBook Pro' }] }),
    checkin('Authenticate', { SerialNumber: serial, DeviceName: `mac ${nth}`, Model: 'Mac16,1' }),
    checkin('TokenUpdate', {
      Token: Buffer.alloc(32, 7),
      PushMagic: 'magic',
      UnlockToken: Buffer.alloc(64, 8),
    }),
    checkin('SetBootstrapToken', { BootstrapToken: Buffer.alloc(64, 9) }),
    checkin('GetBootstrapToken'),
    agent('enroll', () => ({
      enroll_secret: secrets.enroll,
      host_identifier: udid,
      host_details: { system_info: { uuid: udid, hardware_serial: serial } },
    })),
    agent('config', ({ nodeKey }) => ({ node_key: nodeKey })),
    agent('distributed/read', ({ nodeKey }) => ({ node_key: nodeKey })),
    agent('distributed/write', ({ nodeKey }) => ({
      node_key: nodeKey,
      queries: { 'muster:os_version': [{ name: 'macOS', version: '26.1', platform: 'darwin' }] },
      statuses: { 'muster:os_version': 0 },
    })),
    agent('log', ({ nodeKey }) => ({
      node_key: nodeKey,
      log_type: 'result',
      data: [{ name: 'pack', action: 'added', columns: { n: String(nth) } }],
    })),
    api('POST', `/hosts/${serial}/commands`, {
      request_type: 'DeviceInformation',
      command_uuid: command,
      payload: { Queries: ['OSVersion'] },
    }),
    mdm('Idle', reportType, { Status: 'Idle' }),
    mdm('Acknowledged', reportType, {
      Status: 'Acknowledged',
      CommandUUID: command,
      QueryResponses: { OSVersion: '26.1', DeviceName: `mac ${nth}` },
    }),
    () => ({
      name: 'a script enqueues',
      audience: 'scripts',
      path: `/v1/enqueue/${udid}?nopush=1`,
      init: {
        method: 'PUT',
        headers: {
          authorization: `Basic ${Buffer.from(`nanomdm:${secrets.admin}`).toString('base64')}`,
        },
        body: buildPlist({ CommandUUID: another, Command: { RequestType: 'ProfileList' } }),
      },
    }),
    mdm('NotNow', reportType, { Status: 'NotNow', CommandUUID: another }),
    api('GET', `/hosts?q=${serial}`),
    api('GET', `/hosts/${serial}`),
    api('GET', `/hosts/${serial}/journal`),
    api('GET', `/commands/${command}`),
    api('GET', `/commands?host=${serial}`),
    page(`/commands/${command}`),
    api('DELETE', `/hosts/${serial}`),
  ]
}
