import { isArray, isBytes } from '../protocol/plist/value.ts'
import type { Dict } from '../protocol/plist/value.ts'
import { installedApps } from './apps.ts'
import type { Device } from './device.ts'
import type { PlistKeys } from './mdm-messages.ts'

/**
 * Runs a command on a device: changes what it holds and gives the keys its report carries.
 *
 * What is not in the table only answers Acknowledged, as most of Apple's commands do.
 */
export function run(requestType: string, command: Dict, device: Device): PlistKeys {
  const act = Object.hasOwn(acts, requestType) ? acts[requestType] : undefined
  return act?.(device, command) ?? {}
}

type Act = (device: Device, command: Dict) => PlistKeys | undefined

const acts: Readonly<Record<string, Act>> = {
  DeviceInformation: (device, { Queries }) => ({ QueryResponses: answersTo(device, Queries) }),
  SecurityInfo: (device) => ({ SecurityInfo: securityOf(device) }),
  InstalledApplicationList: ({ chance }) => ({ InstalledApplicationList: installedApps(chance) }),
  ProfileList: ({ profiles }) => ({
    ProfileList: profiles.map(({ identifier, uuid, name }) => ({
      PayloadIdentifier: identifier,
      PayloadUUID: uuid,
      PayloadDisplayName: name,
      PayloadVersion: 1,
      PayloadRemovalDisallowed: false,
      HasRemovalPasscode: false,
      IsEncrypted: false,
      IsManaged: true,
      PayloadContent: [],
    })),
  }),
  CertificateList: ({ identity, chance }) => ({
    CertificateList: [
      {
        CommonName: `${identity.hostname} identity`,
        IsIdentity: true,
        // Nobody parses it yet; the size is that of a real one.
        Data: chance.fork('certificate').bytes(900),
      },
    ],
  }),
  UserList: ({ identity: { person } }) => ({
    Users: [
      {
        UserName: person.shortName,
        FullName: person.longName,
        UserGUID: person.guid,
        UID: 501,
        IsLoggedIn: true,
        MobileAccount: false,
        HasSecureToken: true,
      },
    ],
  }),
  InstallProfile: (device, { Payload }) => install(device, Payload),
  RemoveProfile: (device, { Identifier }) => {
    device.profiles = device.profiles.filter(({ identifier }) => identifier !== Identifier)
    return undefined
  },
  InstallApplication: (_, { Identifier, iTunesStoreID }) => ({
    Identifier: typeof Identifier === 'string' ? Identifier : `store.${storeIdOf(iTunesStoreID)}`,
    State: 'Installing',
  }),
  DeviceLock: () => ({ MessageResult: 'Success' }),
  SetRecoveryLock: (device) => {
    device.recoveryLocked = true
    return undefined
  },
  VerifyRecoveryLock: ({ recoveryLocked }) => ({ PasswordVerified: recoveryLocked }),
  Settings: (_, { Settings }) => ({
    Settings: isArray(Settings) ? Settings.map(() => ({ Status: 'Acknowledged' })) : [],
  }),
  DeviceConfigured: (device) => {
    device.awaitingConfiguration = false
    return undefined
  },
  DeclarativeManagement: ({ wants }) => {
    wants.declarations = true
    return undefined
  },
  EraseDevice: ({ wants }) => {
    wants.erase = true
    return undefined
  },
  RestartDevice: restart,
  ShutDownDevice: restart,
}

const storeIdOf = (id: Dict[string] | undefined): number => (typeof id === 'number' ? id : 0)

function restart({ wants }: Device): undefined {
  wants.restart = true
}

/** Answers what was asked and is known; devices leave out the rest. */
function answersTo(device: Device, queries: Dict[string] | undefined): PlistKeys {
  const known = facts(device)
  const asked = isArray(queries) ? queries : Object.keys(known)
  return Object.fromEntries(
    asked.flatMap((query) =>
      typeof query === 'string' && Object.hasOwn(known, query) ? [[query, known[query]]] : [],
    ),
  )
}

function facts({ identity, supervised, chance }: Device): PlistKeys {
  const { hardware, os, serial, mdm } = identity
  const draw = chance.fork('facts')
  return {
    UDID: mdm?.UDID,
    SerialNumber: serial,
    DeviceName: identity.deviceName,
    HostName: identity.kind === 'mac' ? identity.hostname : undefined,
    OSVersion: os.version,
    BuildVersion: os.build,
    ModelName: hardware.modelName,
    Model: hardware.model,
    ProductName: hardware.model,
    DeviceCapacity: 494.38,
    AvailableDeviceCapacity: draw.integer(200, 4_500) / 10,
    BatteryLevel: draw.integer(5, 100) / 100,
    IsSupervised: supervised,
    IsActivationLockEnabled: false,
    IsDeviceLocatorServiceEnabled: false,
    IsAppleSilicon: identity.kind === 'mac' ? true : undefined,
    WiFiMAC: `3c:06:30:${draw.text('0123456789abcdef', 2)}:${draw.text('0123456789abcdef', 2)}:0${draw.integer(0, 9)}`,
    TimeZone: 'Europe/Berlin',
  }
}

const securityOf = ({ identity, supervised, recoveryLocked, chance }: Device): PlistKeys =>
  identity.kind === 'mac'
    ? {
        FDE_Enabled: chance.fork('filevault').happens(0.9),
        FDE_HasPersonalRecoveryKey: true,
        SystemIntegrityProtectionEnabled: true,
        FirewallSettings: { FirewallEnabled: true, BlockAllIncoming: false, StealthMode: false },
        IsRecoveryLockEnabled: recoveryLocked,
        AuthenticatedRootVolumeEnabled: true,
        ManagementStatus: {
          EnrolledViaDEP: supervised,
          UserApprovedEnrollment: true,
          IsUserEnrollment: false,
        },
      }
    : { HardwareEncryptionCaps: 3, PasscodePresent: true, PasscodeCompliant: true }

/** Profiles beyond this push the oldest out: nobody installs so many, and memory must end somewhere. */
const profilesMax = 50

function install(device: Device, payload: Dict[string] | undefined): undefined {
  const text = isBytes(payload) ? Buffer.from(payload).toString('utf8') : ''
  const identifier = valueOf(text, 'PayloadIdentifier') ?? 'unnamed.profile'
  const kept = device.profiles.filter((profile) => profile.identifier !== identifier)
  const uuid = valueOf(text, 'PayloadUUID') ?? device.chance.uuid()
  const name = valueOf(text, 'PayloadDisplayName') ?? identifier
  device.profiles = [...kept, { identifier, uuid, name }].slice(-profilesMax)
}

/** The last such key: in a profile the outer dictionary's keys follow `PayloadContent`. */
function valueOf(profile: string, key: string): string | undefined {
  return [...profile.matchAll(new RegExp(`<key>${key}</key>\\s*<string>([^<]*)</string>`, 'g'))].at(
    -1,
  )?.[1]
}
