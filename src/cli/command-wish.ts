// What `commands send` and `commands render` are told to send, from the command line to a request.
import * as fs from 'node:fs'
import { readCommand } from '../protocol/mdm/command.ts'
import { knownRequestTypes } from '../protocol/mdm/request-types.ts'
import { fail, ok, type Result } from '../result.ts'
import type { Call } from './call.ts'
import type { ApiRequest } from './client.ts'
import type { Fault } from './fault.ts'
import { isObject, type Json } from './json.ts'
import { jsonOfBytes, jsonOfText } from './json-input.ts'

export type CommandWish = {
  readonly refs: readonly string[]
  readonly requestType: string
  /** All of the request but the host in its path. */
  readonly request: Pick<ApiRequest, 'json' | 'raw' | 'query'>
}

/** As the API's own bound on a raw command. */
const inputBytesMax = 16 * 1024 * 1024

/** Reads `<ref…> <RequestType>`, or `<ref…> -f command.plist`. */
export async function readWish(call: Call): Promise<Result<CommandWish, Fault>> {
  const file = call.options.text('file')
  return file === undefined ? wishInJson(call) : wishInPlist(call, file)
}

async function wishInJson(call: Call): Promise<Result<CommandWish, Fault>> {
  const refs = call.args.slice(0, -1)
  const requestType = call.args.at(-1) ?? ''
  if (refs.length === 0)
    return usage('Name at least one host and then the RequestType, such as DeviceInformation.')
  const payload = await readPayload(call)
  if (!payload.ok) return payload
  const { commandUUID, ...members } = membersOf(call)
  const json = given({
    request_type: requestType,
    payload: payload.value,
    command_uuid: commandUUID,
    channel: members.channel,
    priority: members.priority,
    expires_in_s: members.expiresInS,
  })
  return ok({ refs, requestType, request: { json } })
}

/** The members that have a value. */
const given = (
  members: Readonly<Record<string, Json | undefined>>,
): Readonly<Record<string, Json>> =>
  Object.fromEntries(
    Object.entries(members).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  )

async function wishInPlist(call: Call, file: string): Promise<Result<CommandWish, Fault>> {
  const { options, args: refs } = call
  if (options.text('payload') !== undefined || options.text('commandUuid') !== undefined)
    return usage('With -f the property list says it all: leave out --payload and --command-uuid.')
  const bytes = await readInput(call, file)
  if (!bytes.ok) return bytes
  const command = readCommand(bytes.value)
  if (!command.ok) return usage(`${named(file)} holds no command: ${command.error.detail}.`)
  const { channel, priority, expiresInS } = membersOf(call)
  return ok({
    refs,
    requestType: command.value.requestType,
    request: {
      raw: { type: 'application/x-apple-aspen-mdm', bytes: bytes.value },
      query: { channel, priority: priority?.toString(), expires_in_s: expiresInS?.toString() },
    },
  })
}

function membersOf({ options }: Call) {
  const expiresInMs = options.number('expiresIn')
  return {
    channel: options.text('channel'),
    priority: options.number('priority'),
    expiresInS: expiresInMs === undefined ? undefined : Math.round(expiresInMs / 1_000),
    commandUUID: options.text('commandUuid'),
  }
}

/** `--payload` as JSON text, `@file` or `-`; undefined when it is left out. */
export async function readPayload(
  call: Call,
): Promise<Result<Readonly<Record<string, Json>> | undefined, Fault>> {
  const given = call.options.text('payload')
  if (given === undefined) return ok(undefined)
  const payload = await payloadJson(call, given)
  if (!payload.ok) return payload
  return isObject(payload.value)
    ? ok(payload.value)
    : usage('--payload must be a JSON object, @file or - for standard input.')
}

async function payloadJson(call: Call, given: string): Promise<Result<Json, Fault>> {
  if (given !== '-' && !given.startsWith('@')) return jsonOfText(given, '--payload')
  const path = given.replace(/^@/, '')
  const bytes = await readInput(call, path)
  return bytes.ok ? jsonOfBytes(bytes.value, named(path)) : bytes
}

/** A file, or standard input for `-`. */
export async function readInput({ io }: Call, path: string): Promise<Result<Uint8Array, Fault>> {
  if (path === '-') {
    const bytes = await io.stdin.read(inputBytesMax)
    return bytes === undefined
      ? fail({ kind: 'failed', detail: `Standard input has more than ${inputBytesMax} bytes.` })
      : ok(bytes)
  }
  try {
    return fs.statSync(path).size > inputBytesMax
      ? fail({ kind: 'failed', detail: `${path} has more than ${inputBytesMax} bytes.` })
      : ok(fs.readFileSync(path))
  } catch (error) {
    return fail({ kind: 'failed', detail: `${path} cannot be read: ${String(error)}` })
  }
}

export const named = (file: string): string => (file === '-' ? 'Standard input' : file)

export const usage = (detail: string): Result<never, Fault> => fail({ kind: 'usage', detail })

/** A sentence when Apple has published no such command: it may be newer than we are, or misspelt. */
export function strangeness(requestType: string): string | undefined {
  if (knownRequestTypes.has(requestType)) return undefined
  const near = [...knownRequestTypes.keys()].find(
    (known) => known.toLowerCase() === requestType.toLowerCase(),
  )
  return `${requestType} is no command known here${near === undefined ? '' : `; did you mean ${near}?`}`
}

/** What locks, erases, restarts or changes a secret: a slip here costs a person their work. */
const grave: ReadonlySet<string> = new Set([
  'ClearPasscode',
  'DeleteUser',
  'DeviceLock',
  'EnableLostMode',
  'EraseDevice',
  'LogOutUser',
  'RestartDevice',
  'RotateFileVaultKey',
  'ScheduleOSUpdate',
  'SetAutoAdminPassword',
  'SetFirmwarePassword',
  'SetRecoveryLock',
  'ShutDownDevice',
])

/** Must an operator type its name before it goes out? */
export const isGrave = (requestType: string): boolean => grave.has(requestType)
