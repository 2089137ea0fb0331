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

type Put<Kind> = Extract<Write, { readonly put: Kind }>

function createWriter(
  tables: ModelTables,
  missing: ReadonlySet<MissingRule>,
): (change: Write) => Refusal | undefined {
  const comparesVersions = !missing.has('fences')
  const keepsOwners = !missing.has('claims')

  function putActor({ row }: Put<'host_actor'>): Refusal | undefined {
    const before = tables.host_actors.get(row.host_id)
    if (comparesVersions && !follows(before, row)) return 'conflict'
    tables.host_actors.put(row.host_id, row)
    return undefined
  }

  function advance({ host_id, version }: Extract<Write, { readonly advance: 'host_actor' }>) {
    const before = tables.host_actors.get(host_id)
    const isNext = before?.version === version - 1
    if (before === undefined || (comparesVersions && !isNext)) return 'conflict'
    tables.host_actors.put(host_id, { ...before, version })
    return undefined
  }

  function putCommand({ row }: Put<'command'>): Refusal | undefined {
    const before = tables.commands.get(row.command_uuid)
    if (comparesVersions && !follows(before, row)) return 'conflict'
    tables.commands.put(row.command_uuid, row)
    return undefined
  }

  function putClaim({ row }: Put<'claim'>): Refusal | undefined {
    if (keepsOwners && row.status === 'active' && isTaken(tables, row)) return 'claim-taken'
    tables.claims.put(claimKey(row.kind, row.value, row.host_id), row)
    return undefined
  }

  function putCertificate({ row, revives }: Put<'certificate'>): Refusal | undefined {
    if (row.challenge_hash !== null && isSpent(tables, row)) return 'conflict'
    const before = tables.certificates.get(row.fingerprint)
    if (before !== undefined && !maySucceed(before.status, row.status, revives)) return 'conflict'
    tables.certificates.put(row.fingerprint, row)
    return undefined
  }

  return (change) => {
    if ('move' in change) moveCommands(tables, change)
    else if ('advance' in change) return advance(change)
    else if ('drop' in change) drop(tables, change)
    else if (change.put === 'host_actor') return putActor(change)
    else if (change.put === 'command') return putCommand(change)
    else if (change.put === 'claim') return putClaim(change)
    else if (change.put === 'certificate') return putCertificate(change)
    else putFree(tables, change)
    return undefined
  }
}

/** One that nobody is told by, or that has no body, is not taken, and its body goes with it. */
function putDelivery(
  { webhooks, webhook_deliveries: deliveries, sealed }: ModelTables,
  row: Put<'delivery'>['row'],
): void {
  const isNew = deliveries.get(row.id) === undefined
  const isSomebodys = webhooks.get(row.webhook_id) !== undefined
  if (!isNew || (isSomebodys && sealed.get(row.payload_ref) !== undefined))
    deliveries.put(row.id, row)
  else sealed.drop(row.payload_ref)
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

/** A certificate never goes back, unless what ended it is taken back. */
const standings = ['issued', 'active', 'retired', 'revoked'] as const
type Standing = (typeof standings)[number]

const maySucceed = (before: Standing, after: Standing, revives = false): boolean =>
  revives ? before !== 'revoked' : standings.indexOf(after) >= standings.indexOf(before)

/** One challenge, one certificate. */
const isSpent = (
  { certificates }: ModelTables,
  row: { readonly challenge_hash: string | null; readonly fingerprint: string },
): boolean =>
  certificates.where(
    ({ challenge_hash, fingerprint }) =>
      challenge_hash === row.challenge_hash && fingerprint !== row.fingerprint,
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

type FreePut = Exclude<
  Extract<Write, { readonly put: string }>,
  { readonly put: 'host_actor' | 'command' | 'claim' | 'certificate' }
>

/** How each row that breaks no rule is put: replaced by key, but for those that live with another. */
const freePuts: {
  readonly [Kind in FreePut['put']]: (tables: ModelTables, row: Put<Kind>['row']) => void
} = {
  host: putHost,
  journal: (_tables, row) => assertTyped('journal', row),
  last_seen: putSeen,
  clock: ({ clock }, row) => clock.put('1', row),
  alarm: ({ alarms }, row) => alarms.put(alarmKey(row.host_id, row.name), row),
  outbox: ({ outbox }, row) => outbox.put(row.id, row),
  enrollment: ({ enrollments }, row) => enrollments.put(row.key, row),
  dep_device: ({ dep_devices }, row) => dep_devices.put(row.serial, row),
  agent: ({ agents }, row) => agents.put(row.node_key_hash, row),
  sealed: ({ sealed }, row) => sealed.put(row.ref, row),
  conflict: ({ conflicts }, row) => conflicts.put(row.id, row),
  merge: ({ merges }, row) => merges.put(row.id, row),
  token: ({ tokens }, row) => tokens.put(row.id, row),
  enroll_secret: ({ enroll_secrets }, row) => enroll_secrets.put(row.id, row),
  authority: ({ authorities }, row) => authorities.put(row.id, row),
  challenge: ({ challenges }, row) => challenges.put(row.hash, row),
  enrollment_link: ({ enrollment_links }, row) => enrollment_links.put(row.id, row),
  push_certificate: ({ push_certificates }, row) => push_certificates.put(row.topic, row),
  webhook: ({ webhooks }, row) => webhooks.put(row.id, row),
  delivery: putDelivery,
  command_name: ({ command_names }, row) => command_names.put(row.command_uuid, row),
  incarnation: ({ incarnation }, row) => incarnation.put('1', row),
  backup: ({ backups }, row) => backups.put(row.kind, row),
}

function putFree(tables: ModelTables, { put, row }: FreePut): void {
  // The table pairs each kind with its row, which the compiler cannot follow through the union.
  const apply = freePuts[put] as (tables: ModelTables, row: FreePut['row']) => void
  apply(tables, row)
}

const alarmKey = (hostId: string, name: string): string => `${hostId} ${name}`

type Drop = Extract<Write, { readonly drop: string }>

const drops: {
  readonly [Kind in Drop['drop']]: (
    tables: ModelTables,
    change: Extract<Drop, { readonly drop: Kind }>,
  ) => void
} = {
  alarm: ({ alarms }, { host_id, name }) => alarms.drop(alarmKey(host_id, name)),
  outbox({ outbox }, { id, created_at }) {
    if (outbox.get(id)?.created_at === created_at) outbox.drop(id)
  },
  claim: ({ claims }, { kind, value, host_id }) => claims.drop(claimKey(kind, value, host_id)),
  sealed: ({ sealed }, { ref }) => sealed.drop(ref),
  command_name: ({ command_names }, { command_uuid }) => command_names.drop(command_uuid),
  token: ({ tokens }, { id }) => tokens.drop(id),
  enroll_secret: ({ enroll_secrets }, { id }) => enroll_secrets.drop(id),
  challenge: ({ challenges }, { hash }) => challenges.drop(hash),
  enrollment_link: ({ enrollment_links }, { id }) => enrollment_links.drop(id),
  push_certificate: ({ push_certificates }, { topic }) => push_certificates.drop(topic),
  webhook: ({ webhooks }, { id }) => webhooks.drop(id),
  delivery: ({ webhook_deliveries }, { id }) => webhook_deliveries.drop(id),
  // The model numbers its journal and keeps none of it.
  journal: () => undefined,
  command({ commands, command_names }, { command_uuid }) {
    if (commands.get(command_uuid)?.open !== 0) return
    commands.drop(command_uuid)
    command_names.drop(command_uuid)
  },
  certificate({ certificates }, { fingerprint, status }) {
    if (certificates.get(fingerprint)?.status === status) certificates.drop(fingerprint)
  },
  dep_device({ dep_devices }, { serial, host_id }) {
    if (dep_devices.get(serial)?.host_id === host_id) dep_devices.drop(serial)
  },
  enrollment({ enrollments }, { key, host_id }) {
    if (enrollments.get(key)?.host_id === host_id) enrollments.drop(key)
  },
  agent({ agents }, { node_key_hash, host_id }) {
    if (agents.get(node_key_hash)?.host_id === host_id) agents.drop(node_key_hash)
  },
  host: (tables, { id }) => dropHost(tables, id),
}

function drop(tables: ModelTables, change: Drop): void {
  // As with puts: each kind has its own change.
  const apply = drops[change.drop] as (tables: ModelTables, change: Drop) => void
  apply(tables, change)
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
