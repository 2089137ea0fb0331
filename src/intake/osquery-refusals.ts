// What of an agent was refused, or taken without being read: agents show nobody what they were told.
import type { World } from '../runtime/world.ts'

export type OsqueryRefusal = {
  readonly route: string
  /** From a closed list, such as `too-large`. */
  readonly reason: string
  /** What was refused comes again. What could not be read is in the log as it came, and does not. */
  readonly outcome: 'refused' | 'kept-unread'
  readonly count: number
  readonly since: number
  readonly lastAt: number
}

export type OsqueryRefusals = {
  note(hostId: string, refusal: Pick<OsqueryRefusal, 'route' | 'reason' | 'outcome'>): void
  /** A message on this route was taken and understood: the refusals before it are over. */
  taken(hostId: string, route: string): void
  of(hostId: string): readonly OsqueryRefusal[]
}

/** Hosts remembered. Beyond that the first one is forgotten until it is refused again. */
const hostsMax = 10_000

/** So long it is told that something could not be read, however much was understood since. */
const unreadShownMs = 24 * 3_600_000

/** In memory: an agent that is refused comes again within seconds, also after a restart. */
export function createOsqueryRefusals({ now }: Pick<World, 'now'>): OsqueryRefusals {
  const hosts = new Map<string, Map<string, OsqueryRefusal>>()
  return {
    note(hostId, { route, reason, outcome }) {
      const routes = hosts.get(hostId) ?? new Map<string, OsqueryRefusal>()
      const [oldest] = hosts.size >= hostsMax && !hosts.has(hostId) ? hosts.keys() : []
      if (oldest !== undefined) hosts.delete(oldest)
      hosts.set(hostId, routes)
      const at = now()
      const { since = at, count = 0 } = routes.get(route) ?? {}
      routes.set(route, { route, reason, outcome, count: count + 1, since, lastAt: at })
    },
    taken(hostId, route) {
      // Nearly always nothing was refused of anyone.
      if (hosts.size === 0) return
      const routes = hosts.get(hostId)
      if (routes?.get(route)?.outcome !== 'refused') return
      routes.delete(route)
      if (routes.size === 0) hosts.delete(hostId)
    },
    of: (hostId) =>
      [...(hosts.get(hostId)?.values() ?? [])].filter(
        ({ outcome, lastAt }) => outcome === 'refused' || now() - lastAt < unreadShownMs,
      ),
  }
}
