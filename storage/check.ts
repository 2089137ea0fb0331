import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { openBlobFolder } from './blobs.ts'
import { damageOf, isMalformed, isSummed, type Summed } from './checksum.ts'
import { columns, type Table } from './columns.ts'
import { missingFrom } from './complete.ts'
import { type Connection, openForReading } from './connection.ts'
import { takeLock } from './lock.ts'
import { migrations, schemaVersion } from './migrations.ts'
import { salvage } from './salvage.ts'
import { text } from './stored.ts'
import { damagedTrees } from './tree-check.ts'

export type Checked = {
  readonly rows: number
  readonly blobs: number
  /** A line each: what is damaged, and where. */
  readonly findings: readonly string[]
}

/** Findings told: of a file that is damaged all over, a thousand say as much as all. */
export const findingsMax = 1_000

/**
 * Reads everything in a data folder that no server is running on, and changes nothing.
 *
 * Rejects with one sentence when a server holds the folder, or what is there is no database of this version.
 */
export async function checkFolder(folderName: string): Promise<Checked> {
  const folder = resolve(folderName)
  const path = join(folder, 'muster.db')
  if (!existsSync(path)) throw new Error(`There is no Muster database in ${folder}.`)
  const lock = await takeLock(join(folder, 'muster.lock'))
  if (lock === undefined)
    throw new Error(`A Muster is running on the data folder ${folder}: stop it first.`)
  try {
    return await checkLocked(folder, path)
  } finally {
    lock.release()
  }
}

async function checkLocked(folder: string, path: string): Promise<Checked> {
  const findings: string[] = []
  const find = (what: string): void => void (findings.length < findingsMax && findings.push(what))
  let db: Connection | undefined
  try {
    const missing = missingFrom(folder)
    if (missing !== undefined) find(`lost: ${missing}`)
    // For reading: at its end a connection that writes would take away what the write-ahead log still holds.
    db = openForReading(path)
    checkSchema(db)
    checkStructure(db, find)
    checkFreePages(db, find)
    const rows = checkRows(db, find)
    const blobs = await checkBlobs(db, join(folder, 'blobs'), find)
    return { rows, blobs, findings }
  } catch (error) {
    if (!isMalformed(error)) throw error
    // So damaged that it cannot even be read to its end.
    find(`the file as a whole: ${error instanceof Error ? error.message : String(error)}`)
    return { rows: 0, blobs: 0, findings }
  } finally {
    db?.close()
  }
}

function checkSchema(db: Connection): void {
  const [found, known] = [schemaVersion(db), migrations.at(-1)?.version ?? 0]
  if (found === known) return
  throw new Error(
    `The database has schema ${found} and this version checks schema ${known}: ${found > known ? 'use the version that wrote it' : 'rows have checksums once this version has started on it'}.`,
  )
}

/** Each table and index, and whether every index leads to its rows and every row is in its indexes. */
export function checkStructure(db: Connection, find: (what: string) => void): void {
  for (const { tree, lines } of damagedTrees(db))
    for (const line of lines) find(`${tree.isIndex ? 'index' : 'table'} ${tree.name}: ${line}`)
}

/** Pages that are free to be used again. They belong to no table, and a table that grows takes them. */
function checkFreePages(db: Connection, find: (what: string) => void): void {
  try {
    const lines = db
      .prepare(`SELECT ${text('quick_check')} FROM pragma_quick_check`)
      .raw()
      .all([])
    for (const line of lines.flatMap(([found]) => String(found).split('\n')))
      if (/^freelist/i.test(line)) find(`structure: ${line}`)
  } catch (error) {
    // Where a table is so damaged that this ends, it is named already.
    if (!isMalformed(error)) throw error
  }
}

export function checkRows(db: Connection, find: (what: string) => void): number {
  let rows = 0
  for (const table of Object.keys(columns) as Table[]) {
    if (!isSummed(table)) continue
    try {
      rows += checkTable(db, table, find)
    } catch (error) {
      if (!isMalformed(error)) throw error
      find(`table ${table}: some of its rows cannot be read`)
    }
  }
  return rows
}

/** All that can be read, whatever the indexes say. */
function checkTable(db: Connection, table: Summed, find: (what: string) => void): number {
  let rows = 0
  for (const found of salvage(db, table)) {
    if (found.kind === 'gap') find(`row: ${table}: ${found.where} cannot be read`)
    else rows += 1
    if (found.kind === 'unsound') find(`row: ${damageOf(table, found.values.slice(0, 1)).damaged}`)
  }
  return rows
}

/** Bytes beside the database, by the digest they are named by. */
async function checkBlobs(
  db: Connection,
  folder: string,
  find: (what: string) => void,
): Promise<number> {
  const blobs = await openBlobFolder(folder)
  const named = db.prepare(
    `SELECT ${text('ref')}, ${text('blob')} FROM sealed NOT INDEXED WHERE blob IS NOT NULL`,
  )
  let count = 0
  for (const [ref, digest] of named.raw().all([])) {
    const kept = await blobs.get(String(digest))
    count += 1
    if (!kept.ok) find(`blob: ${String(digest)} of ${String(ref)} is ${kept.error.kind}`)
  }
  return count
}
