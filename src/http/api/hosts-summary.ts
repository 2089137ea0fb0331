import { z } from '@hono/zod-openapi'
import type { HostsSummary } from '../../../storage/queries.ts'
import { ok } from '../../result.ts'
import type { ApiDeps } from './deps.ts'
import { endpoint, type Endpoint } from './endpoint.ts'
import { answered } from './faults.ts'
import { thresholdsAt } from './host-item.ts'

const counts = z.record(z.string(), z.int())
const summary = z
  .object({
    total: z.int(),
    mdm: counts,
    dep: counts,
    osquery: counts,
    status: counts,
    lifecycle: counts,
    platform: counts,
    presence: z.object({ online: z.int(), offline: z.int(), missing: z.int(), never: z.int() }),
  })
  .openapi('HostsSummary')

export const summaryEndpoint = ({ hosts, queries, world }: ApiDeps): Endpoint =>
  endpoint(
    {
      method: 'get',
      path: '/hosts/summary',
      role: 'viewer',
      tag: 'hosts',
      summary: 'How many hosts are in each state, from counters.',
      gives: summary,
    },
    async () => {
      await hosts.lastSeen.flush()
      const counted = answered(await queries.hostsSummary(thresholdsAt(world.now())))
      return counted.ok ? ok({ kind: 'json', content: named(counted.value) }) : counted
    },
  )

/** The store counts nulls under the empty string; the API calls them `none`, as its filters do. */
function named(counted: HostsSummary): z.input<typeof summary> {
  const rename = (one: Readonly<Record<string, number>>): Record<string, number> =>
    Object.fromEntries(
      Object.entries(one).map(([key, count]) => [key === '' ? 'none' : key, count]),
    )
  return {
    total: counted.total,
    mdm: rename(counted.mdm),
    dep: rename(counted.dep),
    osquery: rename(counted.osquery),
    status: rename(counted.status),
    lifecycle: rename(counted.lifecycle),
    platform: rename(counted.platform),
    presence: counted.presence,
  }
}
