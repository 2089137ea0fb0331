// Effects that leave the process. A row is written with the turn that asked for it and leaves with the
// turn that hears how it went: done at least once, told exactly once.
import type { HostEvent } from '../../machines/host-events.ts'
import type { OutboxRow } from '../../storage/rows.ts'
import type { Store, Write } from '../../storage/store.ts'
import { createDueLoop, type DueLoop } from './due.ts'
import type { Hosts } from './hosts.ts'
import type { World } from './world.ts'

/** How an attempt ended: over, with what the host should hear of it, or worth trying again. */
export type Attempt =
  | { readonly kind: 'done'; readonly event?: HostEvent }
  | { readonly kind: 'again'; readonly reason: string; readonly afterMs?: number }

/** Performs one kind of effect. May be called again for the same row after a crash. */
export type Performer = (row: OutboxRow) => Promise<Attempt>

export type Performers = Readonly<Record<string, Performer>>

/** First wait after a failure; doubles each time, up to the longest. */
const retryFirstMs = 5_000
const retryLongestMs = 6 * 3_600_000

type OutboxOptions = {
  readonly store: Store
  readonly hosts: Hosts
  readonly world: World
  readonly performers: Performers
}

export function createOutbox({ store, hosts, world, performers }: OutboxOptions): DueLoop {
  async function perform(row: OutboxRow): Promise<boolean> {
    const attempt = await tried(row)
    if (attempt.kind === 'again') {
      const attempts = row.attempts + 1
      const due_at = world.now() + (attempt.afterMs ?? backoffMs(attempts, world.random()))
      return (await store.commit([{ put: 'outbox', row: { ...row, attempts, due_at } }])).ok
    }
    const done: Write = { drop: 'outbox', id: row.id }
    if (attempt.event === undefined) return (await store.commit([done])).ok
    const told = await hosts.ask(row.host_id, {
      events: [attempt.event],
      cause: { kind: 'effect', id: row.kind },
      writes: [done],
    })
    if (told.ok) return true
    const isOrphan = told.error.kind === 'no-such-host' || told.error.kind === 'merged'
    return isOrphan && (await store.commit([done])).ok
  }

  async function tried(row: OutboxRow): Promise<Attempt> {
    const performer = performers[row.kind]
    if (performer === undefined) return { kind: 'done' }
    try {
      return await performer(row)
    } catch (error) {
      return { kind: 'again', reason: String(error) }
    }
  }

  const loop = createDueLoop({
    world,
    key: ({ id }) => id,
    work: perform,
    due: (at, limit) => store.lookups.dueOutbox(at, limit),
    nextAt: () => store.lookups.nextOutboxAt(),
  })
  hosts.live.watch({
    committed(writes) {
      for (const write of writes)
        if ('put' in write && write.put === 'outbox') loop.expect(write.row.due_at)
    },
  })
  return loop
}

/** Doubling with ±20 % jitter, so that what failed together does not come back together. */
export const backoffMs = (attempts: number, random: number): number =>
  Math.min(retryFirstMs * 2 ** (attempts - 1), retryLongestMs) * (0.8 + 0.4 * random)
