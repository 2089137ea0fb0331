import { isSummed } from './checksum.ts'
import { columns, type Table, type Value } from './columns.ts'

/**
 * How whole rows are read: their columns as one JSON array in bytes, and their checksum.
 *
 * libsql ends the process when a text it is to give back is not UTF-8, as a single flipped bit can make it. What
 * it gives back as bytes it leaves alone; reading them as JSON takes no longer than reading column by column.
 * `of` is the alias of the table, with its dot.
 */
export function storedList(table: Table, of: string = ''): string {
  const parts = columns[table].map((column) => partOf(table, column, `${of}${column}`))
  const row = `CAST(json_array(${parts.join(', ')}) AS BLOB)`
  return isSummed(table) ? `${row}, ${number(`${of}checksum`)}` : row
}

/** Result columns that `storedList` makes. */
export const listedColumns = (table: Table): number => (isSummed(table) ? 2 : 1)

/** A column of numbers alone, and of nothing that libsql could fall over. */
export const number = (column: string): string => `CAST(${column} AS INTEGER)`

/** Text as bytes: `String` makes it text again. */
export const text = (column: string): string => `CAST(${column} AS BLOB)`

/** The columns in their order, then the checksum; nulls where the row cannot be read at all. */
export function storedRow(table: Table, found: readonly Value[]): readonly Value[] {
  const values = jsonOf(found[0]) ?? columns[table].map(() => null)
  for (const column of bytesIn[table] ?? []) {
    const at = columns[table].indexOf(column as never)
    const hexadecimal = values[at]
    if (typeof hexadecimal === 'string') values[at] = Buffer.from(hexadecimal, 'hex')
  }
  return [...values, ...found.slice(1, listedColumns(table))]
}

/** Columns of bytes, which JSON does not hold. */
const bytesIn: Partial<Readonly<Record<Table, readonly string[]>>> = {
  sealed: ['sealed'],
  authorities: ['certificate'],
  certificates: ['der'],
}

function partOf(table: Table, column: string, name: string): string {
  if (bytesIn[table]?.includes(column)) return `iif(${name} IS NULL, NULL, hex(${name}))`
  // The kind of a value is a bit of the row as well, and JSON would refuse bytes.
  return `iif(typeof(${name}) = 'blob', CAST(${name} AS TEXT), ${name})`
}

function jsonOf(found: Value | undefined): Value[] | undefined {
  try {
    // An array of what STRICT tables hold, and otherwise a row whose checksum is wrong.
    return JSON.parse(String(found)) as Value[]
  } catch {
    return undefined
  }
}
