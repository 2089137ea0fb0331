// What an operator may do about identity, as the routes see it.
import type { Result } from '../result.ts'
import type { AskFault, Cause } from '../runtime/ask.ts'

export type Reconcile = {
  /** Makes one host of two: the loser's id answers with a redirect from then on. */
  merge(
    survivorId: string,
    loserId: string,
    options: ReconcileOptions,
  ): Promise<Result<MergePlan, ReconcileFault>>
  /** Undoes a merge, the latest one unless named. */
  split(
    hostId: string,
    options: ReconcileOptions & { readonly mergeId?: string },
  ): Promise<Result<SplitPlan, ReconcileFault>>
  resolveConflict(
    conflictId: string,
    options: ReconcileOptions & { readonly choice: string },
  ): Promise<Result<ConflictPlan, ReconcileFault>>
  /** Forgets a host. One that Apple's list assigns to us comes back as pending, so it is reset instead. */
  remove(hostId: string, options: ReconcileOptions): Promise<Result<RemovalPlan, ReconcileFault>>
  /** Ends one agent's node key. `key`: the beginning of its hash. */
  revokeAgent(
    hostId: string,
    key: string,
    options: ReconcileOptions,
  ): Promise<Result<RevocationPlan, ReconcileFault>>
}

export type ReconcileOptions = {
  /** Decide and tell, write nothing. */
  readonly dryRun: boolean
  readonly cause: Cause
}

/** A plan is JSON as the operator reads it: ids of hosts, and what goes from which to which. */
export type Moved = {
  readonly claims: readonly { readonly kind: string; readonly value: string }[]
  /** Enrollment keys. */
  readonly channels: readonly string[]
  readonly dep_serials: readonly string[]
  readonly agents: number
  readonly open_commands: readonly string[]
}

export type MergePlan = {
  readonly merge_id: string | null
  readonly survivor: string
  readonly loser: string
  readonly moves: Moved
}

export type SplitPlan = {
  readonly merge_id: string
  readonly host: string
  /** The host that lives again. */
  readonly restored: string
  readonly moves: Moved
}

export type ConflictPlan = {
  readonly conflict: string
  readonly choice: string
  /** Hosts that change, and what each becomes. */
  readonly hosts: readonly { readonly id: string; readonly becomes: string }[]
}

export type RemovalPlan = {
  readonly outcome: 'deleted' | 'reset_to_pending'
  readonly host: string
  /** Open commands that end as superseded, or go with the host. */
  readonly open_commands: readonly string[]
}

export type RevocationPlan = {
  readonly host: string
  readonly key: string
  readonly instance: string | null
  readonly agents_left: number
}

export type ReconcileFault =
  | AskFault
  | { readonly kind: 'no-such-merge' }
  | { readonly kind: 'no-such-agent' }
  | { readonly kind: 'no-such-conflict' }
  | { readonly kind: 'already-resolved' }
  /** The choice is none that this conflict offers. */
  | { readonly kind: 'no-such-choice'; readonly choices: readonly string[] }
  /** What is known forbids it; `detail` is a sentence for the operator. */
  | { readonly kind: 'refused'; readonly detail: string }
