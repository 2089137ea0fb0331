// Lists, searches and counts. They run in the reader thread; each sees one consistent state of the file.
import type { CertificateRow, ShownStatus } from './certificate-rows.ts'
import type {
  AgentRow,
  CauseKind,
  CommandRow,
  ConflictRow,
  EnrollmentRow,
  HostActorRow,
  HostRow,
  JournalRow,
} from './rows.ts'
import type { Tree } from './trees.ts'
import type { DeliveryRow, DeliveryState } from './webhook-rows.ts'

/** The most rows one page may ask for. */
export const pageRowsMax = 1_000

/**
 * Values to keep and values to leave out; an empty `include` keeps everything.
 *
 * A state matches itself and its descendants: `enrolled` fits `enrolled.ready`. The empty string fits null.
 */
export type Choice = { readonly include: readonly string[]; readonly exclude: readonly string[] }

export type CountedColumn = 'mdm' | 'dep' | 'osquery' | 'status' | 'lifecycle' | 'platform'

/**
 * `missing` was last seen before `missingBeforeMs`, `online` since `onlineSinceMs`, `offline` between; `never` was
 * never heard of. One last seen from `aheadFromMs` on was heard of while the clock was ahead, nobody knows how long
 * ago, and is `offline`. A host whose lifecycle is `dep_assigned` is in none of them.
 */
export type Presence = 'online' | 'offline' | 'missing' | 'never'
export type Thresholds = {
  readonly onlineSinceMs: number
  readonly missingBeforeMs: number
  readonly aheadFromMs: number
}
export type PresenceChoice = Thresholds & {
  readonly include: readonly Presence[]
  readonly exclude: readonly Presence[]
}

export const hostSorts = [
  'last_seen_at',
  'first_seen_at',
  'hostname',
  'serial',
  'platform',
  'os_version',
  'model',
  'status',
  'lifecycle',
  'id',
] as const
export type HostSort = (typeof hostSorts)[number]

export type HostListQuery = {
  readonly filters: Readonly<Partial<Record<CountedColumn, Choice>>>
  readonly presence?: PresenceChoice
  /** Prefix of hostname or of any identifier; case counts only in what Apple and osquery call opaque. */
  readonly q?: string
  /** Hosts that were first seen at or after `sinceMs` and before `beforeMs`. */
  readonly firstSeen?: { readonly sinceMs?: number; readonly beforeMs?: number }
  /** Nulls come first ascending and last descending; text that names things sorts without case. */
  readonly sort: { readonly column: HostSort; readonly descending: boolean }
  /** The last item of the page before: its value of the sorted column and its id. */
  readonly after?: { readonly value: string | number | null; readonly id: string }
  readonly limit: number
}
export type ListedHost = HostRow & {
  readonly last_seen_at: number | null
  readonly mdm_at: number | null
  readonly osquery_at: number | null
}

/** `total` counts every match, not only this page; it is exact. */
export type Page<Item> = {
  readonly items: readonly Item[]
  readonly total: number
  readonly more: boolean
  /** Rows of this page that are not as they were written, by table and key; they are not among the items. */
  readonly damaged?: readonly string[]
}

type Counts = Readonly<Record<string, number>>
/** Quarantined hosts count, merged ones do not. Null is counted under the empty string. */
export type HostsSummary = Readonly<Record<CountedColumn, Counts>> & {
  readonly presence: Readonly<Record<Presence, number>>
  readonly total: number
}

export type JournalQuery = {
  readonly hostIds?: readonly string[]
  /** `host`, or a CommandUUID. */
  readonly actor?: string
  readonly events?: readonly string[]
  readonly causes?: readonly CauseKind[]
  /** Rows after this seq. */
  readonly sinceSeq?: number
  /** Rows before this seq. */
  readonly beforeSeq?: number
  readonly ascending?: boolean
  readonly limit: number
}
export type JournalEntry = JournalRow & { readonly seq: number }
/** `total` ignores the seqs; it is null where counting would mean to read the whole journal. */
export type JournalPage = Omit<Page<JournalEntry>, 'total'> & { readonly total: number | null }

export type CommandListQuery = {
  readonly hostId?: string
  /** As devices see it: commands of several hosts may have it. */
  readonly commandUUID?: string
  readonly states?: Choice
  readonly requestTypes?: Choice
  readonly ascending?: boolean
  /** The last item of the page before. */
  readonly after?: { readonly seq: number; readonly command_uuid: string }
  readonly limit: number
}

export type ConflictListQuery = {
  /** Only open ones, or only resolved ones; both when left out. */
  readonly open?: boolean
  readonly after?: { readonly opened_at: number; readonly id: string }
  readonly limit: number
}

export type DeliveryListQuery = {
  readonly webhookId: string
  readonly hostId?: string
  readonly states?: readonly DeliveryState[]
  readonly topics?: readonly string[]
  /** The last item of the page before. */
  readonly after?: { readonly created_at: number; readonly id: string }
  readonly limit: number
}

/** Where the log of deliveries ends once it holds no more than `kept` that are over. */
export type DeliveryCutQuery = { readonly kept: number }

export type CertificateListQuery = {
  /** Bound to one of these hosts or, before that, issued for it. */
  readonly hostIds?: readonly string[]
  readonly statuses?: readonly ShownStatus[]
  /** By the steady clock: whose first use is awaited in vain. Without it nobody's is. */
  readonly asOf?: number
  /** Running out before this moment. */
  readonly endingBefore?: number
  readonly after?: { readonly issued_at: number; readonly fingerprint: string }
  readonly limit: number
}

/** Looks at so many of the oldest rows. */
export type JournalCutQuery = {
  readonly before: number
  readonly now: number
  readonly rows: number
}

/** The seqs of the oldest row and of the last that may go. */
export type JournalCut = { readonly from: number; readonly upTo: number }

type CommandPlace = { readonly seq: number; readonly command_uuid: string }
export type OldCommandsQuery = {
  readonly after: CommandPlace
  /** Later ones cannot have ended before that time either. */
  readonly createdBefore: number
  readonly rows: number
}
export type OldCommands = {
  readonly ended: readonly { readonly command_uuid: string; readonly ended_at: number }[]
  /** Where the next stretch begins; null when no older command is left. */
  readonly next: CommandPlace | null
}

export type EndedQuery = { readonly before: number; readonly rows: number }
export type EndedCertificate = {
  readonly fingerprint: string
  readonly status: 'issued' | 'retired'
}

export type TransitionCounts = {
  /** How many are in each state, by region; a command's only region is `state`. */
  readonly states: Readonly<Record<string, Counts>>
  /** How often each edge was taken since the database began. */
  readonly edges: readonly {
    readonly event: string
    readonly from_state: string | null
    readonly to_state: string | null
    readonly count: number
  }[]
}

/** Rows in key order, after a key. For filling what is kept in memory. */
export type Scan = { readonly after: string | null; readonly limit: number }

/** How many rows to look at behind a place, and at first behind 0. */
export type BlobScan = { readonly after: number; readonly rows: number }

export type BlobsNamed = {
  readonly digests: readonly string[]
  /** Where the next stretch begins; null behind the last row. */
  readonly next: number | null
}

export type TableCounts = Readonly<
  Record<
    | 'hosts'
    | 'commands'
    | 'open_commands'
    | 'journal'
    | 'agents'
    | 'enrollments'
    | 'dep_devices'
    | 'open_conflicts'
    | 'alarms'
    | 'outbox',
    number
  >
>

/** What each query is asked with and answers. */
export type QueryTypes = {
  readonly listHosts: readonly [ask: HostListQuery, answer: Page<ListedHost>]
  readonly hostsSummary: readonly [ask: Thresholds, answer: HostsSummary]
  /** By id, serial, UUID, UDID or enrollment key; at most ten, merged ones last. */
  readonly hostsByRef: readonly [ask: string, answer: readonly HostRow[]]
  /** Newest first unless `ascending`. */
  readonly listJournal: readonly [ask: JournalQuery, answer: JournalPage]
  /** Newest first unless `ascending`. */
  readonly listCommands: readonly [ask: CommandListQuery, answer: Page<CommandRow>]
  /** Newest first. */
  readonly listConflicts: readonly [ask: ConflictListQuery, answer: Page<ConflictRow>]
  /** Newest first. */
  readonly listDeliveries: readonly [ask: DeliveryListQuery, answer: Page<DeliveryRow>]
  /** How many wait, by webhook; those for which nothing waits are left out. */
  readonly waitingDeliveries: readonly [ask: Readonly<Record<string, never>>, answer: Counts]
  /** When the newest one beyond ended; null when there is none. */
  readonly deliveryCut: readonly [ask: DeliveryCutQuery, answer: number | null]
  /** Newest first. */
  readonly listCertificates: readonly [ask: CertificateListQuery, answer: Page<CertificateRow>]
  readonly journalCut: readonly [ask: JournalCutQuery, answer: JournalCut | null]
  readonly oldCommands: readonly [ask: OldCommandsQuery, answer: OldCommands]
  readonly endedCertificates: readonly [ask: EndedQuery, answer: readonly EndedCertificate[]]
  readonly transitionCounts: readonly [ask: 'host' | 'command', answer: TransitionCounts]
  readonly scanAgents: readonly [ask: Scan, answer: readonly AgentRow[]]
  readonly scanEnrollments: readonly [ask: Scan, answer: readonly EnrollmentRow[]]
  readonly scanHostActors: readonly [ask: Scan, answer: readonly HostActorRow[]]
  /** Fails as damaged when a row that names a blob is. */
  readonly scanBlobs: readonly [ask: BlobScan, answer: BlobsNamed]
  /** Enrolled hosts by the push topic they listen to. Reads each host's snapshot: for rare questions. */
  readonly pushTopicCounts: readonly [ask: Readonly<Record<string, never>>, answer: Counts]
  readonly countAll: readonly [ask: Readonly<Record<string, never>>, answer: TableCounts]
  /** Reads all of the file: for when damage was met. */
  readonly damagedTrees: readonly [
    ask: Readonly<Record<string, never>>,
    answer: readonly ListedTree[],
  ]
}
export type QueryName = keyof QueryTypes

/** A table or an index that is damaged, and what SQLite says of it. */
export type ListedTree = Tree & { readonly lines: readonly string[] }

export type QueryFault =
  /** Too many queries wait already. */
  | { readonly kind: 'overloaded' }
  /** What was asked for is not as it was written. */
  | { readonly kind: 'damaged'; readonly detail: string }
  /** The store is closing, or the file could not be read. */
  | { readonly kind: 'unavailable'; readonly detail: string }
export type Queried<Answer> =
  | { readonly ok: true; readonly value: Answer }
  | { readonly ok: false; readonly error: QueryFault }

export type Queries = {
  readonly [Name in QueryName]: (ask: QueryTypes[Name][0]) => Promise<Queried<QueryTypes[Name][1]>>
}
