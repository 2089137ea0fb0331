// Effects that leave the process. A row is written with the turn that asked for it and leaves with the
// turn that hears how it went: done at least once, told exactly once.
import type { HostEvent } from '../../machines/host-events.ts'
import type { OutboxRow } from '../../storage/rows.ts'
import type { Store, Write } from '../../storage/store.ts'
import { ok, type Result } from '../result.ts'
import type { Ask, AskFault } from './ask.ts'
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

/** Merges followed from one host to the next: more would be a circle. */
const hopsMax = 16

type Told = { readonly store: Store; readonly hosts: Hosts }

type OutboxOptions = Told & {
  readonly world: World
  readonly performers: Performers
}

export function createOutbox({ store, hosts, world, performers }: OutboxOptions): DueLoop {
  async function perform(row: OutboxRow): Promise<boolean> {
    const attempt = await tried(performers[row.kind], row)
    if (attempt.kind === 'again') return putOff(row, attempt.afterMs)
    // Asked for once more meanwhile, it may have been done before that was asked: that row stays.
    const done: Write = { drop: 'outbox', id: row.id, created_at: row.created_at }
    if (attempt.event === undefined) return (await store.commit([done])).ok
    const told = await tell({ hosts, store }, row.host_id, {
      events: [attempt.event],
      cause: { kind: 'effect', id: row.kind },
      writes: [done],
    })
    // The host will never take it, and it is kept elsewhere: the effect is done all the same.
    if (!told.ok && told.error.kind === 'set-apart') return (await store.commit([done])).ok
    // A machine that throws will most likely throw again: not at the device's cost every few seconds.
    return !told.ok && told.error.kind === 'failed' ? putOff(row) : told.ok
  }

  async function putOff(row: OutboxRow, afterMs?: number): Promise<boolean> {
    const attempts = row.attempts + 1
    const wait = Math.ceil(afterMs ?? backoffMs(attempts, world.random()))
    const later: OutboxRow = { ...row, attempts, due_at: world.steady() + wait }
    return (await store.commit([{ put: 'outbox', row: later }])).ok
  }

  const loop = createDueLoop({
    world,
    key: ({ id }) => id,
    work: perform,
    due: (at, limit) => store.lookups.dueOutbox(at, limit),
  })
  hosts.live.watch({
    committed(writes) {
      for (const write of writes) {
        if ('put' in write && write.put === 'outbox') loop.expect(write.row.due_at)
      }
    },
  })
  return loop
}

/** Tells the host, or the one it has become; with neither there the rows are written all the same. */
async function tell(
  { hosts, store }: Told,
  hostId: string,
  ask: Ask,
): Promise<Result<unknown, AskFault>> {
  let to = hostId
  for (let hops = 0; hops <= hopsMax; hops += 1) {
    const told = await hosts.ask(to, ask)
    if (told.ok) return told
    if (told.error.kind === 'no-such-host') break
    if (told.error.kind !== 'merged') return told
    to = told.error.into
  }
  const dropped = await store.commit(ask.writes ?? [])
  return dropped.ok ? ok(undefined) : dropped
}

async function tried(performer: Performer | undefined, row: OutboxRow): Promise<Attempt> {
  if (performer === undefined) return { kind: 'done' }
  try {
    return await performer(row)
  } catch (error) {
    return { kind: 'again', reason: String(error) }
  }
}

/** Doubling with ±20 % jitter, so that what failed together does not come back together. Whole milliseconds. */
export const backoffMs = (attempts: number, random: number): number =>
  Math.round(Math.min(retryFirstMs * 2 ** (attempts - 1), retryLongestMs) * (0.8 + 0.4 * random))
