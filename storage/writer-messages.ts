// What passes between the main thread and the writer thread.
import type { Faults } from './faults.ts'
import type { TurnResult } from './group.ts'
import type { Write } from './store.ts'

export type WriterStart = {
  readonly path: string
  readonly backupFolder: string
  readonly markPath: string
  readonly faults: Faults | undefined
}

export type Job =
  | { readonly kind: 'integrity' }
  /** Makes these indexes and counters anew. Answers a line of JSON for each. */
  | { readonly kind: 'rebuild'; readonly names: readonly string[] }
  /** Checkpoints, shortens the WAL to nothing and closes. Readers must be closed by then. */
  | { readonly kind: 'close' }

export type ToWriter =
  | { readonly kind: 'group'; readonly turns: readonly (readonly Write[])[] }
  | Job

export type FromWriter =
  | { readonly kind: 'ready'; readonly pragmas: Readonly<Record<string, unknown>> }
  | { readonly kind: 'refused'; readonly reason: string }
  | {
      readonly kind: 'committed'
      readonly results: readonly TurnResult[]
      /** A counter that could not be written and was left out, if any. */
      readonly leftOut: string | undefined
    }
  | { readonly kind: 'done'; readonly lines: readonly string[] }
  | { readonly kind: 'failed'; readonly detail: string }
