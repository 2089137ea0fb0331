import type { Write } from '../../storage/store.ts'
import type { Settled } from './settled.ts'

/** The writes identity makes; hosts, actors and journal are the runtime's. */
export type IdentityWrite = Extract<
  Write,
  | { readonly put: 'claim' | 'conflict' | 'enrollment' | 'dep_device' | 'agent' | 'merge' }
  | { readonly drop: 'claim' }
  | { readonly move: 'commands' }
>

/** What every decision carries besides where the sighting lands. Written whole or not at all. */
export type Consequences = {
  /** In an order in which no statement meets a claim that a later one gives up. */
  readonly writes: readonly IdentityWrite[]
  /** Hashes of the node keys that end; the writes revoke them, memory must forget them. */
  readonly revoked: readonly string[]
  /** Hosts that become quarantined, and hosts that stop being so. The landing host is named here too. */
  readonly quarantine: readonly string[]
  readonly release: readonly string[]
  /** How every host that changed is listed from now on; the landing host is always among them. */
  readonly settled: readonly Settled[]
}

/** Where a sighting lands and what that changes. `hostId` takes the sighting's event. */
export type Decision =
  /** No host owns any of it: `hostId` is new. */
  | ({ readonly kind: 'create'; readonly hostId: string } & Consequences)
  | ({ readonly kind: 'attach'; readonly hostId: string } & Consequences)
  /** Several hosts were one computer. `hostId` survives, the losers answer with a redirect to it. */
  | ({
      readonly kind: 'merge'
      readonly hostId: string
      readonly losers: readonly string[]
    } & Consequences)
  /** An operator has to say whether `candidates` are one; until then `hostId`, which is new, is apart. */
  | ({
      readonly kind: 'propose-merge'
      readonly hostId: string
      readonly candidates: readonly string[]
    } & Consequences)
  /** It contradicts what is known at equal or higher trust: `hostId` is new, visible and never a target. */
  | ({ readonly kind: 'quarantine'; readonly hostId: string } & Consequences)
  /** It names nothing a computer could be recognised by, so every repeat would be another host. */
  | { readonly kind: 'unidentifiable' }
  /** Another agent speaks for the host. Nothing is written. */
  | { readonly kind: 'agent-present'; readonly hostId: string }
  /** The payload is not the computer the credential was given to. Nothing is written. */
  | { readonly kind: 'copied-credential'; readonly hostId: string }

/** The time of the decision and fresh identifiers, used only as far as it needs them. */
export type Fresh = {
  readonly atMs: number
  readonly hostId: string
  readonly conflictId: string
  readonly mergeId: string
}
