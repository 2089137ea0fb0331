// What may be asked of a host, and how it can end.
import type { Reply } from '../../machines/effects.ts'
import type { HostEvent } from '../../machines/host-events.ts'
import type { HostSnapshot } from '../../machines/host.ts'
import type { CauseKind } from '../../storage/rows.ts'
import type { Write } from '../../storage/store.ts'

/** Who or what made it happen, for the journal. */
export type Cause = { readonly kind: CauseKind; readonly id: string | null }

export type Ask = {
  /** Taken in order, as one turn: all of it becomes durable, or none. */
  readonly events: readonly HostEvent[]
  readonly cause: Cause
  /** Rows that belong to the same change, such as claims and sealed bodies. */
  readonly writes?: readonly Write[]
  /** Rows that go with what the host says to it: written only if its state takes the event and it replies. */
  readonly withReply?: readonly Write[]
  /** Rows as they are before the host hears of it: its own rows, where they change, replace them. */
  readonly first?: readonly Write[]
  /** The computer itself spoke, by this protocol. */
  readonly seen?: 'mdm' | 'osquery'
}

export type Answer = {
  /** What the machine said to whoever asked; undefined when its state does not take the event. */
  readonly reply: Reply | undefined
  readonly snapshot: HostSnapshot
  /** False when nothing changed and so nothing was written. */
  readonly changed: boolean
}

export type AskFault =
  | { readonly kind: 'no-such-host' }
  /** It became part of another host: ask that one. */
  | { readonly kind: 'merged'; readonly into: string }
  /** The mailbox or the writer is at its bound: ask again later. */
  | { readonly kind: 'overloaded' }
  | { readonly kind: 'unavailable'; readonly detail: string }
  /** Its rows are not as they were written: nothing of it is believed, and nothing is written over it. */
  | { readonly kind: 'damaged'; readonly detail: string }
  /** Decided on what has changed since: decide again. */
  | { readonly kind: 'conflict' }
  | { readonly kind: 'claim-taken' }
  /** A machine threw: a bug of ours. The host is as it was. */
  | { readonly kind: 'failed'; readonly detail: string }
  /** It threw at this event each time: the event is kept for people, durably, and need not come again. */
  | { readonly kind: 'set-apart'; readonly detail: string }
