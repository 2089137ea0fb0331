import type { Answer } from './distributed.ts'
import type { Json, JsonObject } from './json.ts'
import type { Platform } from './platform.ts'
import { platformOfName } from './platform.ts'
import { shownTextOf, textOf } from './text.ts'

/** What osquery knows of a host. Each fact is absent until an answer holds it. */
export type Facts = {
  readonly hostname?: string
  readonly computer_name?: string
  readonly hardware_vendor?: string
  readonly hardware_model?: string
  readonly hardware_serial?: string
  readonly uuid?: string
  readonly cpu_brand?: string
  readonly physical_memory_bytes?: number
  readonly os_name?: string
  readonly os_version?: string
  readonly os_build?: string
  readonly platform?: Platform
  readonly disk_encrypted?: boolean
  /** To the minute, so that a host that did not restart gives the same value again. */
  readonly booted_at_ms?: number
  readonly osquery_version?: string
}

type DetailQuery = {
  readonly sql: string
  /** Where the tables exist; everywhere when absent. */
  readonly platforms?: readonly Platform[]
  readonly read: (row: JsonObject, atMs: number) => Facts
}

/** Ids of detail queries: `detail.` and the name. */
export const detailPrefix = 'detail.'

/** The detail queries fit for a platform: id → SQL, ready for a read. */
export function detailQueries(platform: Platform): Readonly<Record<string, string>> {
  const fitting = Object.entries(details).filter(
    ([, { platforms }]) => platforms === undefined || platforms.includes(platform),
  )
  return Object.fromEntries(fitting.map(([name, { sql }]) => [detailPrefix + name, sql]))
}

/**
 * The facts in a write's answers; other answers and failed ones say nothing.
 *
 * `atMs` is when the write arrived, from which the time of boot is counted back.
 */
export function readDetails(answers: readonly Answer[], atMs: number): Facts {
  const facts: Facts[] = answers.map(({ id, status, rows }) => {
    const name = id.startsWith(detailPrefix) ? id.slice(detailPrefix.length) : ''
    const detail = Object.hasOwn(details, name) ? details[name] : undefined
    const row = rows[0]
    return status === 0 && row !== undefined && detail ? detail.read(row, atMs) : {}
  })
  return facts.reduce((all, some) => ({ ...all, ...some }), {})
}

/**
 * The answers that `readDetails` looks into, each with as much of its first row as it may look at: a small
 * copy, whatever came with it.
 */
export function readKnownDetails(answers: readonly Answer[]): readonly Answer[] {
  return answers.flatMap(({ id, status, rows: [row] }) => {
    if (!Object.hasOwn(details, id.slice(detailPrefix.length)) || !id.startsWith(detailPrefix))
      return []
    return [{ id, status, rows: row === undefined ? [] : [scalarsOf(row)] }]
  })
}

/** No table asked for has half as many columns. */
const columnsMax = 64
/** Blanks around a text count until they are trimmed; the text itself is cut far earlier. */
const columnCharsMax = 4_096

const scalarsOf = (row: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(row)
      .slice(0, columnsMax)
      .map(([column, value]) => [column, scalarOf(value)]),
  )

const scalarOf = (value: Json): Json => {
  if (typeof value === 'string') return value.slice(0, columnCharsMax)
  return typeof value === 'object' ? null : value
}

const diskEncryption = { read: readDiskEncryption }

const details: Readonly<Record<string, DetailQuery>> = {
  system_info: {
    sql: `SELECT hostname, computer_name, hardware_vendor, hardware_model, hardware_serial, uuid,
 cpu_brand, physical_memory FROM system_info`,
    read: readSystem,
  },
  os_version: {
    sql: 'SELECT name, version, build, platform, platform_like FROM os_version',
    read: readOs,
  },
  osquery_info: {
    sql: 'SELECT version FROM osquery_info',
    read: (row) => given({ osquery_version: shownTextOf(row, 'version') }),
  },
  uptime: { sql: 'SELECT total_seconds FROM uptime', read: readUptime },
  // FileVault belongs to volumes that a user can unlock; the sealed system volume reports nothing of use.
  disk_encryption_darwin: {
    ...diskEncryption,
    platforms: ['darwin'],
    sql: `SELECT EXISTS (SELECT 1 FROM disk_encryption WHERE user_uuid <> '' AND filevault_status = 'on')
 AS encrypted`,
  },
  disk_encryption_linux: {
    ...diskEncryption,
    platforms: ['linux'],
    sql: `SELECT MAX(disk_encryption.encrypted) AS encrypted FROM mounts
 JOIN disk_encryption ON disk_encryption.name = mounts.device_alias WHERE mounts.path = '/'`,
  },
  disk_encryption_windows: {
    ...diskEncryption,
    platforms: ['windows'],
    sql: `SELECT MAX(protection_status = 1) AS encrypted FROM bitlocker_info WHERE drive_letter = 'C:'`,
  },
}

function readSystem(row: JsonObject): Facts {
  return given({
    hostname: shownTextOf(row, 'hostname'),
    computer_name: shownTextOf(row, 'computer_name'),
    hardware_vendor: shownTextOf(row, 'hardware_vendor'),
    hardware_model: shownTextOf(row, 'hardware_model'),
    hardware_serial: textOf(row, 'hardware_serial'),
    uuid: textOf(row, 'uuid'),
    cpu_brand: shownTextOf(row, 'cpu_brand'),
    physical_memory_bytes: count(row, 'physical_memory'),
  })
}

function readOs(row: JsonObject): Facts {
  const platform = platformOfName(textOf(row, 'platform'), textOf(row, 'platform_like'))
  return given({
    os_name: shownTextOf(row, 'name'),
    os_version: shownTextOf(row, 'version'),
    os_build: shownTextOf(row, 'build'),
    platform: platform === 'unknown' ? undefined : platform,
  })
}

function readUptime(row: JsonObject, atMs: number): Facts {
  const seconds = count(row, 'total_seconds')
  if (seconds === undefined || seconds * 1000 > atMs) return {}
  return { booted_at_ms: Math.round((atMs - seconds * 1000) / minuteMs) * minuteMs }
}
const minuteMs = 60_000

function readDiskEncryption(row: JsonObject): Facts {
  const encrypted = textOf(row, 'encrypted')
  if (encrypted === '1') return { disk_encrypted: true }
  return encrypted === '0' ? { disk_encrypted: false } : {}
}

function count(row: JsonObject, column: string): number | undefined {
  const text = textOf(row, column)
  const value = text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
  return value !== undefined && value > 0 ? value : undefined
}

/** Drops what is not known, so that a later answer does not erase an earlier one. */
function given(facts: { readonly [Name in keyof Facts]: Facts[Name] | undefined }): Facts {
  // Only members without a value go, so what stays has the type it came with.
  return Object.fromEntries(
    Object.entries(facts).filter(([, value]) => value !== undefined),
  ) as Facts
}
