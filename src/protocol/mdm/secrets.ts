import {
  type Dict,
  emptyDict,
  isArray,
  isBytes,
  isDate,
  isWholeReal,
  type PlistValue,
} from '../plist/value.ts'

/** What stands where a secret stood. */
export const secretMark = '[secret]'

/**
 * A message, payload or result without its secrets: each becomes `[secret]`, at any depth. `redacted` says how
 * many; with 0 the value is as public as it came.
 */
export function redact(value: PlistValue): {
  readonly value: PlistValue
  readonly redacted: number
} {
  const found: string[] = []
  return { value: cleared(value, '', found), redacted: found.length }
}

/** Where the secrets are, as JSON pointers (RFC 6901), for whoever keeps them encrypted. */
export function secretPaths(value: PlistValue): readonly string[] {
  const found: string[] = []
  cleared(value, '', found)
  return found
}

function cleared(value: PlistValue, pointer: string, found: string[]): PlistValue {
  if (typeof value !== 'object' || isBytes(value) || isDate(value) || isWholeReal(value))
    return value
  if (isArray(value)) {
    return value.map((item, index) => cleared(item, `${pointer}/${index}`, found))
  }
  return clearedDict(value, pointer, found)
}

function clearedDict(dict: Dict, pointer: string, found: string[]): Dict {
  const open = emptyDict()
  for (const [key, value] of Object.entries(dict)) {
    const within = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
    if (isSecret(key, value)) {
      found.push(within)
      open[key] = secretMark
    } else {
      open[key] = cleared(value, within, found)
    }
  }
  return open
}

/** By key alone, whatever the message: a PIN is a PIN. A boolean only says whether there is one. */
const isSecret = (key: string, value: PlistValue): boolean =>
  typeof value !== 'boolean' && (secretKeys.has(key) || (key === 'Payload' && isBytes(value)))

/**
 * Keys that hold a secret in some check-in, command or result. A profile (`Payload` of InstallProfile) may
 * carry Wi-Fi and account passwords, so its bytes count as one.
 */
const secretKeys: ReadonlySet<string> = new Set([
  // Check-ins and our answers to them
  'Token',
  'PushMagic',
  'UnlockToken',
  'BootstrapToken',
  'DigestChallenge',
  'DigestResponse',
  'AuthToken',
  'SecurityToken',
  'TokenData',
  'WiFiProfileData',
  'MDMProfileData',
  // Command payloads
  'PIN',
  'Password',
  'NewPassword',
  'CurrentPassword',
  'passwordHash',
  'FileVaultUnlock',
  'PrivateKeyExport',
  'PrivateKeyExportPassword',
  'RedemptionCode',
  'AppleCareToken',
  // Results
  'ActivationLockBypassCode',
  'EncryptedNewRecoveryKey',
  'FDE_PersonalRecoveryKeyCMS',
  'PersonalRecoveryKey',
  'PushToken',
  'RecoveryKey',
])
