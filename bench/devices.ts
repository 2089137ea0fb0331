// Computers as the benchmarks need them: alike, numbered, and silent until told to speak.
import { type Buildable, buildPlist } from '../src/protocol/plist/build.ts'

type Keys = Readonly<Record<string, Buildable>>

export type Call = {
  readonly method: 'POST' | 'PUT' | 'GET'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export const serialOf = (nth: number): string => `C02B${String(nth).padStart(8, '0')}`

export const uuidOf = (nth: number): string =>
  `564D1000-0000-4000-8000-${nth.toString(16).toUpperCase().padStart(12, '0')}`

const put = (type: string, body: string): Call => ({
  method: 'PUT',
  path: '/mdm',
  headers: { 'Content-Type': type },
  body,
})

const checkin = (nth: number, keys: Keys): Call =>
  put(
    'application/x-apple-aspen-mdm-checkin',
    buildPlist({ UDID: uuidOf(nth), Topic: 'com.apple.mgmt.External.bench', ...keys }),
  )

export const authenticate = (nth: number): Call =>
  checkin(nth, {
    MessageType: 'Authenticate',
    SerialNumber: serialOf(nth),
    DeviceName: `bench-${nth}`,
    Model: 'MacBookPro18,3',
    ModelName: 'MacBook Pro',
    OSVersion: '15.5',
    BuildVersion: '24F74',
    ProductName: 'MacBookPro18,3',
  })

export const tokenUpdate = (nth: number): Call =>
  checkin(nth, {
    MessageType: 'TokenUpdate',
    PushMagic: uuidOf(nth + 0x10_0000),
    Token: new Uint8Array(32).fill(nth % 256),
    AwaitingConfiguration: false,
  })

const report = (nth: number, keys: Keys): Call =>
  put('application/x-apple-aspen-mdm', buildPlist({ UDID: uuidOf(nth), ...keys }))

export const idle = (nth: number): Call => report(nth, { Status: 'Idle' })

/** A short result, as most are. */
export const acknowledged = (nth: number, CommandUUID: string): Call =>
  report(nth, {
    Status: 'Acknowledged',
    CommandUUID,
    QueryResponses: { DeviceName: `bench-${nth}`, OSVersion: '15.5', IsSupervised: true },
  })

const post = (path: string, value: object): Call => ({
  method: 'POST',
  path: `/api/osquery/${path}`,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(value),
})

export const enroll = (nth: number, enroll_secret: string): Call =>
  post('enroll', {
    enroll_secret,
    host_identifier: uuidOf(nth),
    platform_type: '21',
    host_details: {
      os_version: { name: 'macOS', version: '15.5.0', build: '24F74', platform: 'darwin' },
      osquery_info: { version: '5.16.0', instance_id: uuidOf(nth + 0x20_0000) },
      system_info: {
        uuid: uuidOf(nth),
        hardware_serial: serialOf(nth),
        hardware_model: 'MacBookPro18,3',
        hostname: `bench-${nth}`,
        computer_name: `bench-${nth}`,
      },
    },
  })

export const distributedRead = (node_key: string): Call => post('distributed/read', { node_key })
