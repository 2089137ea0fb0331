import type { Connection } from './connection.ts'

/**
 * Faults a test injects into the writer, shared memory of two numbers: COMMITs still to fail, and whether
 * the disk is full.
 */
export type Faults = Int32Array

const failing = 0
const full = 1
const unlimitedPages = 4_294_967_294

export function createFaults(): Faults {
  return new Int32Array(new SharedArrayBuffer(8))
}

export function failNextCommits(faults: Faults, count: number): void {
  Atomics.store(faults, failing, count)
}

/** A full disk: the file may not grow by one more page. */
export function fillDisk(faults: Faults, isFull: boolean): void {
  Atomics.store(faults, full, isFull ? 1 : 0)
}

/** Whether this COMMIT is to fail. */
export function commitFails(faults: Faults): boolean {
  return Atomics.load(faults, failing) > 0 && Atomics.sub(faults, failing, 1) > 0
}

/** SQLite never shrinks a file to the limit, so a limit of one page means: not one page more. */
export function limitPages(db: Connection, faults: Faults): void {
  const limit = Atomics.load(faults, full) === 0 ? unlimitedPages : 1
  db.exec(`PRAGMA max_page_count = ${limit}`)
}
