// One webhook's line: what waits for it, told host by host, a few at a time.
import { createGathering } from './gathering.ts'
import { createLanes } from './lanes.ts'
import { attempted, type TellingOptions } from './telling.ts'

/** Attempts under way per webhook, and so with 32 webhooks 128 in all. */
const underWayMax = 4

/** Rest of what cannot be written now, before it is tried again: the receiver may hear of it twice. */
const troubleMs = 5_000

export type Line = {
  /** Takes up everything that waits in the table. */
  gather(): void
  /** Something new waits for this host, or what waits for it may be tried at once. */
  expect(hostId: string): void
  stop(): Promise<void>
}

export function createLine(options: TellingOptions, id: string): Line {
  const { lookups, world, subscribers } = options
  const lanes = createLanes()
  const underWay = new Set<Promise<void>>()
  let stopped = false

  const isOn = (): boolean => !stopped && subscribers.find(id)?.enabled === 1

  function pump(): void {
    while (underWay.size < underWayMax && isOn()) {
      const hostId = lanes.take()
      if (hostId === undefined) return
      const job = serve(hostId)
        // A table that cannot be read now is read again later.
        .catch(() => rest(hostId, troubleMs))
        .finally(() => {
          underWay.delete(job)
          pump()
        })
      underWay.add(job)
    }
  }

  function rest(hostId: string, ms: number): void {
    lanes.rest(hostId)
    world.later(() => {
      lanes.wake(hostId)
      pump()
    }, ms)
  }

  /** A table that cannot be read now is read again when the rest is over. */
  function isDue(hostId: string): boolean {
    try {
      return (lookups.nextDelivery(id, hostId)?.due_at ?? Infinity) <= world.steady()
    } catch {
      return false
    }
  }

  /** Tries what is next for one host. */
  async function serve(hostId: string): Promise<void> {
    const webhook = subscribers.find(id)
    const row = lookups.nextDelivery(id, hostId)
    if (webhook === undefined || row === undefined) return lanes.done(hostId)
    const wait = row.due_at - world.steady()
    if (wait > 0) return rest(hostId, wait)
    if (await attempted(options, webhook, row)) lanes.again(hostId)
    else rest(hostId, troubleMs)
  }

  const gathering = createGathering({ ...options, id, lanes, isOn, found: pump })

  return {
    gather: gathering.begin,
    expect(hostId) {
      if (!lanes.isResting(hostId)) lanes.expect(hostId)
      // Only what is put back before those that were put off may end their rest.
      else if (isDue(hostId)) lanes.wake(hostId)
      pump()
    },
    async stop() {
      stopped = true
      await Promise.all(underWay)
    },
  }
}
