import { createChangedUpdates } from './changed-updates.ts'
import { storedColumns, storedValues } from './checksum.ts'
import { columns, type Rows, type Table } from './columns.ts'
import type { Connection, Statement } from './connection.ts'
import { createDrops } from './drops.ts'
import { createProjection } from './projection.ts'
import type { JournalRow } from './rows.ts'
import type { Write } from './store.ts'
import { storedList, storedRow } from './stored.ts'

/** A rule the database holds said no. The turn is to be rolled back alone. */
type Refusal = 'conflict' | 'claim-taken'

export type Turns = {
  /** Applies the writes of one turn in order, adding the seqs of its journal rows to `seqs`. Throws on I/O. */
  apply(writes: readonly Write[], seqs: number[]): Refusal | undefined
}

/** Applies writes through one prepared statement per kind. The caller owns transaction and savepoint. */
export function createTurns(db: Connection): Turns {
  const actors = createActors(db)
  const hosts = createProjection(db)
  const plain = createPlainPuts(db)
  const journal = db.prepare(insertInto('journal'))
  const alone = createAlonePuts(db)
  const drops = createDrops(db)

  function writeNoRow(change: Exclude<Write, { readonly put: string }>): Refusal | undefined {
    if ('drop' in change) return drops.drop(change)
    return 'move' in change ? drops.move(change) : actors.advance(change)
  }

  function write(change: Write, seqs: number[]): Refusal | undefined {
    if (!('put' in change)) return writeNoRow(change)
    if (isPlain(change)) return plain.put(change)
    if (isAlone(change)) return alone.put(change)
    switch (change.put) {
      case 'host_actor':
        return actors.host(change.row)
      case 'command':
        return actors.command(change.row)
      case 'host':
        return hosts.put(change.row)
      case 'journal':
        seqs.push(journalled(journal, change.row))
        return undefined
      case 'last_seen':
        return hosts.seen(change.row)
      default:
        throw new Error(`no table for ${JSON.stringify(change satisfies never)}`)
    }
  }

  return {
    apply(writes, seqs) {
      for (const change of writes) {
        const refusal = write(change, seqs)
        if (refusal !== undefined) return refusal
      }
      return undefined
    },
  }
}

function journalled(statement: Statement, row: JournalRow): number {
  return statement.run(storedValues('journal', row)).lastInsertRowid
}

type AlonePut = Extract<Write, { readonly put: 'claim' | 'certificate' }>

const isAlone = (write: Extract<Write, { put: string }>): write is AlonePut =>
  write.put === 'claim' || write.put === 'certificate'

/** Rows that another row may forbid. The partial unique index is the only one they can run into: their key is replaced. */
function createAlonePuts(db: Connection) {
  const claim = db.prepare(upsert('claims', 'kind, value, host_id'))
  // Two decisions may be under way at once: what one of them ended, the other does not bring back.
  const certificateIf = (condition: string): Statement =>
    db.prepare(`${upsert('certificates', 'fingerprint')} WHERE ${condition}`)
  const certificate = certificateIf(`${standing('excluded')} >= ${standing('certificates')}`)
  const revived = certificateIf(`certificates.status <> 'revoked'`)

  function run(change: AlonePut): Refusal | undefined {
    if (change.put === 'claim') return void claim.run(storedValues('claims', change.row))
    const statement = change.revives === true ? revived : certificate
    return statement.run(storedValues('certificates', change.row)).changes === 1
      ? undefined
      : 'conflict'
  }

  return {
    put(change: AlonePut): Refusal | undefined {
      const isClaim = change.put === 'claim'
      try {
        return run(change)
      } catch (error) {
        if (!(error instanceof Error && error.message.includes('UNIQUE constraint failed')))
          throw error
        return isClaim ? 'claim-taken' : 'conflict'
      }
    },
  }
}

/** How far a certificate has come: it never goes back. */
const standing = (table: string): string =>
  `instr('issued active retired revoked', ${table}.status)`

/** Version 1 is an insert that finds nothing; version n replaces n − 1 and nothing else. */
function createActors(db: Connection) {
  const insertHost = db.prepare(`${insertInto('host_actors')} ON CONFLICT DO NOTHING`)
  const replaceHost = db.prepare(
    'UPDATE host_actors SET version = ?, machine_version = ?, snapshot = ?, checksum = ? WHERE host_id = ? AND version = ?',
  )
  const advanceHost = db.prepare(
    'UPDATE host_actors SET version = version + 1, checksum = checksum + 1 WHERE host_id = ? AND version = ?',
  )
  const insertCommand = db.prepare(`${insertInto('commands')} ON CONFLICT DO NOTHING`)
  const found = db
    .prepare(`SELECT ${storedList('commands')} FROM commands WHERE command_uuid = ?`)
    .raw()
  const update = createChangedUpdates(db, 'commands')
  const fenced = (changes: number): Refusal | undefined => (changes === 1 ? undefined : 'conflict')
  return {
    host(row: Rows['host_actors']): Refusal | undefined {
      const stored = storedValues('host_actors', row)
      if (row.version === 1) return fenced(insertHost.run(stored).changes)
      const [hostId = null, ...rest] = stored
      return fenced(replaceHost.run([...rest, hostId, row.version - 1]).changes)
    },
    advance({ host_id, version }: Extract<Write, { readonly advance: 'host_actor' }>) {
      return fenced(advanceHost.run([host_id, version - 1]).changes)
    },
    command(row: Rows['commands']): Refusal | undefined {
      const values = storedValues('commands', row)
      if (row.version === 1) return fenced(insertCommand.run(values).changes)
      const stored = found.get([row.command_uuid])
      const old = stored && storedRow('commands', stored)
      if (old?.[columns.commands.indexOf('version')] !== row.version - 1) return 'conflict'
      update(old, values)
      return undefined
    },
  }
}

const plainTables = {
  alarm: ['alarms', 'host_id, name'],
  outbox: ['outbox', 'id'],
  enrollment: ['enrollments', 'key'],
  dep_device: ['dep_devices', 'serial'],
  agent: ['agents', 'node_key_hash'],
  sealed: ['sealed', 'ref'],
  conflict: ['conflicts', 'id'],
  merge: ['merges', 'id'],
  clock: ['clock', 'id'],
  token: ['tokens', 'id'],
  enroll_secret: ['enroll_secrets', 'id'],
  authority: ['authorities', 'id'],
  challenge: ['challenges', 'hash'],
  enrollment_link: ['enrollment_links', 'id'],
  push_certificate: ['push_certificates', 'topic'],
  webhook: ['webhooks', 'id'],
  delivery: ['webhook_deliveries', 'id'],
  command_name: ['command_names', 'command_uuid'],
  incarnation: ['incarnation', 'id'],
  backup: ['backups', 'kind'],
} as const satisfies Readonly<Record<string, readonly [Table, string]>>
type Plain = keyof typeof plainTables
type PlainPut = Extract<Write, { readonly put: Plain }>

const isPlain = (write: Extract<Write, { put: string }>): write is PlainPut =>
  write.put in plainTables

function createPlainPuts(db: Connection) {
  const statements = Object.fromEntries(
    Object.entries(plainTables).map(([kind, [table, key]]) => [
      kind,
      db.prepare(upsert(table, key)),
    ]),
  ) as Readonly<Record<Plain, Statement>> // the same keys, entry by entry
  return {
    put({ put, row }: PlainPut): undefined {
      statements[put].run(storedValues(plainTables[put][0], row))
    },
  }
}

function insertInto(table: Table): string {
  const names = storedColumns(table)
  return `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`
}

function upsert(table: Table, key: string): string {
  const set = storedColumns(table)
    .map((name) => `${name} = excluded.${name}`)
    .join(', ')
  return `${insertInto(table)} ON CONFLICT (${key}) DO UPDATE SET ${set}`
}
