// Which keys of Apple's commands hold data, so that a payload in JSON can say them as plain base64.
import type { Path } from '../plist/json.ts'

/**
 * By RequestType. No published command takes a date or a real.
 *
 * Source: Apple device-management, `mdm/commands`, release 27.0; see NOTICE.
 */
const dataKeys: Readonly<Record<string, readonly Path[]>> = {
  AccountConfiguration: ['AutoSetupAdminAccounts/*/passwordHash'],
  ClearPasscode: ['UnlockToken'],
  DeclarativeManagement: ['Data'],
  DeviceInformation: ['DeviceAttestationNonce'],
  EraseDevice: [
    'ReturnToService/WiFiProfileData',
    'ReturnToService/MDMProfileData',
    'ReturnToService/BootstrapToken',
  ],
  InstallEnterpriseApplication: ['ManifestURLPinningCerts/*'],
  InstallProfile: ['Payload'],
  InstallProvisioningProfile: ['ProvisioningProfile'],
  RotateFileVaultKey: [
    'FileVaultUnlock/PrivateKeyExport',
    'NewCertificate',
    'ReplyEncryptionCertificate',
  ],
  SetAutoAdminPassword: ['passwordHash'],
  Settings: ['Settings/*/Image'],
}

/** Whether a path of the payload holds data. Always false for commands that are not known here. */
export function isDataKey(requestType: string): (path: Path) => boolean {
  const paths = Object.hasOwn(dataKeys, requestType) ? dataKeys[requestType] : undefined
  return (path) => paths?.includes(path) ?? false
}
