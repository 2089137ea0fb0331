// What the API answers, as far as the pages read it.
import type { CommandItem } from '../api/command-item.ts'
import type { HostItem } from '../api/host-item.ts'

export type List<Item> = {
  readonly items: readonly Item[]
  readonly total: number | null
  readonly next: string | null
  /** Rows that are not among the items, since they are not as they were written. */
  readonly damaged?: readonly string[]
}

export type Backups = {
  readonly items: readonly {
    readonly kind: 'schedule' | 'download'
    readonly at: string | null
    readonly bytes: number | null
    readonly file: string | null
    readonly made_by: string | null
    readonly findings: number | null
    readonly failed_at: string | null
    readonly failure: string | null
  }[]
  readonly schedule: {
    readonly every_s: number
    readonly keep: number
    readonly folder: string
  } | null
}

export type Summary = { readonly total: number } & Readonly<
  Record<Facet, Readonly<Record<string, number>>>
>
export type Facet = 'status' | 'mdm' | 'dep' | 'osquery' | 'presence' | 'platform'

export type Conflict = {
  readonly id: string
  readonly kind: string
  readonly host_id: string
  readonly others: readonly string[]
  readonly claim: { readonly kind: string; readonly value: string | null } | null
  readonly detail: {
    readonly sentence?: string
    readonly seen?: readonly { readonly kind: string; readonly value: string }[]
    readonly choices?: readonly string[]
  }
  readonly opened_at: string
  readonly resolved_at: string | null
  readonly resolution: string | null
}

export type WholeHost = HostItem & {
  readonly facts: Readonly<
    Record<
      string,
      {
        readonly value: string | number | boolean
        readonly source: string
        readonly at: string
        /** What the agent says differently. */
        readonly agent_says?: { readonly value: string | number | boolean; readonly at: string }
      }
    >
  >
  readonly channels: readonly {
    readonly key: string
    readonly kind: 'device' | 'user'
    readonly type: string
    readonly topic: string
    readonly pushable: boolean
    readonly push_fault: string | null
    readonly user_short_name: string | null
    readonly since: string
  }[]
  readonly osquery_refusals: readonly {
    readonly route: string
    readonly reason: string
    readonly outcome: 'refused' | 'kept-unread'
    readonly count: number
    readonly since: string
    readonly last_at: string
  }[]
  readonly claims: readonly {
    readonly kind: string
    readonly value: string
    readonly status: string
    readonly source: string
    readonly first_seen_at: string
    readonly last_seen_at: string
  }[]
  readonly dep_devices: readonly {
    readonly serial_number: string
    readonly profile_status: string | null
    readonly profile_uuid: string | null
    readonly op_date: string | null
    readonly since: string
  }[]
  readonly agents: readonly {
    readonly key: string
    readonly instance: string | null
    readonly enrolled_at: string
    readonly expires_at: string | null
    readonly detail_at: string | null
  }[]
  readonly open_commands: readonly CommandItem[]
  readonly alarms: readonly { readonly name: string; readonly due_at: string }[]
  readonly conflicts: readonly Conflict[]
  readonly enrolled_at: string | null
}

type Why = {
  readonly value: string | null
  readonly because: readonly {
    readonly fact: string
    readonly source: string
    readonly at: string | null
    readonly seq: number | null
  }[]
}
export type Explanation = Readonly<
  Record<'status' | 'lifecycle' | 'mdm' | 'dep' | 'osquery' | 'presence', Why>
>

export type WholeCommand = CommandItem & {
  readonly attempts: number
  readonly result_condition?: {
    readonly kind: 'mended' | 'cut' | 'unreadable'
    readonly reason: string
  }
  readonly deferrals: number
  readonly push: {
    readonly at: string
    readonly apns_id: string | null
    readonly reason: string | null
  } | null
  readonly repeatable: boolean
  readonly history: readonly {
    readonly state: string
    readonly at: string
    readonly event: string
    readonly cause: string
    readonly cause_id: string | null
  }[]
  readonly request: unknown
  readonly result: unknown
  readonly error_chain: readonly {
    readonly ErrorCode: number
    readonly ErrorDomain: string
    readonly LocalizedDescription: string
    readonly USEnglishDescription?: string
  }[]
}

export type PushCertificate = {
  readonly topic: string
  readonly not_after: string
  readonly created_at: string
  readonly created_by: string
  readonly refused_reason: string | null
}

export type Machine = {
  readonly id: 'host' | 'command'
  readonly version: number
  readonly counts: {
    readonly states: Readonly<Record<string, number>>
    readonly edges: Readonly<Record<string, number>>
  }
}

export type Secret = {
  readonly id: string
  readonly name: string
  readonly created_at: string | null
  readonly configured: boolean
}
export type EnrollmentLink = {
  readonly id: string
  readonly name: string
  readonly status: string
  readonly host_id: string | null
  readonly team: string | null
  readonly created_at: string
  readonly created_by: string
  readonly expires_at: string | null
  readonly uses_max: number | null
  readonly uses: number
}

export type Certificate = {
  readonly fingerprint: string
  readonly serial: string
  readonly subject: string
  readonly status: string
  readonly origin: string
  readonly host_id: string | null
  readonly vouched_host_id: string | null
  readonly proven: Readonly<Record<string, string>> | null
  readonly not_after: string
  readonly issued_at: string
  readonly first_use_by: string | null
  readonly bound_at: string | null
  readonly ended_at: string | null
  readonly ended_by: string | null
  readonly ends: 'later' | 'soon' | 'past'
}

export type Token = Secret & { readonly role: string; readonly last_used_at: string | null }
