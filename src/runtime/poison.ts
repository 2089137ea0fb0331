// Events that make a host's machine throw: tried a few times, then set apart, so that nobody sends them for ever.
import type { Write } from '../../storage/store.ts'
import { fail, type Result } from '../result.ts'
import type { Ask, AskFault } from './ask.ts'

/** An event whose turn throws this often in a row will most likely always do so. */
export const triesMax = 3

/** Events remembered for having failed: beyond that the oldest are forgotten, and tried a few times more. */
const rememberedMax = 1_000

export type PoisonedAsk = {
  readonly hostId: string
  readonly ask: Ask
  /** What happened, in words that are the same each time. */
  readonly event: string
  readonly tries: number
  /** What was thrown. */
  readonly detail: string
}

/** The rows that keep an event for people to look at. Fails when it cannot be kept now. */
export type SetApart = (poisoned: PoisonedAsk) => Promise<Result<readonly Write[], 'unavailable'>>

export type Poison = {
  /** What to answer when a turn threw. Once it has thrown too often, its event is set apart first. */
  refuse(hostId: string, ask: Ask, fault: AskFault): Refused | Promise<Refused>
  /** It went well. */
  forget(hostId: string, ask: Ask): void
}

type Refused = { readonly ok: false; readonly error: AskFault }

type Commit = (hostId: string, writes: readonly Write[]) => Promise<Result<void, AskFault>>

export function createPoison(setApart: SetApart | undefined, commit: Commit): Poison {
  const tries = new Map<string, number>()

  function count(key: string): number {
    const now = (tries.get(key) ?? 0) + 1
    tries.delete(key)
    tries.set(key, now)
    const oldest = tries.keys().next()
    if (tries.size > rememberedMax && !oldest.done) tries.delete(oldest.value)
    return now
  }

  async function keep(keeping: SetApart, poisoned: PoisonedAsk): Promise<Refused> {
    const { hostId, ask, detail } = poisoned
    const kept = await keeping(poisoned)
    // What cannot be kept now is as it was: it comes again.
    if (!kept.ok || !(await commit(hostId, kept.value)).ok) return fail({ kind: 'failed', detail })
    tries.delete(keyOf(hostId, ask))
    return fail({ kind: 'set-apart', detail })
  }

  return {
    refuse(hostId, ask, fault) {
      if (fault.kind !== 'failed' || setApart === undefined) return fail(fault)
      const now = count(keyOf(hostId, ask))
      if (now < triesMax) return fail(fault)
      const event = eventsText(ask.events)
      return keep(setApart, { hostId, ask, event, tries: now, detail: fault.detail })
    },
    forget(hostId, ask) {
      // Nearly always nothing has failed, and this is asked after each turn.
      if (tries.size > 0) tries.delete(keyOf(hostId, ask))
    },
  }
}

const keyOf = (hostId: string, { events }: Ask): string => `${hostId} ${eventsText(events)}`

/**
 * What happened, without when: the same message of a device, sent again, makes the same event, but for its
 * time, and for secrets and keys that are made anew each time.
 */
const eventsText = (events: Ask['events']): string =>
  events
    .map((event) => ('commandUUID' in event ? `${event.type} ${event.commandUUID}` : event.type))
    .join(', ')
