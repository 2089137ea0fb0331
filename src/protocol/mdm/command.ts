import { fail, ok, type Result } from '../../result.ts'
import { buildPlist } from '../plist/build.ts'
import { keptLimits } from '../plist/limits.ts'
import { type Dict, dictOf } from '../plist/value.ts'
import { readBody } from './body.ts'
import { commandUuidRule, isCommandUuid } from './command-uuid.ts'
import { readFields } from './fields.ts'
import type { MessageFault } from './message-fault.ts'

/** A command as it goes to a device; `payload` holds the keys of `Command` beside `RequestType`. */
export type Command = {
  readonly commandUUID: string
  readonly requestType: string
  readonly payload: Dict
}

/** Writes the XML property list a device is answered with. The payload has no RequestType of its own. */
export function buildCommand({ commandUUID, requestType, payload }: Command): Uint8Array {
  const command = dictOf({ ...payload, RequestType: requestType })
  const xml = buildPlist({ Command: command, CommandUUID: commandUUID })
  return new TextEncoder().encode(xml)
}

/** A command an operator wrote as a property list; without a CommandUUID we choose one. */
export type GivenCommand = Omit<Command, 'commandUUID'> & { readonly commandUUID?: string }

/** Reads a raw command, XML or binary. Fails: malformed body, no RequestType, a CommandUUID not of our form. */
export function readCommand(body: Dict | Uint8Array): Result<GivenCommand, MessageFault> {
  const read = readBody(body, keptLimits)
  if (!read.ok) return read
  const fields = readFields(read.value, { Command: 'dict!', CommandUUID: 'string' })
  if (!fields.ok) return fields
  const { Command, CommandUUID } = fields.value
  if (CommandUUID !== undefined && !isCommandUuid(CommandUUID)) {
    return fail({ kind: 'bad-value', detail: `CommandUUID is not ${commandUuidRule}` })
  }
  const inner = readFields(Command, { RequestType: 'string!' })
  if (!inner.ok) return inner
  const { RequestType } = inner.value
  if (!isRequestType(RequestType)) {
    return fail({ kind: 'bad-value', detail: 'RequestType is not 1 to 64 letters and digits' })
  }
  const { RequestType: _, ...payload } = Command
  return ok({
    requestType: RequestType,
    payload: dictOf(payload),
    ...(CommandUUID === undefined ? {} : { commandUUID: CommandUUID }),
  })
}

/** The form of a request type, known to us or not. */
export const isRequestType = (text: string): boolean => /^[A-Za-z0-9]{1,64}$/.test(text)

/**
 * Must a command whose report was lost not simply be sent again? A second run would erase, restart or
 * rotate once more, or fail because the first has changed the password it names.
 */
export const unsafeToRepeat = (requestType: string, payload: Dict): boolean =>
  requestType === 'DeviceLock' ? payload['PIN'] !== undefined : unsafeTypes.has(requestType)

const unsafeTypes: ReadonlySet<string> = new Set([
  'ClearPasscode',
  'EraseDevice',
  'RestartDevice',
  'RotateFileVaultKey',
  'ScheduleOSUpdate',
  'SetAutoAdminPassword',
  'SetFirmwarePassword',
  'SetRecoveryLock',
  'ShutDownDevice',
])
