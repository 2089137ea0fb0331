// What the rooms that tell webhooks are given of them.
import type { WebhookRow } from '../../../storage/webhook-rows.ts'
import type { Write } from '../../../storage/store.ts'

/** The webhooks there are, in memory. */
export type Subscribers = {
  list(): readonly WebhookRow[]
  find(id: string): WebhookRow | undefined
  /** Whether it asked to hear of this. */
  wants(row: WebhookRow, topic: string): boolean
  /**
   * Changes one, with rows that belong to the same commit. Changes of one webhook come one after another.
   *
   * False when it is gone, when `change` finds that it does not fit any more, or when nothing can be written.
   */
  change(
    id: string,
    change: (row: WebhookRow) => WebhookRow | undefined,
    writes?: readonly Write[],
  ): Promise<boolean>
}

/** Makes rows durable and known to whoever watches. False when they are not. */
export type Keep = (writes: readonly Write[]) => Promise<boolean>
