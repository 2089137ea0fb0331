import { Gauge, type Registry } from 'prom-client'
import type { PushCertificates } from '../intake/push-certificates.ts'

export type PushWatched = { readonly pushCertificates: Pick<PushCertificates, 'list'> }

/** How long devices can be woken. A topic is an organisation's, so there are few. */
export function watchPushCertificates(
  { pushCertificates }: PushWatched,
  registers: Registry[],
): void {
  new Gauge({
    name: 'muster_push_certificate_expires_timestamp_seconds',
    help: 'When the push certificate of a topic ends, in seconds since 1970.',
    labelNames: ['topic'],
    registers,
    collect() {
      this.reset()
      for (const { topic, not_after } of pushCertificates.list())
        this.set({ topic }, not_after / 1_000)
    },
  })
  new Gauge({
    name: 'muster_push_certificate_refused',
    help: '1 while Apple does not take the push certificate of a topic.',
    labelNames: ['topic'],
    registers,
    collect() {
      this.reset()
      for (const { topic, refused_at } of pushCertificates.list())
        this.set({ topic }, refused_at === null ? 0 : 1)
    },
  })
}
