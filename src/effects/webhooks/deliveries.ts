// Tells webhooks what waits for them. Every webhook has its own line and its own sockets, so that
// one that does not answer keeps nobody else waiting; within it every host has its own order.
import type { DeliveryRow } from '../../../storage/webhook-rows.ts'
import type { Live } from '../../runtime/live.ts'
import { createDeadLetters } from './dead-letters.ts'
import { forgetFormer } from './former-secrets.ts'
import { createLine, type Line } from './line.ts'
import type { TellingOptions } from './telling.ts'

/** How soon a row that nobody told of is found. */
const sweepMs = 60_000

export type DeliveriesOptions = Omit<TellingOptions, 'deadLetters'> & { readonly live: Live }

export type Deliveries = {
  /** Begins nothing new and waits for what is under way. */
  stop(): Promise<void>
}

export function createDeliveries(options: DeliveriesOptions): Deliveries {
  const { live, world, subscribers } = options
  const lines = new Map<string, Line>()
  const deadLetters = createDeadLetters()
  let stopped = false

  function lineOf(id: string): Line {
    const known = lines.get(id)
    if (known !== undefined) return known
    const line = createLine({ ...options, deadLetters }, id)
    lines.set(id, line)
    return line
  }

  /** Those that were switched on meanwhile have everything taken up that waits. */
  let on: ReadonlySet<string> = new Set()
  function switched(): void {
    const now = subscribers.list().filter(({ enabled }) => enabled === 1)
    for (const { id } of now) if (!on.has(id)) lineOf(id).gather()
    on = new Set(now.map(({ id }) => id))
  }

  const unwatch = live.watch({
    committed(writes) {
      for (const write of writes) {
        if ('drop' in write && write.drop === 'webhook') lines.delete(write.id)
        if (!('put' in write)) continue
        if (write.put === 'webhook') switched()
        if (write.put === 'delivery' && isNews(write.row))
          lineOf(write.row.webhook_id).expect(write.row.host_id)
      }
    },
  })

  /** Of one that was deleted meanwhile the database kept nothing. */
  const isNews = ({ webhook_id, state, attempts }: DeliveryRow): boolean =>
    state === 'pending' && attempts === 0 && subscribers.find(webhook_id) !== undefined

  function sweep(): void {
    if (stopped) return
    for (const { id } of subscribers.list()) lineOf(id).gather()
    // What cannot be written now is written a minute later.
    void forgetFormer(subscribers, world).finally(() => world.later(sweep, sweepMs))
  }
  world.later(sweep, 0)

  return {
    async stop() {
      stopped = true
      unwatch()
      await Promise.all([...lines.values()].map(async (line) => line.stop()))
    },
  }
}
