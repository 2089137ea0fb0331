// The thread that copies the database. It reads as other readers do, so that commits go on meanwhile.
import { createHash } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { checkRows, checkStructure, findingsMax } from './check.ts'
import { type Connection, openForCopying, openForReading } from './connection.ts'
import type { Copied, CopyStart, FromCopier } from './copy.ts'
import { schemaVersion } from './migrations.ts'
import { text } from './stored.ts'

// Only `copyDatabase` starts this file, and it passes a CopyStart.
const start = workerData as CopyStart
function answer(): FromCopier {
  try {
    return { kind: 'copied', copied: copy(start) }
  } catch (error) {
    // In words: errors of libsql lose theirs between threads.
    return { kind: 'failed', detail: error instanceof Error ? error.message : String(error) }
  }
}

/** `VACUUM INTO` reads one snapshot of the WAL: it blocks no commit, and the WAL grows until it ends. */
function copy({ path, database, blobList }: CopyStart): Copied {
  const live = openForCopying(path)
  try {
    live.prepare('VACUUM INTO ?').run([database])
  } finally {
    live.close()
  }
  const file = digested(database)
  const db = openForReading(database)
  try {
    const findings = findingsOf(db)
    return {
      schema: schemaVersion(db),
      journalSeq: numberOf(db, `SELECT coalesce(max(seq), 0) FROM journal`),
      incarnation: numberOf(db, `SELECT coalesce(max(incarnation), 1) FROM incarnation`),
      database: file,
      blobList: listBlobs(db, blobList),
      findings,
    }
  } finally {
    db.close()
  }
}

function findingsOf(db: Connection): readonly string[] {
  const findings: string[] = []
  const find = (what: string): void => void (findings.length < findingsMax && findings.push(what))
  checkStructure(db, find)
  checkRows(db, find)
  return findings
}

/** The same blob may be listed twice: a set of all digests would have to fit in memory. */
function listBlobs(db: Connection, path: string): Copied['blobList'] {
  const rows = db
    .prepare(`SELECT ${text('blob')} FROM sealed NOT INDEXED WHERE blob IS NOT NULL`)
    .raw()
  const file = openSync(path, 'wx', 0o600)
  let count = 0
  try {
    for (const [digest] of rows.iterate([])) {
      writeSync(file, `${String(digest)}\n`)
      count += 1
    }
  } finally {
    closeSync(file)
  }
  return { ...digested(path), count }
}

const numberOf = (db: Connection, sql: string): number => Number(db.prepare(sql).raw().get([])?.[0])

const pieceBytes = 1_024 * 1_024

/** Synced first: what is digested is what a later read finds. */
function digested(path: string): { readonly bytes: number; readonly sha256: string } {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
    const hash = createHash('sha256')
    const piece = Buffer.allocUnsafe(pieceBytes)
    let bytes = 0
    for (let read = readSync(file, piece); read > 0; read = readSync(file, piece)) {
      hash.update(piece.subarray(0, read))
      bytes += read
    }
    return { bytes, sha256: hash.digest('hex') }
  } finally {
    closeSync(file)
  }
}

// Last: what it calls has to be there.
parentPort?.postMessage(answer())
