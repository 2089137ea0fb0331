import { buildPlist, type Buildable } from '../../src/protocol/plist/build.ts'
import { isDict } from '../../src/protocol/plist/value.ts'
import type { Operator } from './operator.ts'
import { checkinType, exchange, type Got, harms, jsonOf, plistOf, reportType } from './wire.ts'

type Keys = Readonly<Record<string, Buildable | undefined>>
type Said = Readonly<Record<string, unknown>>

/** What a computer heard after a report: a command, or nothing. */
type Offered = { readonly uuid: string; readonly command: Said } | undefined

/** A Mac as three protocols know it. Every answer is checked for what would harm a client. */
export type Computer = {
  readonly serial: string
  readonly uuid: string
  /** What a proxy in front adds to its MDM messages. */
  readonly headers: Readonly<Record<string, string>>
  checkin(type: string, keys?: Keys): Promise<Got>
  /** Authenticate and TokenUpdate, as an enrolment has them. */
  enrolInMdm(): Promise<void>
  enrolUser(userId: string): Promise<void>
  idle(user?: string): Promise<Offered>
  report(status: string, uuid: string, keys?: Keys): Promise<Offered>
  /** Resolves to the node key. A sparse agent has not the rights to read the serial. */
  enrolInOsquery(how?: { readonly instance?: string; readonly sparse?: boolean }): Promise<string>
  agent(route: string, body: Said): Promise<Said>
  assign(operator: Operator): Promise<void>
}

export type Identity = { readonly serial: string; readonly uuid: string }

/** Invented, and never the same twice in one server. */
export function identity(number: number): Identity {
  const tail = String(number).padStart(4, '0')
  return { serial: `C02E2E${tail}`, uuid: `4A1C7B2E-9F30-4D56-8E71-6B0D2C3E${tail}` }
}

type Given = Identity & {
  readonly url: string
  readonly enrollSecret: string
  /** What a proxy in front adds to its MDM messages. */
  readonly headers?: Readonly<Record<string, string>>
  /** Replaces the invented push token and such. */
  readonly secrets?: {
    readonly token: Uint8Array
    readonly magic: string
    readonly unlock: Uint8Array
  }
}

export function createComputer(given: Given): Computer {
  const { url, serial, uuid, enrollSecret, headers = {} } = given
  const secrets = given.secrets ?? {
    token: Buffer.alloc(32, 7),
    magic: 'magic',
    unlock: Buffer.alloc(16, 3),
  }

  async function put(type: string, keys: Keys): Promise<Got> {
    const got = await exchange(url, {
      path: '/mdm',
      headers: { 'content-type': type, ...headers },
      body: buildPlist({ UDID: uuid, ...keys }),
    })
    const harm = harms(got)
    if (harm.length > 0) throw new Error(`an answer that harms a client: ${harm.join(', ')}`)
    return got
  }

  const checkin: Computer['checkin'] = (MessageType, keys = {}) =>
    put(checkinType, { Topic: 'com.apple.mgmt.e2e', ...keys, MessageType })

  async function conversation(keys: Keys): Promise<Offered> {
    const got = await put(reportType, keys)
    if (got.status !== 200) throw new Error(`a report was answered ${got.status}`)
    if (got.body.length === 0) return undefined
    const { CommandUUID, Command } = plistOf(got)
    if (typeof CommandUUID !== 'string' || !isDict(Command)) throw new Error('not a command')
    return { uuid: CommandUUID, command: Command }
  }

  async function agent(route: string, body: Said): Promise<Said> {
    const got = await exchange(url, {
      method: 'POST',
      path: `/api/osquery/${route}`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return jsonOf(got)
  }

  return {
    serial,
    uuid,
    headers,
    checkin,
    agent,
    async enrolInMdm() {
      await must(checkin('Authenticate', { ...authenticateKeys, SerialNumber: serial }))
      await must(
        checkin('TokenUpdate', {
          Token: secrets.token,
          PushMagic: secrets.magic,
          UnlockToken: secrets.unlock,
        }),
      )
    },
    async enrolUser(UserID) {
      await must(
        checkin('TokenUpdate', {
          Token: secrets.token,
          PushMagic: secrets.magic,
          UserID,
          UserLongName: 'Erika Mustermann',
          UserShortName: 'erika',
        }),
      )
    },
    idle: (UserID) => conversation({ Status: 'Idle', UserID }),
    report: (Status, CommandUUID, keys = {}) => conversation({ ...keys, Status, CommandUUID }),
    async enrolInOsquery({ instance = `instance-of-${serial}`, sparse = false } = {}) {
      const answer = await agent('enroll', {
        enroll_secret: enrollSecret,
        host_identifier: uuid,
        platform_type: '21',
        host_details: {
          os_version: { name: 'macOS', version: '15.5', platform: 'darwin' },
          osquery_info: { version: '5.23.1', uuid, instance_id: instance },
          system_info: {
            hostname: `mac-${serial}`,
            uuid,
            hardware_serial: sparse ? '' : serial,
          },
        },
      })
      if (typeof answer['node_key'] !== 'string')
        throw new Error(`no node key: ${JSON.stringify(answer)}`)
      return answer['node_key']
    },
    async assign(operator) {
      const { status, body } = await operator.post('/dep/devices', {
        devices: [
          {
            serial_number: serial,
            model: 'MacBook Pro',
            profile_status: 'assigned',
            op_type: 'added',
          },
        ],
      })
      if (status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`)
    },
  }
}

const authenticateKeys = {
  BuildVersion: '24F74',
  DeviceName: 'Testrechner',
  Model: 'Mac15,6',
  ModelName: 'MacBook Pro',
  OSVersion: '15.5',
  ProductName: 'Mac15,6',
}

async function must(answer: Promise<Got>): Promise<void> {
  const { status } = await answer
  if (status !== 200) throw new Error(`answered ${status}`)
}
