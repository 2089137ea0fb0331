import { dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { columns, type Rows, type Table, type Value, valuesOf } from './columns.ts'

/**
 * What is read of the database and is not what was written there. SQLite keeps no checksum of its pages, so a
 * disk or a stray write can change a row and nobody would notice.
 *
 * `damaged` names the row, by its table and key.
 */
export type Damage = Error & { readonly damaged: string }

/** Tables whose rows carry the checksum of what is in them. Presence times are updated in SQL, and anew every hour. */
export type Summed = Exclude<Table, 'last_seen'>

export const isSummed = (table: Table): table is Summed => table !== 'last_seen'

/** The row's own columns, and after them what vouches for them. */
export const storedColumns = (table: Table): readonly string[] =>
  isSummed(table) ? [...columns[table], 'checksum'] : columns[table]

/** What is bound to `storedColumns`. */
export function storedValues<T extends Table>(table: T, row: Rows[T]): Value[] {
  const values = valuesOf(table, row)
  return isSummed(table) ? [...values, checksumOf(table, values)] : values
}

/**
 * What vouches for a row: its CRC. That of a host's actor counts on with the version, so that a turn that changes
 * nothing else of it need neither read nor write its snapshot.
 */
export const checksumOf = (table: Table, values: readonly Value[]): number =>
  table === 'host_actors'
    ? crcOf(table, values.with(versionAt, null)) + Number(values[versionAt])
    : crcOf(table, values)

const versionAt = columns.host_actors.indexOf('version')

/**
 * CRC-32 over a row's values in the order of its columns, about a microsecond for a host of 1.5 kB.
 *
 * It finds every change of up to 32 bits in a row and all but one in four billion others. It is no proof against
 * people: whoever can write the file can write a checksum.
 */
function crcOf(table: Table, values: readonly Value[]): number {
  // Two tables may be alike, and a page end up in the other.
  let text = table + end
  let sum = 0
  for (const value of values) {
    if (value === null) text += nothing
    else if (typeof value === 'string') text += value + end
    else if (value instanceof Uint8Array) {
      sum = crc32(value, crc32(text + bytes, sum))
      text = end
    } else text += String(value) + end
  }
  return crc32(text, sum)
}

/** Ends a value. Hardly any text has one, so that no value is taken for two. */
const end = '\0'
const nothing = `\u0001${end}`
/** Text and bytes differ by a single bit in SQLite's rows. */
const bytes = '\u0002'

/** Whether the values of a stored row, its columns and then its checksum, are as they were written. */
export const isSound = (table: Table, values: readonly Value[]): boolean =>
  !isSummed(table) ||
  checksumOf(table, values.slice(0, columns[table].length)) === sumOf(table, values)

const sumOf = (table: Summed, values: readonly Value[]): Value | undefined =>
  values[columns[table].length]

/** For whoever keeps a server whose database is damaged. */
export const whatToDo =
  'stop the server, let "muster check" name all that is damaged, and restore a backup, or save what is sound with "muster check --repair"'

/** Why a start stops. */
export const unusable = (path: string, detail: string): string =>
  `The database ${path} is damaged (${detail}): restore a backup, or let "muster check --data ${dirname(path)}" name what is damaged, and with --repair save what is sound; copies from before upgrades are in ${join(dirname(path), 'backup')}.`

export function damageOf(table: Table, key: readonly unknown[]): Damage {
  const damaged = `${table} ${key.map(String).join(' ')}`
  return Object.assign(new Error(`The database is damaged in a row of ${damaged}: ${whatToDo}.`), {
    damaged,
  })
}

export const isDamage = (error: unknown): error is Damage =>
  error instanceof Error && 'damaged' in error

/** What SQLite says of a page whose structure makes no sense. */
export const isMalformed = (error: unknown): boolean =>
  error instanceof Error && /malformed|not a database|corrupt/i.test(error.message)
