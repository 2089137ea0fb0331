// Webhooks on the real store, with sockets, and with hours that pass in seconds.
import { setTimeout as pause } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import type { Allows } from '../../src/effects/webhooks/allow-list.ts'
import { commitTold } from '../../src/intake/told-commit.ts'
import type { WebhookWish } from '../../src/intake/webhooks.ts'
import type { World } from '../../src/runtime/world.ts'
import { openWebhooks, type OpenedWebhooks } from '../../src/webhooks.ts'
import { realWorld } from '../../src/world.ts'
import type { JournalRow } from '../../storage/rows.ts'
import { type House, openHouse } from '../runtime/world.ts'

/** Time that runs `speed` times as fast as it does outside. */
export function hurried(speed: number): World {
  const start = Date.now()
  const now = (): number => Math.round(start + (Date.now() - start) * speed)
  return {
    ...realWorld,
    now,
    steady: now,
    later: (task, delayMs) => realWorld.later(task, delayMs / speed),
  }
}

export const tester = { kind: 'operator', id: 'tester' } as const

export type WebhookHouse = OpenedWebhooks & {
  readonly house: House
  /** Journal rows of a host, in one commit. Gives their seqs. */
  happened(hostId: string, ...events: readonly string[]): Promise<readonly number[]>
  /** A webhook's id and secret. */
  made(wish: Partial<WebhookWish> & Pick<WebhookWish, 'url'>): Promise<{
    readonly id: string
    readonly secret: string
  }>
}

export type Setup = {
  readonly allows: Allows
  readonly house?: House
  /** @default 1,000: 5 s take 5 ms */
  readonly speed?: number
}

export async function openWebhookHouse(setup: Setup): Promise<WebhookHouse> {
  const house = setup.house ?? (await openHouse())
  const { hosts, sealing, opened } = house
  const { store, queries } = opened
  const live = hosts.live
  const parts = openWebhooks({
    store,
    queries,
    sealing,
    live,
    world: hurried(setup.speed ?? 1_000),
    allows: setup.allows,
  })
  onTestFinished(async () => parts.stop())
  return {
    ...parts,
    house,
    async happened(hostId, ...events) {
      const rows = events.map(
        (event) => ({ put: 'journal', row: journalRow(hostId, event) }) as const,
      )
      const committed = await commitTold({ store, live }, rows)
      if (!committed.ok) throw new Error(committed.error.kind)
      return committed.journalSeqs
    },
    async made(wish) {
      const created = await parts.webhooks.create(
        { name: 'a receiver', kind: 'standard', topics: [], ...wish },
        tester,
      )
      if (!created.ok) throw new Error(created.error.kind)
      return { id: created.value.row.id, secret: created.value.secret }
    },
  }
}

const journalRow = (host_id: string, event: string): JournalRow => ({
  host_id,
  at: 1_767_254_400_000,
  actor: 'host',
  event,
  from_state: 'mdm.unenrolled',
  to_state: 'mdm.enrolled',
  cause: 'device',
  cause_id: 'D',
  detail: '{"why":"because"}',
})

/** Waits until it holds, or fails by the test's own time limit. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await pause(2)
}
