// Holds what the server has on disk against what its clients were told.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isBytes, isDict } from '../../src/protocol/plist/value.ts'
import { readPlist } from '../../src/protocol/plist/read.ts'
import { hashToken } from '../../src/secrets/tokens.ts'
import { createVault } from '../../src/secrets/vault.ts'
import type { Connection } from '../../storage/connection.ts'
import { openForReading } from '../../storage/connection.ts'
import type { Value } from '../../storage/columns.ts'
import { type CommandMemory, type Life, mayHold, type Memory } from './memory.ts'

export const masterKey = '5a'.repeat(32)

export type Checks = {
  /** Everything that can have changed since the last look: computers that still talk, and what must never be. */
  afterRestart(memory: Memory): void
  /** Everything ever acknowledged. */
  whole(memory: Memory): void
}

/** Reads beside a server that is running and idle: its database, with a connection that cannot write, and its logs. */
export function createChecks(folder: string): Checks {
  const logs = createLogMarks(join(folder, 'logs'))
  const beside = (memory: Memory, lives: Iterable<Life>): void => {
    const db = openForReading(join(folder, 'muster.db'))
    try {
      checkAlways(db, memory)
      for (const life of lives) checkLife(db, memory, life)
      const marks = logs()
      for (const { serial, lines } of lives)
        for (const line of lines.filter((mark) => !marks.has(mark)))
          memory.broke('lost log line', `${line} of ${serial}`)
      for (const serial of memory.listed.slice(-listedRecently))
        if (hostOf(db, serial)?.dep !== 'assigned') memory.broke('lost listing', serial)
    } finally {
      db.close()
    }
  }
  return {
    afterRestart: (memory) => beside(memory, [...memory.present]),
    whole(memory) {
      beside(memory, [...memory.past, ...memory.present])
      const db = openForReading(join(folder, 'muster.db'))
      for (const serial of memory.listed)
        if (hostOf(db, serial)?.dep !== 'assigned') memory.broke('lost listing', serial)
      db.close()
    },
  }
}

/** More than one round lists. */
const listedRecently = 200

type Host = {
  readonly id: string
  readonly mdm: string
  readonly dep: string
  readonly osquery: string
}

function hostOf(db: Connection, serial: string): Host | undefined {
  const sql = 'SELECT id, mdm, dep, osquery FROM hosts WHERE serial = ? AND merged_into IS NULL'
  const row = all(db, sql, [serial])[0]
  if (row === undefined) return undefined
  const [id, mdm, dep, osquery] = row.map(String)
  return { id: id ?? '', mdm: mdm ?? '', dep: dep ?? '', osquery: osquery ?? '' }
}

const all = (
  db: Connection,
  sql: string,
  values: readonly Value[] = [],
): readonly (readonly Value[])[] => db.prepare(sql).raw().all(values)

/** Each finds what must never be, whatever was acknowledged. */
const never: Readonly<Record<string, string>> = {
  'doubled serial': `SELECT serial FROM hosts WHERE merged_into IS NULL AND serial IS NOT NULL GROUP BY serial HAVING count(*) > 1`,
  'doubled UUID': `SELECT uuid FROM hosts WHERE merged_into IS NULL AND uuid IS NOT NULL GROUP BY uuid HAVING count(*) > 1`,
  'conflict among honest computers': `SELECT kind, host_id FROM conflicts`,
  'quarantined honest computer': `SELECT id FROM hosts WHERE quarantined = 1`,
  'two results': `SELECT actor, count(*) FROM journal WHERE actor <> 'host'
    AND to_state IN ('acknowledged', 'error', 'format_error') GROUP BY actor HAVING count(*) > 1`,
  'host without its actor': `SELECT id FROM hosts LEFT JOIN host_actors ON host_id = id WHERE host_id IS NULL`,
  'actor without its host': `SELECT host_id FROM host_actors LEFT JOIN hosts ON host_id = id WHERE id IS NULL`,
  'command row unlike its actor': `SELECT command_uuid FROM commands WHERE state <> json_extract(snapshot, '$.value')`,
  'sent twice': `SELECT command_uuid FROM commands WHERE request_type = 'RestartDevice'
    AND json_extract(snapshot, '$.context.attempts') > 1 + json_extract(snapshot, '$.context.deferrals')`,
  'command without its request': `SELECT command_uuid FROM commands
    LEFT JOIN sealed ON ref = command_uuid || '.request' WHERE ref IS NULL`,
  'wrong count': `SELECT 1 WHERE (SELECT coalesce(sum(count), 0) FROM host_counts)
    <> (SELECT count(*) FROM hosts WHERE merged_into IS NULL)`,
}

function checkAlways(db: Connection, memory: Memory): void {
  for (const [line] of all(db, 'PRAGMA integrity_check'))
    if (line !== 'ok') memory.broke('integrity_check', String(line))
  for (const [rule, sql] of Object.entries(never))
    for (const row of all(db, sql)) memory.broke(rule, row.join(' '))
}

function checkLife(db: Connection, memory: Memory, life: Life): void {
  const host = hostOf(db, life.serial)
  const token = hexOf(unsealed(db, host, 'bootstrap_token'))
  const kept: Readonly<Record<string, boolean>> = {
    enrolment: !life.enrolled || host?.mdm === 'enrolled.ready',
    assignment: !life.assigned || host?.dep === 'assigned',
    'node key': life.nodeKey === undefined || isKnown(db, life.nodeKey, host),
    'bootstrap token': mayHold(life.bootstrap, token),
    'push token': mayHold(life.push, pushTokenOf(unsealed(db, host, 'push_address'))),
  }
  for (const [what, isKept] of Object.entries(kept))
    if (!isKept) memory.broke('lost', `${what} of ${life.serial}`)
  for (const command of life.commands.values()) checkCommand(db, memory, command)
}

function isKnown(db: Connection, nodeKey: string, host: Host | undefined): boolean {
  const sql = 'SELECT host_id, revoked_at FROM agents WHERE node_key_hash = ?'
  const [key] = all(db, sql, [hashToken(nodeKey)])
  return key !== undefined && key[0] === host?.id && key[1] === null
}

const vault = createVault(Buffer.from(masterKey, 'hex'))

function unsealed(db: Connection, host: Host | undefined, kind: string): Uint8Array | undefined {
  const row = all(db, 'SELECT ref, sealed FROM sealed WHERE host_id = ? AND kind = ?', [
    host?.id ?? '',
    kind,
  ])[0]
  if (row === undefined) return undefined
  const [ref, sealed] = row
  const opened = sealed instanceof Uint8Array && vault.open(String(ref), sealed)
  if (opened === false || !opened.ok) throw new Error(`${String(ref)} cannot be opened`)
  return opened.value
}

const hexOf = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString('hex')

function pushTokenOf(address: Uint8Array | undefined): string | undefined {
  if (address === undefined) return undefined
  const read = readPlist(address)
  const token = read.ok && isDict(read.value) ? read.value['Token'] : undefined
  return token !== undefined && isBytes(token) ? hexOf(token) : 'unreadable'
}

function checkCommand(db: Connection, memory: Memory, command: CommandMemory): void {
  const found = all(
    db,
    `SELECT state, json_extract(snapshot, '$.context.resultDigest') FROM commands WHERE command_uuid = ?`,
    [command.uuid],
  )[0]
  if (found === undefined) {
    if (command.queued) memory.broke('lost', `command ${command.uuid}`)
    return
  }
  const [state, result] = [String(found[0]), found[1] === null ? undefined : String(found[1])]
  const detail = `${command.uuid} is ${state}`
  if (!statesOf(command).has(state)) memory.broke('wrong state', detail)
  if (result !== undefined && command.reports.get(result) !== state)
    memory.broke('wrong result', detail)
  if (command.result !== undefined && command.result !== result)
    memory.broke('second result applied', detail)
  command.result = result
}

/** In which states a command can be, by what its device said and heard. */
function statesOf(command: CommandMemory): ReadonlySet<string> {
  const { reports, settled, lost, offered, deferred, repeatable } = command
  if (settled) return new Set(reports.values())
  const open = new Set(reports.values())
  if (lost && !deferred) return open.add('unknown')
  if (!offered) open.add('queued')
  open.add('sent').add('not_now')
  if (!repeatable) open.add('unknown')
  return open
}

/** Marks of all log lines so far. Each call reads only what was added; a full file goes on under another name. */
function createLogMarks(folder: string): () => ReadonlySet<string> {
  const marks = new Set<string>()
  const read = new Map<number, number>()
  return () => {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name)
      const { ino } = statSync(path)
      const bytes = readFileSync(path).subarray(read.get(ino) ?? 0)
      read.set(ino, (read.get(ino) ?? 0) + bytes.length)
      for (const line of bytes.toString().split('\n')) {
        const mark = markOf(line)
        if (mark !== undefined) marks.add(mark)
      }
    }
    return marks
  }
}

/** Undefined for a line that a crash cut short: nobody was told that it was kept. */
function markOf(line: string): string | undefined {
  try {
    const { mark } = JSON.parse(line)
    return typeof mark === 'string' ? mark : undefined
  } catch {
    return undefined
  }
}
