import { readPlist } from '../protocol/plist/read.ts'
import { isDict } from '../protocol/plist/value.ts'
import type { Dict } from '../protocol/plist/value.ts'
import type { Result } from '../result.ts'
import { fail, ok } from '../result.ts'
import type { Finding } from './rules.ts'

/** A command as a device reads it. */
export type MdmCommand = {
  readonly commandUUID: string
  readonly requestType: string
  readonly command: Dict
  /** It must not be run twice blindly. */
  readonly unsafe: boolean
}

/** Reads the body of a 200 to a report: a command, or nothing to do. */
export function readCommand(body: Uint8Array): Result<MdmCommand | undefined, Finding> {
  if (body.length === 0) return ok(undefined)
  const read = readPlist(body)
  if (!read.ok) return unreadable(`${read.error.kind}: ${read.error.detail}`)
  const root = read.value
  const command = isDict(root) ? root['Command'] : undefined
  const commandUUID = isDict(root) ? root['CommandUUID'] : undefined
  const requestType = isDict(command) ? command['RequestType'] : undefined
  if (!isDict(command) || typeof commandUUID !== 'string' || typeof requestType !== 'string') {
    return unreadable('no CommandUUID or no Command with a RequestType')
  }
  return ok({ commandUUID, requestType, command, unsafe: isUnsafe(requestType, command) })
}

const unreadable = (detail: string): Result<never, Finding> =>
  fail({ rule: 'mdm-unreadable', detail })

/** Commands whose second run does harm, or changes a secret the first run already changed. */
const isUnsafe = (requestType: string, command: Dict): boolean =>
  unsafe.has(requestType) || (requestType === 'DeviceLock' && command['PIN'] !== undefined)

const unsafe: ReadonlySet<string> = new Set([
  'EraseDevice',
  'RotateFileVaultKey',
  'SetFirmwarePassword',
  'SetRecoveryLock',
  'SetAutoAdminPassword',
  'ClearPasscode',
  'RestartDevice',
  'ShutDownDevice',
  'ScheduleOSUpdate',
])
