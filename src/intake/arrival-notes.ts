// Agents that may not join a host, in its journal: each host's once in a while, however often they try.
import type { Store } from '../../storage/store.ts'
import type { Live } from '../runtime/live.ts'
import type { World } from '../runtime/world.ts'
import { happened } from './happening.ts'
import type { ArrivalOutcome } from './osquery-enroll.ts'
import { commitTold } from './told-commit.ts'

type Options = { readonly store: Store; readonly live: Live; readonly world: World }

/** A refused agent tries again after seconds. */
const quietMs = 10 * 60_000

/** Hosts noted within that time: enrolments that are refused cost little, rows on disk do not. */
const notedMax = 200

export function createArrivalNotes({
  store,
  live,
  world,
}: Options): (outcome: ArrivalOutcome, hostId: string) => void {
  const noted = new Map<string, number>()
  return (outcome, hostId) => {
    // A clone that is set apart has a journal and a conflict of its own.
    if (outcome !== 'agent-present') return
    const now = world.steady()
    for (const [id, at] of noted) if (now - at >= quietMs) noted.delete(id)
    if (noted.has(hostId) || noted.size >= notedMax) return
    noted.set(hostId, now)
    const event = {
      event: 'osquery.refused',
      cause: { kind: 'device', id: 'osquery' },
      at: world.now(),
    } as const
    void commitTold({ store, live }, [happened(hostId, event, { reason: outcome })])
  }
}
