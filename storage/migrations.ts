import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fillChecksums } from './checksum-fill.ts'
import type { Connection } from './connection.ts'
import { schema1 } from './schema/schema-1.ts'
import { schema2 } from './schema/schema-2.ts'
import { schema3 } from './schema/schema-3.ts'
import { syncPathBlocking } from './sync.ts'

export type Migration = {
  readonly version: number
  readonly statements: readonly string[]
  /** Rows that were there before get the checksum of what they hold then. */
  readonly vouchesForRows?: true
}

/** Every schema ever released, oldest first, numbered from 1 without gaps. */
export const migrations: readonly Migration[] = [schema1, schema2, schema3]

export type Migrated =
  | { readonly ok: true; readonly from: number; readonly to: number }
  /** One sentence for whoever started the server. */
  | { readonly ok: false; readonly reason: string }

/**
 * Brings the file to the newest schema: all steps in one transaction, after a copy of what was there.
 *
 * Refuses a file of a newer schema. Throws when a step fails; the file is then as it was before.
 */
export function migrate(
  db: Connection,
  backupFolder: string,
  steps: readonly Migration[] = migrations,
): Migrated {
  const from = schemaVersion(db)
  const to = steps.at(-1)?.version ?? 0
  if (from > to) {
    return {
      ok: false,
      reason: `The database was written by a newer Muster (its schema is ${from}, this version knows up to ${to}): start that version, or restore a backup made before the upgrade.`,
    }
  }
  const pending = steps.filter(({ version }) => version > from)
  if (pending.length === 0) return { ok: true, from, to }
  if (from > 0) backUp(db, backupFolder, to)
  applyAll(db, pending, to)
  return { ok: true, from, to }
}

function applyAll(db: Connection, pending: readonly Migration[], to: number): void {
  db.exec('BEGIN IMMEDIATE')
  try {
    for (const statement of pending.flatMap((step) => step.statements)) db.exec(statement)
    if (pending.some(({ vouchesForRows }) => vouchesForRows)) fillChecksums(db)
    db.exec(`PRAGMA user_version = ${to}`)
    db.exec('COMMIT')
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK')
    throw error
  }
}

export function schemaVersion(db: Connection): number {
  return Number(db.prepare('PRAGMA user_version').raw().get([])?.[0] ?? 0)
}

/** Under its final name only once it is whole and on the disk; a leftover of an interrupted start is replaced. */
function backUp(db: Connection, folder: string, to: number): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, `muster-before-${to}.db`)
  rmSync(`${path}.part`, { force: true })
  db.prepare('VACUUM INTO ?').run([`${path}.part`])
  syncPathBlocking(`${path}.part`)
  renameSync(`${path}.part`, path)
  syncPathBlocking(folder)
}
