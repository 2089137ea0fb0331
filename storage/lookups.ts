import { certificateLookups } from './certificate-lookups.ts'
import type { Connection } from './connection.ts'
import { createReads } from './reads.ts'
import type { Lookups } from './store.ts'
import { number, text } from './stored.ts'
import { webhookLookups } from './webhook-lookups.ts'

/**
 * Reads by key on the calling thread, through a read-only connection.
 *
 * Each is one or two index steps: some ten microseconds. A read after a commit resolved sees that commit.
 * `note` hears of rows that are not as they were written.
 */
export function createLookups(
  db: Connection,
  note: (damaged: string) => void = () => undefined,
): Lookups {
  const reads = createReads(db, note)
  const { one, many, sound } = reads
  const busyHosts = db
    .prepare(
      `SELECT DISTINCT ${text('host_id')} FROM commands INDEXED BY commands_open WHERE open = 1 AND host_id > ? ORDER BY host_id LIMIT ?`,
    )
    .raw()
  const named = sound('command_names', 'command_uuid = ?')
  const lastSeq = db.prepare('SELECT CAST(max(seq) AS INTEGER) FROM commands').raw()
  const smallest = (table: 'alarms' | 'outbox') => {
    const statement = db
      .prepare(`SELECT ${number('due_at')} FROM ${table} ORDER BY due_at LIMIT 1`)
      .raw()
    return (): number | undefined => {
      const found = statement.get([])?.[0]
      return typeof found === 'number' ? found : undefined
    }
  }
  return {
    hostActor: one('host_actors', 'host_id = ?'),
    host: one('hosts', 'id = ?'),
    // Left to itself SQLite takes the index in order of seq and reads past every finished command.
    openCommands: many(
      'commands',
      'host_id = ? AND open = 1 ORDER BY seq, command_uuid',
      'INDEXED BY commands_open',
    ),
    busyHosts: (after, limit) => busyHosts.all([after, limit]).map(([hostId]) => String(hostId)),
    command: one('commands', 'command_uuid = ?'),
    commandsBetween: sound('commands', 'command_uuid BETWEEN ? AND ? ORDER BY command_uuid'),
    // A damaged name costs the name and not the list that shows it.
    commandName: (id) => named(id)[0],
    commandsNamed: sound('command_names', 'name = ? ORDER BY command_uuid LIMIT ?'),
    lastCommandSeq: () => Number(lastSeq.get([])?.[0] ?? 0),
    claimsOn: many('claims', 'kind = ? AND value = ? ORDER BY host_id'),
    claimsOf: many('claims', 'host_id = ? ORDER BY kind, value'),
    enrollment: one('enrollments', 'key = ?'),
    enrollmentsOf: many('enrollments', 'host_id = ? ORDER BY created_at, key'),
    agent: one('agents', 'node_key_hash = ?'),
    agentsOf: many('agents', 'host_id = ? ORDER BY enrolled_at, node_key_hash'),
    depDevice: one('dep_devices', 'serial = ?'),
    depDevicesOf: many('dep_devices', 'host_id = ? ORDER BY serial'),
    sealed: one('sealed', 'ref = ?'),
    lastSeen: one('last_seen', 'host_id = ? AND at IS NOT NULL'),
    alarmsOf: many('alarms', 'host_id = ? ORDER BY due_at, name'),
    conflict: one('conflicts', 'id = ?'),
    conflictsOf: many('conflicts', 'host_id = ? ORDER BY opened_at, id'),
    mergesOf: many('merges', 'survivor_id = ? ORDER BY at, id'),
    dueAlarms: sound('alarms', 'due_at <= ? ORDER BY due_at, host_id, name LIMIT ?'),
    nextAlarmAt: smallest('alarms'),
    dueOutbox: sound('outbox', 'due_at <= ? ORDER BY due_at, id LIMIT ?'),
    nextOutboxAt: smallest('outbox'),
    clock: one('clock', 'id = 1'),
    incarnation: one('incarnation', 'id = 1'),
    backups: sound('backups', 'true ORDER BY kind'),
    tokens: sound('tokens', 'true ORDER BY created_at, id'),
    enrollSecrets: sound('enroll_secrets', 'true ORDER BY created_at, id'),
    ...certificateLookups(reads),
    ...webhookLookups(reads),
  }
}
