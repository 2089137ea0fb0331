// What devices say when all is well, from the first word to the last.
import { buildPlist } from '../../../src/protocol/plist/build.ts'
import { type Computer, computers, type Keys } from './computers.ts'

export type Message = {
  readonly name: string
  readonly as: 'checkin' | 'report'
  readonly bytes: Uint8Array
}

const said = (name: string, as: Message['as'], keys: Keys): Message => ({
  name,
  as,
  bytes: new TextEncoder().encode(buildPlist(keys)),
})

/** One device's or user's messages, in an order in which each is taken. */
function messagesOf({ name, ids, about, user }: Computer): readonly Message[] {
  const who = { ...ids, ...user }
  const report = (what: string, keys: Keys): Message =>
    said(`${name}: ${what}`, 'report', { ...who, ...keys })
  const push = {
    Topic: about['Topic'] ?? '',
    Token: new Uint8Array(32).fill(7),
    PushMagic: 'MAGIC-1',
  }
  const device: readonly Message[] = [
    said(`${name}: Authenticate`, 'checkin', { MessageType: 'Authenticate', ...ids, ...about }),
    said(`${name}: TokenUpdate`, 'checkin', { MessageType: 'TokenUpdate', ...ids, ...push }),
  ]
  const first = { MessageType: 'TokenUpdate', ...who, ...push }
  const token = user === undefined ? [] : [said(`${name}: its TokenUpdate`, 'checkin', first)]
  return [...device, ...token, ...results.map(([what, keys]) => report(what, keys))]
}

const done = (CommandUUID: string, keys: Keys): Keys => ({
  Status: 'Acknowledged',
  CommandUUID,
  ...keys,
})

/** Reports as Apple documents them, of commands that nobody here sent: kept, and answered with nothing. */
const results: readonly (readonly [string, Keys])[] = [
  ['Idle', { Status: 'Idle' }],
  ['NotNow', { Status: 'NotNow', CommandUUID: 'valid-not-now' }],
  [
    'DeviceInformation',
    done('valid-information', {
      QueryResponses: {
        DeviceName: 'Mac',
        OSVersion: '26.1',
        DeviceCapacity: 494.384795,
        AvailableDeviceCapacity: 121.5,
        IsSupervised: true,
        OSUpdateSettings: { AutomaticCheckEnabled: true, CatalogURL: '' },
        ServiceSubscriptions: [{ Slot: 'CTSubscriptionSlotOne', IMEI: '35 0' }],
        WiFiMAC: 'a4:83:e7:00:00:01',
        BatteryLevel: -1,
      },
    }),
  ],
  [
    'InstalledApplicationList',
    done('valid-apps', {
      InstalledApplicationList: Array.from({ length: 40 }, (_, nth) => ({
        Identifier: `com.example.app-${nth}`,
        Name: `App & Co. <${nth}>`,
        ShortVersion: `1.${nth}`,
        BundleSize: 9_007_199_254_740_993n,
        Installing: false,
        ExternalVersionIdentifier: 0,
      })),
    }),
  ],
  [
    'ProfileList',
    done('valid-profiles', {
      ProfileList: [
        {
          HasRemovalPasscode: false,
          IsEncrypted: false,
          PayloadIdentifier: 'com.example.wifi',
          PayloadVersion: 1,
          PayloadContent: [{ PayloadType: 'com.apple.wifi.managed', PayloadVersion: 1 }],
          SignerCertificates: [new Uint8Array(900).fill(48)],
        },
      ],
    }),
  ],
  [
    'CertificateList',
    done('valid-certificates', {
      CertificateList: [
        { CommonName: 'Identity', Data: new Uint8Array(1_200).fill(48), IsIdentity: true },
      ],
    }),
  ],
  [
    'SecurityInfo',
    done('valid-security', {
      SecurityInfo: {
        FDE_Enabled: true,
        FDE_HasPersonalRecoveryKey: true,
        FirewallSettings: { FirewallEnabled: true, Applications: [] },
        SecureBoot: { SecureBootLevel: 'full', ReducedSecurity: {} },
      },
    }),
  ],
  [
    'Error',
    {
      Status: 'Error',
      CommandUUID: 'valid-error',
      ErrorChain: [
        {
          ErrorCode: 12_026,
          ErrorDomain: 'MCMDMErrorDomain',
          LocalizedDescription: 'Der Befehl „X“ ist ungültig.',
          USEnglishDescription: 'The command “X” is not valid.',
        },
        { ErrorCode: -1, ErrorDomain: 'NSURLErrorDomain', LocalizedDescription: '' },
      ],
    },
  ],
  ['CommandFormatError', { Status: 'CommandFormatError', CommandUUID: 'valid-format-error' }],
]

export const validMessages: readonly Message[] = computers.flatMap(messagesOf)
