// The rows Muster keeps, column for column. Times are milliseconds since 1970, JSON columns are text.

/** A host actor's snapshot, without its children. `version` counts commits and is the fence. */
export type HostActorRow = {
  readonly host_id: string
  readonly version: number
  readonly machine_version: number
  readonly snapshot: string
}

/** What hosts are listed, filtered and counted by: a projection of the actor's snapshot. */
export type HostRow = {
  readonly id: string
  readonly serial: string | null
  readonly uuid: string | null
  readonly udid: string | null
  readonly hostname: string | null
  readonly platform: string | null
  readonly os_version: string | null
  readonly model: string | null
  /** State of each region, dotted: `enrolled.ready`. */
  readonly mdm: string
  readonly dep: string
  readonly osquery: string
  readonly lifecycle: string
  readonly status: string | null
  readonly quarantined: 0 | 1
  /** The survivor's id once this host was merged away; such rows are in no list and no count. */
  readonly merged_into: string | null
  readonly epoch: number
  readonly first_seen_at: number
  readonly updated_at: number
}

/** A command actor: its snapshot and the projection of it, in one row since both change together. */
export type CommandRow = {
  /** The id of the command: its CommandUUID, unless `CommandNameRow` has another one for it. */
  readonly command_uuid: string
  readonly host_id: string
  /** The host it was first enqueued for; a merge changes `host_id` and never this. */
  readonly origin_host_id: string
  /** Enrollment key of the channel: `DEVICE` or `DEVICE:USER`. */
  readonly channel: string
  readonly request_type: string
  readonly state: string
  readonly open: 0 | 1
  readonly priority: number
  readonly seq: number
  /** SHA-256 of the request as enqueued: tells a repeat from another command under the same UUID. */
  readonly request_digest: string
  readonly version: number
  readonly machine_version: number
  readonly snapshot: string
  readonly created_at: number
  readonly updated_at: number
  readonly expires_at: number
}

/** The CommandUUID as its device sees it, of a command whose row goes by another id. */
export type CommandNameRow = { readonly command_uuid: string; readonly name: string }

export type CauseKind = 'device' | 'operator' | 'alarm' | 'sync' | 'effect' | 'identity'

/** Something that happened. `seq` is given by the writer in commit order. */
export type JournalRow = {
  readonly host_id: string
  readonly at: number
  /** `host`, or the CommandUUID of the command that moved. */
  readonly actor: string
  readonly event: string
  readonly from_state: string | null
  readonly to_state: string | null
  readonly cause: CauseKind
  /** Who, within the kind: a token's name, a channel, an alarm's name. */
  readonly cause_id: string | null
  /** JSON object or null. */
  readonly detail: string | null
}

/** `due_at` is in the time that never goes back, as in the outbox and in all that `expires_at`. */
export type AlarmRow = { readonly host_id: string; readonly name: string; readonly due_at: number }

/** A committed effect not yet done. */
export type OutboxRow = {
  readonly id: string
  readonly host_id: string
  readonly kind: string
  /** JSON of the effect's params. */
  readonly payload: string
  readonly due_at: number
  readonly attempts: number
  /** In the same time as `due_at`: a clock that stands still must not make two wishes look like one. */
  readonly created_at: number
}

export type ClaimKind = 'serial' | 'uuid' | 'udid' | 'enrollment_id' | 'osquery_instance'
/** `active` owns the value; `superseded` did once; `disputed` says so without proof; `shared` belongs to clones. */
export type ClaimStatus = 'active' | 'superseded' | 'disputed' | 'shared'
/** Who says so, weakest first. */
export type Trust = 'agent' | 'mdm' | 'apple'

export type ClaimRow = {
  readonly kind: ClaimKind
  readonly value: string
  readonly host_id: string
  readonly status: ClaimStatus
  readonly source: Trust
  readonly first_seen: number
  readonly last_seen: number
}

/** An MDM channel of a host, by its wire key. */
export type EnrollmentRow = {
  readonly key: string
  readonly host_id: string
  readonly channel: 'device' | 'user'
  readonly type: string
  readonly created_at: number
}

export type DepDeviceRow = {
  readonly serial: string
  readonly host_id: string
  readonly assigned: 0 | 1
  readonly profile_status: string | null
  readonly op_date: string | null
  /** Apple's device object as JSON. */
  readonly raw: string
  readonly updated_at: number
}

export type AgentRow = {
  readonly node_key_hash: string
  readonly host_id: string
  readonly instance: string | null
  readonly enrolled_at: number
  /** End of the grace period once a newer key was issued; null while current. */
  readonly expires_at: number | null
  readonly revoked_at: number | null
  /** When detail queries last answered; 0 when never. */
  readonly detail_at: number
}

/** Bytes sealed under the master key: command bodies, tokens. The row never holds them in clear. */
export type SealedRow = {
  readonly ref: string
  readonly host_id: string
  readonly kind: string
  readonly sealed: Uint8Array | null
  /** SHA-256 of sealed bytes too large for a row, which then live in blob storage. */
  readonly blob: string | null
}

export type ConflictRow = {
  readonly id: string
  readonly kind: string
  readonly host_id: string
  /** JSON array of the other hosts' ids. */
  readonly others: string
  readonly claim_kind: ClaimKind | null
  readonly claim_value: string | null
  /** JSON: what was seen, what it contradicts, what can be done. */
  readonly detail: string
  readonly opened_at: number
  readonly resolved_at: number | null
  readonly resolution: string | null
}

/** What a merge moved, so that a split can put it back. */
export type MergeRow = {
  readonly id: string
  readonly survivor_id: string
  readonly loser_id: string
  readonly at: number
  /** JSON. */
  readonly undo: string
  readonly undone_at: number | null
}

export type LastSeenRow = {
  readonly host_id: string
  readonly at: number
  readonly mdm_at: number | null
  readonly osquery_at: number | null
}

/** How far the time has come in which things are due or run out. One row, whose `id` is 1. */
export type ClockRow = { readonly id: 1; readonly at: number }

/** How often this data was restored from a backup. One row, whose `id` is 1; none before the first restore. */
export type IncarnationRow = {
  readonly id: 1
  readonly incarnation: number
  readonly restored_at: number | null
}

/** How the last backup of a kind went: `schedule` by the server's own settings, `download` by an operator. */
export type BackupRow = {
  readonly kind: 'schedule' | 'download'
  /** Of the last that succeeded, as are the members down to `findings`. */
  readonly at: number | null
  readonly journal_seq: number | null
  readonly bytes: number | null
  readonly file: string | null
  readonly made_by: string | null
  /** How much of the database was damaged by then. */
  readonly findings: number | null
  /** Null when the last one succeeded. */
  readonly failed_at: number | null
  readonly failure: string | null
}

export type Role = 'admin' | 'viewer'

export type TokenRow = {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly hash: string
  readonly created_at: number
  readonly last_used_at: number | null
}

export type EnrollSecretRow = {
  readonly id: string
  readonly name: string
  readonly hash: string
  readonly created_at: number
}
