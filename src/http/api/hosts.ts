import type { ListedHost } from '../../../storage/queries.ts'
import { ok } from '../../result.ts'
import type { Cursors } from '../cursor.ts'
import type { ApiDeps } from './deps.ts'
import { endpoint, type Endpoint } from './endpoint.ts'
import { answered } from './faults.ts'
import { pageOf } from './fields.ts'
import { hostItem, type HostItem, itemOf } from './host-item.ts'
import { type HostsAsked, listQuery, storeQuery } from './hosts-query.ts'
import { placeAsked, pageReply } from './page.ts'

export function hostsEndpoint(deps: ApiDeps, cursors: Cursors): Endpoint {
  const { hosts, queries, world } = deps
  const shown = (row: ListedHost): HostItem =>
    itemOf(row, hosts.lastSeen.of(row.id) ?? { ...row, at: row.last_seen_at }, world.now())

  return endpoint(
    {
      method: 'get',
      path: '/hosts',
      role: 'viewer',
      tag: 'hosts',
      summary: 'Hosts, filtered and sorted.',
      query: listQuery(deps),
      gives: pageOf(hostItem),
    },
    async (call) => {
      const place = placeAsked(cursors, call)
      if (!place.ok) return place
      const { query } = call
      if (dependsOnTime(query)) await hosts.lastSeen.flush()
      const [value = null, id] = place.value ?? []
      const page = answered(
        await queries.listHosts({
          ...storeQuery(query, world.now()),
          ...(typeof id === 'string' && { after: { value, id } }),
        }),
      )
      if (!page.ok) return page
      const { items, total, more, damaged } = page.value
      const last = items.at(-1)
      const end = more && last ? [last[query.sort.column], last.id] : undefined
      return ok(pageReply(cursors, call, { items: items.map(shown), total, end, damaged }))
    },
  )
}

/** Memory knows of the last seconds, which decide who is online and who comes first. */
const dependsOnTime = ({ presence, sort }: HostsAsked): boolean =>
  presence !== undefined || sort.column === 'last_seen_at'
