import { Counter, Gauge, type Registry } from 'prom-client'
import type { Queries } from '../../storage/queries.ts'
import type { Live } from '../runtime/live.ts'

type Watched = { readonly live: Live; readonly queries: Pick<Queries, 'waitingDeliveries'> }

/** How webhooks fare. Their number is bounded, so that an id may be a label. */
export function watchWebhooks({ live, queries }: Watched, registers: Registry[]): void {
  const attempts = new Counter({
    name: 'muster_webhook_attempts_total',
    help: 'Attempts to tell a webhook, by what became of the delivery.',
    labelNames: ['webhook', 'outcome'],
    registers,
  })
  live.watch({
    committed(writes) {
      for (const write of writes) {
        if (!('put' in write) || write.put !== 'delivery' || write.row.attempts === 0) continue
        const { webhook_id: webhook, state } = write.row
        attempts.inc({ webhook, outcome: state === 'pending' ? 'to_be_tried_again' : state })
      }
    },
  })
  new Gauge({
    name: 'muster_webhook_waiting',
    help: 'Deliveries that wait, by webhook.',
    labelNames: ['webhook'],
    registers,
    async collect() {
      const waiting = await queries.waitingDeliveries({})
      if (!waiting.ok) return
      this.reset()
      for (const [webhook, count] of Object.entries(waiting.value)) this.set({ webhook }, count)
    },
  })
}
