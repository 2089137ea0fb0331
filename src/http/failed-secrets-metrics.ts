import { Counter, type Registry } from 'prom-client'
import type { FailedSecrets } from './failed-secrets.ts'

/** Secrets that were tried and are none, and tries that were refused unseen. */
export function watchFailedSecrets(counts: FailedSecrets['counts'], registers: Registry[]): void {
  const failed = new Counter({
    name: 'muster_failed_secrets_total',
    help: 'Secrets that were tried and are none, by what they were tried as. slowed: refused for the failures before.',
    labelNames: ['kind'],
    registers,
    collect() {
      this.reset()
      for (const [kind, count] of Object.entries(counts())) failed.inc({ kind }, count)
    },
  })
}
