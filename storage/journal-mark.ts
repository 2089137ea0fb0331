// How far the journal had come, in a file of its own beside the database: a database that ends before it has lost
// what was acknowledged, as when its write-ahead log was cut, emptied or removed.
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'

export const markFile = 'muster.mark'

export type JournalMark = {
  /** After each commit that wrote to the journal. A few microseconds, no sync: it may be behind, never ahead. */
  reached(seq: number): void
  close(): void
}

/** Opens the mark for writing. `from` is where the database stands, where that is known. */
export function openMark(path: string, from: number | undefined): JournalMark {
  const file = openSync(path, 'a+', 0o600)
  closeSync(file)
  const writing = openSync(path, 'r+')
  function reached(seq: number): void {
    try {
      writeSync(writing, lineOf(seq), 0)
    } catch {
      // A full disk: the mark stays behind, and the next commit writes it.
    }
  }
  if (from !== undefined) reached(from)
  return { reached, close: () => closeSync(writing) }
}

/** The last number it was told; undefined where there is none, or it was torn. */
export function readMark(path: string): number | undefined {
  const line = readLine(path)
  const seq = Number(/^journal (\d{16}) /.exec(line ?? '')?.[1])
  return line === lineOf(seq) ? seq : undefined
}

function readLine(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function lineOf(seq: number): string {
  const text = `journal ${String(seq).padStart(16, '0')}`
  return `${text} ${crc32(text).toString(16).padStart(8, '0')}\n`
}
