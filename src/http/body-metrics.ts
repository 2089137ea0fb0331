// The memory that request bodies take, and those that were ended.
import { Counter, Gauge, type Registry } from 'prom-client'
import type { BodyBudgetStats } from './body-budget.ts'

export function watchBodies(stats: () => BodyBudgetStats, registers: Registry[]): void {
  new Gauge({
    name: 'muster_bodies_bytes',
    help: 'Bytes of request bodies that are under way or not answered yet.',
    registers,
    collect() {
      this.set(stats().bytes)
    },
  })
  const ended = new Counter({
    name: 'muster_bodies_ended_total',
    help: 'Request bodies that were not read to their end: they stalled, or there was no memory for them.',
    labelNames: ['reason'],
    registers,
    collect() {
      this.reset()
      for (const [reason, count] of Object.entries(stats().ended)) ended.inc({ reason }, count)
    },
  })
}
