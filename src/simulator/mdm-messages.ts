import { buildPlist } from '../protocol/plist/build.ts'
import type { Buildable } from '../protocol/plist/build.ts'
import type { Identity } from './identity.ts'
import type { WireRequest } from './wire.ts'

/** Check-in messages and reports as Macs, iPads and iPhones write them. Keys are Apple's. */
export type PlistKeys = Readonly<Record<string, Buildable | undefined>>

export const checkin = (MessageType: string, keys: PlistKeys): WireRequest => ({
  kind: `mdm.${MessageType}`,
  method: 'PUT',
  path: '/mdm',
  headers: { 'content-type': 'application/x-apple-aspen-mdm-checkin', 'user-agent': mdmClient },
  body: buildPlist({ ...keys, MessageType }),
})

export const report = (Status: string, keys: PlistKeys): WireRequest => ({
  kind: `mdm.${Status}`,
  method: 'PUT',
  path: '/mdm',
  headers: {
    'content-type': 'application/x-apple-aspen-mdm; charset=UTF-8',
    'user-agent': mdmClient,
  },
  body: buildPlist({ ...keys, Status }),
})

const mdmClient = 'MDM/1.0'

/** What an Authenticate adds to the identifiers. Personal phones say neither name nor serial. */
export function authenticateKeys(identity: Identity, topic: string): PlistKeys {
  const { hardware, os } = identity
  const common = {
    Topic: topic,
    BuildVersion: os.build,
    OSVersion: os.version,
    ProductName: hardware.model,
  }
  if (identity.kind === 'personal') return common
  return identity.kind === 'mac'
    ? {
        ...common,
        SerialNumber: identity.serial,
        DeviceName: identity.deviceName,
        Model: hardware.model,
        ModelName: hardware.modelName,
      }
    : { ...common, SerialNumber: identity.serial, DeviceName: identity.deviceName }
}

/** Bodies no server can read, each with the content type it claims. All must be answered 400. */
export const malformedMessages = (
  identifiers: PlistKeys,
): readonly [WireRequest, ...WireRequest[]] => [
  { ...malformed, body: 'MessageType=Authenticate' },
  { ...malformed, body: '<?xml version="1.0"?><plist version="1.0"><dict><key>UDID' },
  { ...malformed, body: buildPlist({ ...identifiers, MessageType: 'TeleportDevice' }) },
  { ...malformed, body: buildPlist({ MessageType: 'CheckOut', Topic: 'com.apple.mgmt.x' }) },
  { ...malformed, body: buildPlist(['Authenticate']) },
  { ...report('Idle', identifiers), kind: 'mdm.malformed', body: buildPlist(identifiers) },
  { ...malformed, body: `${'<array>'.repeat(20_000)}` },
]

const malformed: WireRequest = { ...checkin('Idle', {}), kind: 'mdm.malformed' }
