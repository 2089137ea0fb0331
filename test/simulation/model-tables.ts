// The store's tables as maps, every change of which can be taken back.
import { columns, type Rows, type Table } from '../../storage/columns.ts'

export type ModelTables = {
  readonly [T in Exclude<Table, 'journal'>]: ModelTable<Rows[T]>
}

export type ModelTable<Row> = {
  get(key: string): Row | undefined
  put(key: string, row: Row): void
  drop(key: string): void
  all(): readonly Row[]
  where(matches: (row: Row) => boolean): readonly Row[]
}

export type UndoLog = (() => void)[]

/** `undo` gathers, oldest first, what takes the changes back. */
export function createTables(undo: UndoLog): ModelTables {
  const table = <T extends Table>(name: T): ModelTable<Rows[T]> => {
    const rows = new Map<string, Rows[T]>()
    function set(key: string, row: Rows[T] | undefined): void {
      const before = rows.get(key)
      undo.push(() => void (before === undefined ? rows.delete(key) : rows.set(key, before)))
      if (row === undefined) rows.delete(key)
      else rows.set(key, row)
    }
    return {
      get: (key) => rows.get(key),
      put(key, row) {
        assertTyped(name, row)
        set(key, row)
      },
      drop(key) {
        if (rows.has(key)) set(key, undefined)
      },
      all: () => [...rows.values()],
      where(matches) {
        const found: Rows[T][] = []
        for (const row of rows.values()) if (matches(row)) found.push(row)
        return found
      },
    }
  }
  return {
    host_actors: table('host_actors'),
    hosts: table('hosts'),
    commands: table('commands'),
    alarms: table('alarms'),
    outbox: table('outbox'),
    claims: table('claims'),
    enrollments: table('enrollments'),
    dep_devices: table('dep_devices'),
    agents: table('agents'),
    sealed: table('sealed'),
    conflicts: table('conflicts'),
    merges: table('merges'),
    last_seen: table('last_seen'),
    clock: table('clock'),
    tokens: table('tokens'),
    enroll_secrets: table('enroll_secrets'),
    authorities: table('authorities'),
    certificates: table('certificates'),
    challenges: table('challenges'),
    enrollment_links: table('enrollment_links'),
    push_certificates: table('push_certificates'),
    webhooks: table('webhooks'),
    webhook_deliveries: table('webhook_deliveries'),
    command_names: table('command_names'),
    incarnation: table('incarnation'),
    backups: table('backups'),
  }
}

/** Columns that may be null, per table; all others are NOT NULL. */
const nullable: { readonly [T in Table]?: readonly string[] } = {
  hosts: [
    'serial',
    'uuid',
    'udid',
    'hostname',
    'platform',
    'os_version',
    'model',
    'status',
    'merged_into',
  ],
  journal: ['from_state', 'to_state', 'cause_id', 'detail'],
  last_seen: ['at', 'mdm_at', 'osquery_at'],
  dep_devices: ['profile_status', 'op_date'],
  agents: ['instance', 'expires_at', 'revoked_at'],
  conflicts: ['claim_kind', 'claim_value', 'resolved_at', 'resolution'],
  merges: ['undone_at'],
  sealed: ['sealed', 'blob'],
  tokens: ['last_used_at'],
  certificates: [
    'host_id',
    'vouched_host_id',
    'proven',
    'profile',
    'link_id',
    'team',
    'challenge_hash',
    'transaction_id',
    'renews',
    'bound_at',
    'ended_at',
    'ended_by',
  ],
  challenges: [
    'host_id',
    'proven',
    'profile',
    'link_id',
    'team',
    'used_at',
    'fingerprint',
    'public_key_hash',
    'transaction_id',
  ],
  enrollment_links: ['host_id', 'team', 'expires_at', 'uses_max', 'revoked_at'],
  webhooks: ['secret_ref', 'disabled_reason'],
  webhook_deliveries: ['finished_at', 'last_status', 'last_error'],
  incarnation: ['restored_at'],
  backups: ['at', 'journal_seq', 'bytes', 'file', 'made_by', 'findings', 'failed_at', 'failure'],
}

/** What a STRICT table refuses: a column left out or null that may not be, and fractions. Throws. */
export function assertTyped<T extends Table>(table: T, row: Rows[T]): void {
  const named = row as unknown as Readonly<Record<string, unknown>>
  for (const column of columns[table]) {
    const value = named[column]
    const isMissing = value === null || value === undefined
    const isFraction = typeof value === 'number' && !Number.isSafeInteger(value)
    if (isFraction || (isMissing && nullable[table]?.includes(column) !== true))
      throw new TypeError(`${table}.${column} may not be ${String(value)}`)
  }
}
