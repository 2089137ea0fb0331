// What the store offers. The runtime and the routes know these types and nothing behind them.
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
  ClaimKind,
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

/**
 * One change within a turn. `put` inserts or replaces by primary key.
 *
 * Actors (`host_actor`, `command`) are fenced: version 1 must be new, version n replaces n − 1 only.
 * A second active claim on one `(kind, value)` is refused by the database, and so is a second certificate
 * for one challenge.
 */
export type Write =
  | { readonly put: 'host_actor'; readonly row: HostActorRow }
  | { readonly put: 'host'; readonly row: HostRow }
  | { readonly put: 'command'; readonly row: CommandRow }
  | { readonly put: 'journal'; readonly row: JournalRow }
  | { readonly put: 'alarm'; readonly row: AlarmRow }
  | { readonly put: 'outbox'; readonly row: OutboxRow }
  | { readonly put: 'claim'; readonly row: ClaimRow }
  | { readonly put: 'enrollment'; readonly row: EnrollmentRow }
  | { readonly put: 'dep_device'; readonly row: DepDeviceRow }
  | { readonly put: 'agent'; readonly row: AgentRow }
  | { readonly put: 'sealed'; readonly row: SealedRow }
  | { readonly put: 'conflict'; readonly row: ConflictRow }
  | { readonly put: 'merge'; readonly row: MergeRow }
  /** Null leaves a protocol's time as it is: who writes when one spoke need not know of the other. */
  | { readonly put: 'last_seen'; readonly row: LastSeenRow }
  | { readonly put: 'clock'; readonly row: ClockRow }
  | { readonly put: 'token'; readonly row: TokenRow }
  | { readonly put: 'enroll_secret'; readonly row: EnrollSecretRow }
  | { readonly put: 'authority'; readonly row: AuthorityRow }
  /** One that was ended stays so, unless this is the taking back of what ended it. */
  | { readonly put: 'certificate'; readonly row: CertificateRow; readonly revives?: true }
  | { readonly put: 'challenge'; readonly row: ChallengeRow }
  | { readonly put: 'enrollment_link'; readonly row: EnrollmentLinkRow }
  | { readonly put: 'push_certificate'; readonly row: PushCertificateRow }
  | { readonly put: 'webhook'; readonly row: WebhookRow }
  | { readonly put: 'delivery'; readonly row: DeliveryRow }
  | { readonly put: 'command_name'; readonly row: CommandNameRow }
  | { readonly put: 'incarnation'; readonly row: IncarnationRow }
  | { readonly put: 'backup'; readonly row: BackupRow }
  /** A turn that leaves its host's actor as it is: fenced like one that does not, by its next version alone. */
  | { readonly advance: 'host_actor'; readonly host_id: string; readonly version: number }
  | { readonly drop: 'alarm'; readonly host_id: string; readonly name: string }
  /** Only the row that was performed: asked for again meanwhile, it is a new one and stays. */
  | { readonly drop: 'outbox'; readonly id: string; readonly created_at: number }
  | {
      readonly drop: 'claim'
      readonly kind: ClaimKind
      readonly value: string
      readonly host_id: string
    }
  | { readonly drop: 'sealed'; readonly ref: string }
  | { readonly drop: 'command_name'; readonly command_uuid: string }
  | { readonly drop: 'token'; readonly id: string }
  | { readonly drop: 'enroll_secret'; readonly id: string }
  | { readonly drop: 'challenge'; readonly hash: string }
  | { readonly drop: 'enrollment_link'; readonly id: string }
  | { readonly drop: 'push_certificate'; readonly topic: string }
  | { readonly drop: 'webhook'; readonly id: string }
  | { readonly drop: 'delivery'; readonly id: string }
  /** All rows up to that seq: the oldest, so that those that stay have no gap. */
  | { readonly drop: 'journal'; readonly up_to: number }
  /** Only one that has ended. */
  | { readonly drop: 'command'; readonly command_uuid: string; readonly open: 0 }
  /** Only while its status is that one. */
  | {
      readonly drop: 'certificate'
      readonly fingerprint: string
      readonly status: CertificateRow['status']
    }
  // Only if they are still this host's: another may have taken them over since.
  | { readonly drop: 'dep_device'; readonly serial: string; readonly host_id: string }
  | { readonly drop: 'enrollment'; readonly key: string; readonly host_id: string }
  | { readonly drop: 'agent'; readonly node_key_hash: string; readonly host_id: string }
  /** Takes the host, its actor, channels, claims, alarms and sealed bytes; its journal and commands stay as history. */
  | { readonly drop: 'host'; readonly id: string }
  /** Hands commands over: all of `from`, or only those that originated at `origin` or are for `channel`. */
  | {
      readonly move: 'commands'
      readonly from: string
      readonly to: string
      readonly origin: string | null
      readonly channel?: string
    }

/** Why a turn is not durable. Only `conflict` and `claim-taken` are worth deciding again. */
export type CommitFault =
  /** An actor's version was not the expected one, or the challenge has its certificate already. */
  | { readonly kind: 'conflict' }
  /** Another live host owns that identifier. */
  | { readonly kind: 'claim-taken' }
  /** The writer's queue is at its bound. */
  | { readonly kind: 'overloaded' }
  /** The file is damaged where the turn had to write. */
  | { readonly kind: 'damaged'; readonly detail: string }
  /** Disk full, I/O error, closing: nothing of the turn was written. */
  | { readonly kind: 'unavailable'; readonly detail: string }

export type Committed =
  | {
      readonly ok: true
      /** `seq` of each journal row of the turn, in order. */
      readonly journalSeqs: readonly number[]
    }
  | { readonly ok: false; readonly error: CommitFault }

/**
 * Rows by key, read synchronously on the calling thread: microseconds, one page or two each.
 *
 * A row of one host, or one that is named by its key, throws `Damage` where it is not as it was written; lists of
 * unrelated rows leave it out.
 */
export type Lookups = {
  hostActor(hostId: string): HostActorRow | undefined
  host(hostId: string): HostRow | undefined
  openCommands(hostId: string): readonly CommandRow[]
  /** Ids above `after` of hosts with open commands, in order. */
  busyHosts(after: string, limit: number): readonly string[]
  command(commandUUID: string): CommandRow | undefined
  /** By their ids, both included. */
  commandsBetween(first: string, last: string): readonly CommandRow[]
  /** Undefined also where it is damaged. */
  commandName(commandUUID: string): CommandNameRow | undefined
  /** Commands under other ids that have this CommandUUID. */
  commandsNamed(name: string, limit: number): readonly CommandNameRow[]
  /** The highest `seq` a command has; 0 when there is none. */
  lastCommandSeq(): number
  claimsOn(kind: ClaimKind, value: string): readonly ClaimRow[]
  claimsOf(hostId: string): readonly ClaimRow[]
  enrollment(key: string): EnrollmentRow | undefined
  enrollmentsOf(hostId: string): readonly EnrollmentRow[]
  agent(nodeKeyHash: string): AgentRow | undefined
  agentsOf(hostId: string): readonly AgentRow[]
  depDevice(serial: string): DepDeviceRow | undefined
  depDevicesOf(hostId: string): readonly DepDeviceRow[]
  sealed(ref: string): SealedRow | undefined
  lastSeen(hostId: string): LastSeenRow | undefined
  alarmsOf(hostId: string): readonly AlarmRow[]
  conflict(id: string): ConflictRow | undefined
  conflictsOf(hostId: string): readonly ConflictRow[]
  mergesOf(survivorId: string): readonly MergeRow[]
  /** Alarms due at or before `at`, soonest first. */
  dueAlarms(at: number, limit: number): readonly AlarmRow[]
  nextAlarmAt(): number | undefined
  dueOutbox(at: number, limit: number): readonly OutboxRow[]
  nextOutboxAt(): number | undefined
  clock(): ClockRow | undefined
  incarnation(): IncarnationRow | undefined
  backups(): readonly BackupRow[]
  tokens(): readonly TokenRow[]
  enrollSecrets(): readonly EnrollSecretRow[]
  authorities(): readonly AuthorityRow[]
  certificate(fingerprint: string): CertificateRow | undefined
  /** Bound to the host, or issued on a challenge minted for it; oldest first. */
  certificatesOf(hostId: string): readonly CertificateRow[]
  /** In use and running out at or before `notAfter`, soonest first. */
  endingCertificates(notAfter: number, limit: number): readonly CertificateRow[]
  challenge(hash: string): ChallengeRow | undefined
  endedChallenges(expiresAt: number, limit: number): readonly ChallengeRow[]
  enrollmentLink(id: string): EnrollmentLinkRow | undefined
  enrollmentLinkBySecret(secretHash: string): EnrollmentLinkRow | undefined
  enrollmentLinks(): readonly EnrollmentLinkRow[]
  pushCertificate(topic: string): PushCertificateRow | undefined
  pushCertificates(): readonly PushCertificateRow[]
  webhook(id: string): WebhookRow | undefined
  webhooks(): readonly WebhookRow[]
  delivery(id: string): DeliveryRow | undefined
  /** What waits for that host at that webhook, longest committed first: all others of the host wait for it. */
  nextDelivery(webhookId: string, hostId: string): DeliveryRow | undefined
  /** The same of the next host, by id, for which anything waits. */
  nextDeliveryBeyond(webhookId: string, hostId: string): DeliveryRow | undefined
  /** Delivered or given up last. */
  lastDelivery(webhookId: string): DeliveryRow | undefined
  /** Created after that one, oldest first. */
  deliveriesFrom(
    webhookId: string,
    after: Pick<DeliveryRow, 'created_at' | 'id'>,
    limit: number,
  ): readonly DeliveryRow[]
  /** Delivered or given up at or before `finishedAt`, oldest first. */
  endedDeliveries(finishedAt: number, limit: number): readonly DeliveryRow[]
}

export type Store = {
  /** Resolves once the writes are on disk, all of them or none. Bound: 10,000 turns wait; more are refused. */
  commit(writes: readonly Write[]): Promise<Committed>
  readonly lookups: Lookups
  close(): Promise<void>
}
