// Messages of agents that were refused, and those that were taken although something was wrong with them.
import { Counter, type Registry } from 'prom-client'

export type OsqueryCounts = {
  refused(route: string, reason: string): void
  mended(route: string, how: 'replaced' | 'kept-unread'): void
}

export function countOsquery(registers: Registry[]): OsqueryCounts {
  const refused = new Counter({
    name: 'muster_osquery_refusals_total',
    help: 'Messages of osquery agents that were refused, by route and reason. Most agents send them again.',
    labelNames: ['route', 'reason'],
    registers,
  })
  const mended = new Counter({
    name: 'muster_osquery_mended_total',
    help: 'Messages of osquery agents that were taken although bytes were not UTF-8 (replaced) or something could not be read (kept-unread).',
    labelNames: ['route', 'how'],
    registers,
  })
  return {
    refused: (route, reason) => refused.inc({ route, reason }),
    mended: (route, how) => mended.inc({ route, how }),
  }
}
