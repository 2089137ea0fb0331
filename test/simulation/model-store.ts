// The rules of the store without its files: what is durable after a turn, and which turns are refused.
// The conformance suite holds it to what the real one does.
import type { HostRow, LastSeenRow } from '../../storage/rows.ts'
import type { CommitFault, Committed, Lookups, Store, Write } from '../../storage/store.ts'
import { claimKey, modelLookups } from './model-lookups.ts'
import { assertTyped, createTables, type ModelTables, type UndoLog } from './model-tables.ts'

/** Rules that a planted bug leaves out. */
export type MissingRule = 'fences' | 'claims'

export type DurableRows = {
  readonly lookups: Lookups
  readonly tables: ModelTables
  /** All of the turn or nothing of it. Throws for a row that no table takes. */
  apply(writes: readonly Write[]): Committed
}

type Refusal = Extract<CommitFault['kind'], 'conflict' | 'claim-taken'>

export function createDurableRows(missing: ReadonlySet<MissingRule> = new Set()): DurableRows {
  const undo: UndoLog = []
  const tables = createTables(undo)
  const write = createWriter(tables, missing)
  let seq = 0

  function takeBack(): void {
    for (const step of undo.splice(0).toReversed()) step()
  }

  return {
    tables,
    lookups: modelLookups(tables),
    apply(writes) {
      undo.length = 0
      const seqs: number[] = []
      try {
        for (const change of writes) {
          const refusal = write(change)
          if (refusal !== undefined) {
            takeBack()
            return { ok: false, error: { kind: refusal } }
          }
          if ('put' in change && change.put === 'journal') seqs.push(seq + seqs.length + 1)
        }
      } catch (error) {
        takeBack()
        throw error
      }
      seq += seqs.length
      return { ok: true, journalSeqs: seqs }
    },
  }
}

function createWriter(
  tables: ModelTables,
  missing: ReadonlySet<MissingRule>,
): (change: Write) => Refusal | undefined {
  function put(change: Extract<Write, { readonly put: string }>): Refusal | undefined {
    switch (change.put) {
      case 'host_actor': {
        const { row } = change
        if (!missing.has('fences') && !follows(tables.host_actors.get(row.host_id), row))
          return 'conflict'
        return void tables.host_actors.put(row.host_id, row)
      }
      case 'command': {
        const { row } = change
        if (!missing.has('fences') && !follows(tables.commands.get(row.command_uuid), row))
          return 'conflict'
        return void tables.commands.put(row.command_uuid, row)
      }
      case 'claim': {
        const { row } = change
        if (row.status === 'active' && !missing.has('claims') && isTaken(tables, row))
          return 'claim-taken'
        return void tables.claims.put(claimKey(row.kind, row.value, row.host_id), row)
      }
      case 'host':
        return void putHost(tables, change.row)
      case 'journal':
        return void assertTyped('journal', change.row)
      case 'last_seen':
        return void putSeen(tables, change.row)
      default:
        return void putPlain(tables, change)
    }
  }
  return (change) => {
    if ('put' in change) return put(change)
    if ('move' in change) return void moveCommands(tables, change)
    return void drop(tables, change)
  }
}

/** Version 1 must be new; version n replaces n − 1. */
const follows = (
  before: { readonly version: number } | undefined,
  { version }: { readonly version: number },
): boolean => (version === 1 ? before === undefined : before?.version === version - 1)

const isTaken = (
  { claims }: ModelTables,
  row: { readonly kind: string; readonly value: string; readonly host_id: string },
): boolean =>
  claims.where(
    ({ kind, value, host_id, status }) =>
      status === 'active' && kind === row.kind && value === row.value && host_id !== row.host_id,
  ).length > 0

/** A row of `last_seen` lives as long as its host is listed. */
function putHost({ hosts, last_seen }: ModelTables, row: HostRow): void {
  hosts.put(row.id, row)
  if (row.merged_into !== null) last_seen.drop(row.id)
  else if (last_seen.get(row.id) === undefined) last_seen.put(row.id, unheardOf(row.id))
}

/** A protocol that said nothing keeps its time. */
function putSeen({ last_seen }: ModelTables, row: LastSeenRow): void {
  const before = last_seen.get(row.host_id)
  if (before === undefined) return
  const { mdm_at, osquery_at } = before
  const kept = { mdm_at: row.mdm_at ?? mdm_at, osquery_at: row.osquery_at ?? osquery_at }
  last_seen.put(row.host_id, { ...row, ...kept })
}

// The table's `at` is null until the host is first heard of; lookups give no such row.
const unheardOf = (host_id: string): LastSeenRow =>
  ({ host_id, at: null, mdm_at: null, osquery_at: null }) as unknown as LastSeenRow

type PlainPut = Exclude<
  Extract<Write, { readonly put: string }>,
  { readonly put: 'host_actor' | 'host' | 'command' | 'journal' | 'claim' | 'last_seen' }
>

function putPlain(tables: ModelTables, change: PlainPut): void {
  switch (change.put) {
    case 'alarm':
      return tables.alarms.put(alarmKey(change.row.host_id, change.row.name), change.row)
    case 'outbox':
      return tables.outbox.put(change.row.id, change.row)
    case 'enrollment':
      return tables.enrollments.put(change.row.key, change.row)
    case 'dep_device':
      return tables.dep_devices.put(change.row.serial, change.row)
    case 'agent':
      return tables.agents.put(change.row.node_key_hash, change.row)
    case 'sealed':
      return tables.sealed.put(change.row.ref, change.row)
    case 'conflict':
      return tables.conflicts.put(change.row.id, change.row)
    case 'merge':
      return tables.merges.put(change.row.id, change.row)
    case 'token':
      return tables.tokens.put(change.row.id, change.row)
    case 'enroll_secret':
      return tables.enroll_secrets.put(change.row.id, change.row)
    default:
      throw new Error(`no table for ${JSON.stringify(change satisfies never)}`)
  }
}

const alarmKey = (hostId: string, name: string): string => `${hostId} ${name}`

function drop(tables: ModelTables, change: Extract<Write, { readonly drop: string }>): void {
  switch (change.drop) {
    case 'alarm':
      return tables.alarms.drop(alarmKey(change.host_id, change.name))
    case 'outbox':
      if (tables.outbox.get(change.id)?.created_at === change.created_at)
        tables.outbox.drop(change.id)
      return undefined
    case 'claim':
      return tables.claims.drop(claimKey(change.kind, change.value, change.host_id))
    case 'sealed':
      return tables.sealed.drop(change.ref)
    case 'token':
      return tables.tokens.drop(change.id)
    case 'enroll_secret':
      return tables.enroll_secrets.drop(change.id)
    case 'host':
      return dropHost(tables, change.id)
    default:
      return dropOwned(tables, change)
  }
}

type OwnedDrop = Extract<Write, { readonly drop: 'dep_device' | 'enrollment' | 'agent' }>

function dropOwned(tables: ModelTables, change: OwnedDrop): void {
  const { host_id } = change
  if (change.drop === 'dep_device') {
    if (tables.dep_devices.get(change.serial)?.host_id === host_id)
      tables.dep_devices.drop(change.serial)
  } else if (change.drop === 'enrollment') {
    if (tables.enrollments.get(change.key)?.host_id === host_id) tables.enrollments.drop(change.key)
  } else if (tables.agents.get(change.node_key_hash)?.host_id === host_id)
    tables.agents.drop(change.node_key_hash)
}

function dropHost(tables: ModelTables, id: string): void {
  const isTheirs = ({ host_id }: { readonly host_id: string }): boolean => host_id === id
  tables.hosts.drop(id)
  tables.host_actors.drop(id)
  tables.last_seen.drop(id)
  for (const { key } of tables.enrollments.where(isTheirs)) tables.enrollments.drop(key)
  for (const { serial } of tables.dep_devices.where(isTheirs)) tables.dep_devices.drop(serial)
  for (const { node_key_hash } of tables.agents.where(isTheirs)) tables.agents.drop(node_key_hash)
  for (const { kind, value } of tables.claims.where(isTheirs))
    tables.claims.drop(claimKey(kind, value, id))
  for (const { name } of tables.alarms.where(isTheirs)) tables.alarms.drop(alarmKey(id, name))
  for (const row of tables.outbox.where(isTheirs)) tables.outbox.drop(row.id)
  for (const { ref } of tables.sealed.where(isTheirs)) tables.sealed.drop(ref)
}

function moveCommands(
  { commands }: ModelTables,
  { from, to, origin, channel }: Extract<Write, { readonly move: string }>,
): void {
  const theirs = commands.where(
    (row) =>
      row.host_id === from &&
      (channel === undefined
        ? origin === null || row.origin_host_id === origin
        : row.channel === channel),
  )
  for (const row of theirs) commands.put(row.command_uuid, { ...row, host_id: to })
}

/** Turns that may wait, as in the real writer. */
const waitingMax = 10_000

/** A whole store of its own, without faults or delays, as the conformance suite wants one. */
export function openModelStore(): Store {
  const rows = createDurableRows()
  let waiting = 0
  let isClosed = false
  return {
    lookups: rows.lookups,
    async commit(writes) {
      if (isClosed) return { ok: false, error: { kind: 'unavailable', detail: 'closed' } }
      if (waiting >= waitingMax) return { ok: false, error: { kind: 'overloaded' } }
      waiting += 1
      await Promise.resolve()
      waiting -= 1
      return rows.apply(writes)
    },
    async close() {
      isClosed = true
    },
  }
}
