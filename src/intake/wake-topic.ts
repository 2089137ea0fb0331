// A topic can be pushed to again: whoever waits for that is told.
import type { Store } from '../../storage/store.ts'
import type { Hosts } from '../runtime/hosts.ts'
import type { World } from '../runtime/world.ts'

/** Hosts asked at once: enough for the writer's groups, and devices keep their turn. */
const pageHosts = 256

type Means = {
  readonly lookups: Pick<Store['lookups'], 'busyHosts'>
  readonly hosts: Hosts
  readonly world: World
}

/**
 * Tells every host with open commands. Resolves once all have heard.
 *
 * Not durable in itself: a host that is missed, as when the process ends, looks again when its own timer rings.
 */
export async function wakeTopic({ lookups, hosts, world }: Means, topic: string): Promise<void> {
  let page = lookups.busyHosts('', pageHosts)
  for (let last = page.at(-1); last !== undefined; last = page.at(-1)) {
    const events = [{ type: 'apns.ready', at: world.now(), topic }] as const
    const cause = { kind: 'effect', id: 'push_certificate' } as const
    await Promise.all(page.map((hostId) => hosts.ask(hostId, { events, cause })))
    page = lookups.busyHosts(last, pageHosts)
  }
}
