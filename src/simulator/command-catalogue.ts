import type { Json } from '../protocol/osquery/json.ts'
import { buildPlist } from '../protocol/plist/build.ts'
import type { Chance } from './chance.ts'
import type { ComputerKind } from './hardware.ts'

/** A command an operator may think of, in the API's words. */
export type Wish = { readonly request_type: string; readonly payload?: Json }

/** Draws a command that fits the computer: mostly questions, now and then something that changes it. */
export function drawWish(kind: ComputerKind, awaits: boolean, chance: Chance): Wish {
  if (awaits && chance.happens(0.5)) return { request_type: 'DeviceConfigured' }
  const fitting = catalogue.filter(({ kinds }) => kinds === undefined || kinds.includes(kind))
  let rest = chance.fraction() * fitting.reduce((sum, { weight }) => sum + weight, 0)
  for (const { weight, wish } of fitting) {
    rest -= weight
    if (rest < 0) return wish(chance)
  }
  return { request_type: 'SecurityInfo' }
}

type Entry = {
  readonly weight: number
  /** Who can do it; all when absent. */
  readonly kinds?: readonly ComputerKind[]
  readonly wish: (chance: Chance) => Wish
}

const plain =
  (request_type: string): Entry['wish'] =>
  () => ({ request_type })
const companyOwned = ['mac', 'ipad', 'iphone'] as const

const catalogue: readonly Entry[] = [
  {
    weight: 30,
    wish: () => ({
      request_type: 'DeviceInformation',
      payload: {
        Queries: [
          'DeviceName',
          'OSVersion',
          'BuildVersion',
          'ModelName',
          'IsSupervised',
          'BatteryLevel',
        ],
      },
    }),
  },
  { weight: 18, wish: plain('SecurityInfo') },
  { weight: 12, wish: plain('InstalledApplicationList') },
  { weight: 12, wish: plain('ProfileList') },
  { weight: 6, wish: plain('CertificateList') },
  { weight: 6, kinds: ['mac'], wish: plain('UserList') },
  { weight: 8, wish: plain('DeclarativeManagement') },
  {
    weight: 12,
    wish: (chance) => ({
      request_type: 'InstallProfile',
      payload: { Payload: { $data: profileFor(chance).toString('base64') } },
    }),
  },
  {
    weight: 3,
    wish: (chance) => ({
      request_type: 'RemoveProfile',
      payload: { Identifier: chance.pick(profiles).identifier },
    }),
  },
  {
    weight: 4,
    wish: (chance) => ({
      request_type: 'InstallApplication',
      payload: { iTunesStoreID: chance.integer(400_000_000, 999_999_999), ManagementFlags: 1 },
    }),
  },
  {
    weight: 4,
    wish: (chance) => ({
      request_type: 'Settings',
      payload: {
        Settings: [{ Item: 'DeviceName', DeviceName: `Loaner ${chance.integer(1, 99)}` }],
      },
    }),
  },
  {
    weight: 3,
    kinds: companyOwned,
    wish: (chance) => ({
      request_type: 'DeviceLock',
      payload: { Message: 'Please call the service desk', PIN: chance.text('0123456789', 6) },
    }),
  },
  { weight: 3, kinds: ['mac'], wish: plain('RestartDevice') },
  {
    weight: 2,
    kinds: ['mac'],
    wish: (chance) => ({
      request_type: 'SetRecoveryLock',
      payload: { NewPassword: chance.text('abcdefghjkmnpqrstuvwxyz23456789', 14) },
    }),
  },
  {
    weight: 1,
    kinds: companyOwned,
    wish: (chance) => ({
      request_type: 'EraseDevice',
      payload: { PIN: chance.text('0123456789', 6) },
    }),
  },
]

const profiles = [
  { identifier: 'com.example.wifi', name: 'Office Wi-Fi', type: 'com.apple.wifi.managed' },
  {
    identifier: 'com.example.passcode',
    name: 'Passcode rules',
    type: 'com.apple.mobiledevice.passwordpolicy',
  },
  { identifier: 'com.example.firewall', name: 'Firewall', type: 'com.apple.security.firewall' },
] as const

function profileFor(chance: Chance): Buffer {
  const { identifier, name, type } = chance.pick(profiles)
  return Buffer.from(
    buildPlist({
      PayloadContent: [
        {
          PayloadType: type,
          PayloadVersion: 1,
          PayloadIdentifier: `${identifier}.1`,
          PayloadUUID: chance.uuid(),
        },
      ],
      PayloadDisplayName: name,
      PayloadIdentifier: identifier,
      PayloadType: 'Configuration',
      PayloadUUID: chance.uuid(),
      PayloadVersion: 1,
    }),
  )
}
