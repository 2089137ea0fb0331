// Rows that a repair could not take over, a line of JSON each, so that people can look at what is left of them.
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { columns, type Table, type Value } from './columns.ts'

export type SetApartFile = {
  /** What was read of the row, sealed bytes as base64. */
  row(table: Table, values: readonly Value[], reason: string): void
  /** Rows that cannot be read at all. */
  gap(table: Table, where: string): void
  count(): number
  close(): void
}

/** Nothing is made before the first row. Readable by its owner only, as the database is. */
export function createSetApartFile(path: string): SetApartFile {
  let file: number | undefined
  let count = 0
  function write(line: unknown): void {
    file ??= openSync(path, 'a', 0o600)
    writeSync(file, `${JSON.stringify(line)}\n`)
    count += 1
  }
  return {
    row(table, values, reason) {
      const row = Object.fromEntries(
        columns[table].map((column, at) => [column, printable(values[at] ?? null)]),
      )
      write({ table, reason, row })
    },
    gap: (table, where) => write({ table, reason: 'cannot be read', where }),
    count: () => count,
    close() {
      if (file === undefined) return
      fsyncSync(file)
      closeSync(file)
    },
  }
}

const printable = (value: Value): string | number | null =>
  value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value
