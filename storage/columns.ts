// Which table holds which row, and its columns in the order statements bind and read them.
import type {
  AuthorityRow,
  CertificateRow,
  ChallengeRow,
  EnrollmentLinkRow,
  PushCertificateRow,
} from './certificate-rows.ts'
import type {
  AgentRow,
  AlarmRow,
  BackupRow,
  ClaimRow,
  ClockRow,
  CommandNameRow,
  CommandRow,
  ConflictRow,
  DepDeviceRow,
  EnrollmentRow,
  EnrollSecretRow,
  HostActorRow,
  HostRow,
  IncarnationRow,
  JournalRow,
  LastSeenRow,
  MergeRow,
  OutboxRow,
  SealedRow,
  TokenRow,
} from './rows.ts'
import type { DeliveryRow, WebhookRow } from './webhook-rows.ts'

export type Rows = {
  readonly host_actors: HostActorRow
  readonly hosts: HostRow
  readonly commands: CommandRow
  readonly journal: JournalRow
  readonly alarms: AlarmRow
  readonly outbox: OutboxRow
  readonly claims: ClaimRow
  readonly enrollments: EnrollmentRow
  readonly dep_devices: DepDeviceRow
  readonly agents: AgentRow
  readonly sealed: SealedRow
  readonly conflicts: ConflictRow
  readonly merges: MergeRow
  readonly last_seen: LastSeenRow
  readonly clock: ClockRow
  readonly tokens: TokenRow
  readonly enroll_secrets: EnrollSecretRow
  readonly authorities: AuthorityRow
  readonly certificates: CertificateRow
  readonly challenges: ChallengeRow
  readonly enrollment_links: EnrollmentLinkRow
  readonly push_certificates: PushCertificateRow
  readonly webhooks: WebhookRow
  readonly webhook_deliveries: DeliveryRow
  readonly command_names: CommandNameRow
  readonly incarnation: IncarnationRow
  readonly backups: BackupRow
}
export type Table = keyof Rows

/** Columns per table. A row's key left out does not compile, so a statement cannot lose a column. */
export const columns = {
  host_actors: every<HostActorRow>()(['host_id', 'version', 'machine_version', 'snapshot']),
  // prettier-ignore
  hosts: every<HostRow>()([
    'id', 'serial', 'uuid', 'udid', 'hostname', 'platform', 'os_version', 'model', 'mdm', 'dep', 'osquery', 'lifecycle',
    'status', 'quarantined', 'merged_into', 'epoch', 'first_seen_at', 'updated_at',
  ]),
  // prettier-ignore
  commands: every<CommandRow>()([
    'command_uuid', 'host_id', 'origin_host_id', 'channel', 'request_type', 'state', 'open', 'priority', 'seq',
    'request_digest', 'version', 'machine_version', 'snapshot', 'created_at', 'updated_at', 'expires_at',
  ]),
  // prettier-ignore
  journal: every<JournalRow>()([
    'host_id', 'at', 'actor', 'event', 'from_state', 'to_state', 'cause', 'cause_id', 'detail',
  ]),
  alarms: every<AlarmRow>()(['host_id', 'name', 'due_at']),
  // prettier-ignore
  outbox: every<OutboxRow>()(['id', 'host_id', 'kind', 'payload', 'due_at', 'attempts', 'created_at']),
  // prettier-ignore
  claims: every<ClaimRow>()(['kind', 'value', 'host_id', 'status', 'source', 'first_seen', 'last_seen']),
  enrollments: every<EnrollmentRow>()(['key', 'host_id', 'channel', 'type', 'created_at']),
  // prettier-ignore
  dep_devices: every<DepDeviceRow>()([
    'serial', 'host_id', 'assigned', 'profile_status', 'op_date', 'raw', 'updated_at',
  ]),
  // prettier-ignore
  agents: every<AgentRow>()([
    'node_key_hash', 'host_id', 'instance', 'enrolled_at', 'expires_at', 'revoked_at', 'detail_at',
  ]),
  sealed: every<SealedRow>()(['ref', 'host_id', 'kind', 'sealed', 'blob']),
  // prettier-ignore
  conflicts: every<ConflictRow>()([
    'id', 'kind', 'host_id', 'others', 'claim_kind', 'claim_value', 'detail', 'opened_at', 'resolved_at', 'resolution',
  ]),
  merges: every<MergeRow>()(['id', 'survivor_id', 'loser_id', 'at', 'undo', 'undone_at']),
  last_seen: every<LastSeenRow>()(['host_id', 'at', 'mdm_at', 'osquery_at']),
  clock: every<ClockRow>()(['id', 'at']),
  tokens: every<TokenRow>()(['id', 'name', 'role', 'hash', 'created_at', 'last_used_at']),
  enroll_secrets: every<EnrollSecretRow>()(['id', 'name', 'hash', 'created_at']),
  authorities: every<AuthorityRow>()(['id', 'certificate', 'key_ref', 'created_at']),
  // prettier-ignore
  certificates: every<CertificateRow>()([
    'fingerprint', 'serial', 'subject', 'der', 'public_key_hash', 'origin', 'status', 'host_id', 'vouched_host_id',
    'proven', 'profile', 'link_id', 'team', 'challenge_hash', 'transaction_id', 'renews', 'not_before', 'not_after',
    'issued_at', 'first_use_by', 'bound_at', 'ended_at', 'ended_by',
  ]),
  // prettier-ignore
  challenges: every<ChallengeRow>()([
    'hash', 'kind', 'host_id', 'proven', 'profile', 'link_id', 'team', 'created_at', 'expires_at', 'used_at',
    'fingerprint', 'public_key_hash', 'transaction_id',
  ]),
  // prettier-ignore
  enrollment_links: every<EnrollmentLinkRow>()([
    'id', 'name', 'secret_hash', 'host_id', 'team', 'created_at', 'created_by', 'expires_at', 'uses_max', 'uses',
    'revoked_at',
  ]),
  // prettier-ignore
  push_certificates: every<PushCertificateRow>()([
    'topic', 'certificate', 'key_ref', 'subject', 'not_before', 'not_after', 'created_at', 'created_by',
    'refused_at', 'refused_reason',
  ]),
  // prettier-ignore
  webhooks: every<WebhookRow>()([
    'id', 'name', 'url', 'kind', 'topics', 'secret_ref', 'former_secret_ref', 'former_until', 'enabled', 'disabled_reason',
    'cursor', 'created_at', 'created_by',
  ]),
  // prettier-ignore
  webhook_deliveries: every<DeliveryRow>()([
    'id', 'webhook_id', 'host_id', 'topic', 'payload_ref', 'state', 'attempts', 'due_at', 'created_at', 'finished_at',
    'last_status', 'last_error',
  ]),
  command_names: every<CommandNameRow>()(['command_uuid', 'name']),
  incarnation: every<IncarnationRow>()(['id', 'incarnation', 'restored_at']),
  // prettier-ignore
  backups: every<BackupRow>()([
    'kind', 'at', 'journal_seq', 'bytes', 'file', 'made_by', 'findings', 'failed_at', 'failure',
  ]),
} as const satisfies { readonly [T in Table]: readonly (keyof Rows[T])[] }

/** What a SQLite column gives back here; integers are safe ones, blobs are Buffers. */
export type Value = string | number | Uint8Array | null

/** Turns the values of one result row, in column order, into the table's row. */
export function rowOf<T extends Table>(table: T, values: readonly Value[]): Rows[T] {
  const row: Record<string, Value> = {}
  for (const [index, column] of columns[table].entries()) row[column] = values[index] ?? null
  // The column list is every key of the row type, and the tables are STRICT with the row's types.
  return row as unknown as Rows[T]
}

/** The row's values in column order. */
export function valuesOf<T extends Table>(table: T, row: Rows[T]): Value[] {
  const named = row as unknown as Readonly<Record<string, Value>>
  return columns[table].map((column) => named[column] ?? null)
}

function every<Row>() {
  return <const Columns extends readonly (keyof Row & string)[]>(
    list: Exclude<keyof Row, Columns[number]> extends never ? Columns : never,
  ): Columns => list
}
