import type { Result } from '../../result.ts'
import { fail, ok } from '../../result.ts'
import type { OsqueryFault } from './fault.ts'
import { badMember } from './fault.ts'
import type { Json, JsonObject } from './json.ts'
import { isObject, member } from './json.ts'
import type { Platform } from './platform.ts'
import { platformOfName, platformOfType } from './platform.ts'
import { shownTextOf, textOf } from './text.ts'
import { isVirtual } from './virtual.ts'

/** What an agent says of itself when it asks for a node key. Tables it did not send are absent. */
export type Enroll = {
  readonly enrollSecret: string
  /** Whatever the operator's flags chose: a label, never identity. Empty when not sent. */
  readonly hostIdentifier: string
  readonly platform: Platform
  /** A virtual machine by its vendor or model: such UUIDs and serials are copied with the disk. */
  readonly virtual: boolean
  readonly systemInfo?: SystemInfo
  readonly osVersion?: OsVersion
  readonly osqueryInfo?: OsqueryInfo
  readonly platformInfo?: PlatformInfo
}

/** Columns of `system_info`, by their names there. */
export type SystemInfo = {
  readonly uuid?: string
  readonly hardware_serial?: string
  readonly hardware_vendor?: string
  readonly hardware_model?: string
  readonly computer_name?: string
  readonly hostname?: string
  readonly cpu_brand?: string
  readonly physical_memory?: string
}
export type OsVersion = {
  readonly name?: string
  readonly version?: string
  readonly build?: string
  readonly platform?: string
  readonly platform_like?: string
  readonly arch?: string
}
export type OsqueryInfo = {
  readonly version?: string
  readonly uuid?: string
  readonly instance_id?: string
}
export type PlatformInfo = { readonly vendor?: string; readonly version?: string }

/** A hundred times the length of a secret we mint; other servers' files hold longer ones. */
const secretCharsMax = 4_096

/**
 * Reads an enrolment. Only the secret is required: every table of `host_details` may be missing, and a
 * column that is not text is treated as not sent, since a refused agent could never be seen at all.
 *
 * Source: osquery, `EnrollPlugin` and `genHostDetails`.
 */
export function readEnroll(body: JsonObject): Result<Enroll, OsqueryFault> {
  const enrollSecret = readSecret(member(body, 'enroll_secret'))
  if (!enrollSecret.ok) return enrollSecret
  if (typeof (member(body, 'host_identifier') ?? '') !== 'string') {
    return fail(badMember('/host_identifier', 'must be a string'))
  }
  const details = member(body, 'host_details') ?? {}
  if (!isObject(details)) return fail(badMember('/host_details', 'must be an object'))
  const tables = readTables(details)
  return ok({
    enrollSecret: enrollSecret.value,
    hostIdentifier: shownTextOf(body, 'host_identifier') ?? '',
    platform: readPlatform(member(body, 'platform_type'), tables.osVersion),
    virtual: isVirtual(tables.systemInfo?.hardware_vendor, tables.systemInfo?.hardware_model),
    ...tables,
  })
}

function readSecret(value: Json | undefined): Result<string, OsqueryFault> {
  const secret = typeof value === 'string' ? value.trim() : ''
  if (secret === '') return fail(badMember('/enroll_secret', 'must be a non-empty string'))
  return secret.length > secretCharsMax
    ? fail(badMember('/enroll_secret', 'is too long'))
    : ok(secret)
}

function readPlatform(type: Json | undefined, os: OsVersion | undefined): Platform {
  const byType = platformOfType(type)
  return byType === 'unknown' ? platformOfName(os?.platform, os?.platform_like) : byType
}

type Tables = Pick<Enroll, 'systemInfo' | 'osVersion' | 'osqueryInfo' | 'platformInfo'>

function readTables(details: JsonObject): Tables {
  const systemInfo = readSystemInfo(member(details, 'system_info'))
  const osVersion = readOsVersion(member(details, 'os_version'))
  const osqueryInfo = readOsqueryInfo(member(details, 'osquery_info'))
  const platformInfo = readPlatformInfo(member(details, 'platform_info'))
  return {
    ...(systemInfo && { systemInfo }),
    ...(osVersion && { osVersion }),
    ...(osqueryInfo && { osqueryInfo }),
    ...(platformInfo && { platformInfo }),
  }
}

const readSystemInfo = (row: Json | undefined): SystemInfo | undefined =>
  columns(row, ['uuid', 'hardware_serial'], systemTexts)
const systemTexts = [
  'hardware_vendor',
  'hardware_model',
  'computer_name',
  'hostname',
  'cpu_brand',
  'physical_memory',
] as const

const readOsVersion = (row: Json | undefined): OsVersion | undefined =>
  columns(row, [], ['name', 'version', 'build', 'platform', 'platform_like', 'arch'])

const readOsqueryInfo = (row: Json | undefined): OsqueryInfo | undefined =>
  columns(row, ['uuid', 'instance_id'], ['version'])

const readPlatformInfo = (row: Json | undefined): PlatformInfo | undefined =>
  columns(row, [], ['vendor', 'version'])

/** Identifiers must arrive whole; other texts may be cut. */
function columns<Name extends string>(
  row: Json | undefined,
  identifiers: readonly Name[],
  texts: readonly Name[],
): { readonly [Column in Name]?: string } | undefined {
  if (!isObject(row)) return undefined
  const read: { [Column in Name]?: string } = {}
  for (const name of identifiers) set(name, textOf(row, name))
  for (const name of texts) set(name, shownTextOf(row, name))
  return read

  function set(name: Name, value: string | undefined): void {
    if (value !== undefined) read[name] = value
  }
}
