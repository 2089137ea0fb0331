import { Gauge, type Registry } from 'prom-client'
import type { Queries } from '../../storage/queries.ts'

const dayMs = 86_400_000

/** Days before their end: renewals begin at 60, and one that is still there at 7 is about to lose its device. */
const daysWithin = [7, 30, 60] as const

/** How many device certificates in use end soon; those that ended already count as well. */
export function gaugeCertificates(
  { queries, now }: { readonly queries: Queries; readonly now: () => number },
  registers: Registry[],
): void {
  new Gauge({
    name: 'muster_certificates_ending',
    help: 'Device certificates in use that end within so many days.',
    labelNames: ['days'],
    registers,
    async collect() {
      for (const days of daysWithin) {
        const page = await queries.listCertificates({
          statuses: ['active'],
          endingBefore: now() + days * dayMs,
          limit: 1,
        })
        if (page.ok) this.set({ days }, page.value.total)
      }
    },
  })
}
