// An event that no turn of its host survives: kept, told, and out of the way.
import type { Write } from '../../storage/store.ts'
import { failingConflict } from '../identity/conflicts.ts'
import { fail, ok } from '../result.ts'
import type { SetApart } from '../runtime/poison.ts'
import type { World } from '../runtime/world.ts'
import { digestOf, type Sealing } from '../secrets/sealing.ts'

/** Events kept per host; later ones replace earlier. A bug of ours meets a handful of kinds. */
const keptMax = 16

/** The beginning of an exception says what it is. */
const detailMax = 300

type Means = { readonly sealing: Sealing; readonly world: World }

/**
 * The event, sealed; a conflict that shows it with its host until somebody dismisses it; a journal row. What
 * was sealed for the turn, such as the body of a report, is written as it would have been.
 */
export const createSetApart =
  ({ sealing, world }: Means): SetApart =>
  async ({ hostId, ask, event, tries, detail }) => {
    const slot =
      Number.parseInt(digestOf(new TextEncoder().encode(event)).slice(0, 8), 16) % keptMax
    const ref = setApartRef(hostId, slot)
    const text = JSON.stringify({ events: ask.events, cause: ask.cause }, numbersAsText)
    const bytes = new TextEncoder().encode(text)
    const sealed = await sealing.seal({ ref, hostId, kind: 'set_apart', bytes })
    if (!sealed.ok) return fail('unavailable')
    const reason = detail.slice(0, detailMax).toWellFormed()
    const at = world.now()
    const told = { event, reason, tries, cause: ask.cause.kind, kept: ref }
    return ok([
      ...[ask.first, ask.writes, ask.withReply].flatMap((writes) => writes ?? []).filter(isSealed),
      sealed.value,
      {
        put: 'conflict',
        row: failingConflict({ id: `failing-${hostId}-${slot}`, hostId, ...told }, at),
      },
      {
        put: 'journal',
        row: {
          host_id: hostId,
          at,
          actor: 'host',
          event: 'event.set_apart',
          from_state: null,
          to_state: null,
          cause: ask.cause.kind,
          cause_id: ask.cause.id,
          detail: JSON.stringify(told),
        },
      },
    ])
  }

/** Where a host's event is sealed. */
const setApartRef = (hostId: string, slot: number): string => `set_apart/${hostId}/${slot}`

const isSealed = (write: Write): boolean => 'put' in write && write.put === 'sealed'

const numbersAsText = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? String(value) : value
