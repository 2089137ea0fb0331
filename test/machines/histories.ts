// Random histories of one host with up to three commands on two channels.
import fc from 'fast-check'
import type { HostEvent } from '../../machines/host-events.ts'
import {
  acknowledged,
  authenticate,
  cancel,
  device,
  enqueue,
  expiry,
  idle,
  notNow,
  pushed,
  pushReady,
  pushRefused,
  report,
  stray,
  tokenUpdate,
  user,
  userToken,
} from './events.ts'
import { createReference, type Reference } from './reference.ts'

/** One step of a history: how the host hears of it, and what the reference makes of it. */
export type Step = {
  readonly says: string
  readonly events: readonly HostEvent[]
  /** Undefined where the device gets no answer. */
  readonly next?: (reference: Reference) => string | undefined
  readonly does?: (reference: Reference) => void
}

export const uuids = ['A', 'B', 'C'] as const
const channel = fc.constantFrom(device, user)
const uuid = fc.constantFrom(...uuids)

const wishes = fc
  .record({ uuid, channel, priority: fc.constantFrom(0, 0, 5), repeatable: fc.boolean() })
  .map((wish): Step => {
    const { uuid: id, ...rest } = wish
    return {
      says: `enqueue ${JSON.stringify(wish)}`,
      events: [enqueue(id, rest)],
      does: (reference) => reference.enqueue(wish),
    }
  })

const saying = (on: string, id: string): readonly Step[] => [
  {
    says: `${on} Acknowledged ${id}`,
    events: [acknowledged(id, { channel: on })],
    next: (reference) => reference.settle(on, id, 'acknowledged'),
  },
  {
    says: `${on} Error ${id}`,
    events: [report('Error', id, { channel: on })],
    next: (reference) => reference.settle(on, id, 'error'),
  },
  {
    says: `${on} NotNow ${id}`,
    events: [notNow(id, on)],
    next: (reference) => reference.notNow(on, id),
  },
  {
    says: `${on} NotNow ${id}`,
    events: [notNow(id, on)],
    next: (reference) => reference.notNow(on, id),
  },
]

/** About any command, on any channel: lost, late, repeated, or another's. */
const oddReports = fc
  .tuple(channel, uuid)
  .chain(([on, id]) => fc.constantFrom<Step[]>(...saying(on, id)))

/** What a good device reports on: the command it was sent last. Which one that is, the history tells. */
type Report = { readonly on: string; readonly kind: number }
const goodReports = fc.record<Report>({ on: channel, kind: fc.nat({ max: 3 }) })

const talk = channel.chain((on) =>
  fc.constantFrom<Step[]>(
    { says: `${on} Idle`, events: [idle(on)], next: (reference) => reference.idle(on) },
    {
      says: `${on} stray`,
      events: [stray('Z', { channel: on })],
      next: (reference) => reference.stray(on),
    },
    {
      says: `TokenUpdate ${on}`,
      events: [on === user ? userToken({ pushRef: 'push-3' }) : tokenUpdate({ pushRef: 'push-3' })],
    },
    { says: `push ${on}`, events: [pushed(on)], does: (reference) => reference.push(on) },
    { says: `push ${on} refused`, events: [pushRefused({ channel: on })] },
    { says: 'new push certificate', events: [pushReady] },
  ),
)

const endings = uuid.chain((id) =>
  fc.constantFrom<Step[]>(
    { says: `cancel ${id}`, events: [cancel(id)], does: (reference) => reference.cancel(id) },
    { says: `expire ${id}`, events: [expiry(id)], does: (reference) => reference.expire(id) },
    {
      says: 'Authenticate',
      events: [authenticate(), tokenUpdate(), userToken()],
      does: (reference) => reference.supersede(),
    },
  ),
)

/** Any life of an enrolled host and its user, up to 40 steps. */
export const histories: fc.Arbitrary<readonly Step[]> = fc
  .array(
    fc.oneof<fc.WeightedArbitrary<Step | Report>[]>(
      { weight: 3, arbitrary: wishes },
      { weight: 8, arbitrary: goodReports },
      { weight: 2, arbitrary: oddReports },
      { weight: 5, arbitrary: talk },
      { weight: 1, arbitrary: endings },
    ),
    // Short ones hold too few events for two commands to be deferred in one conversation.
    { minLength: 5, maxLength: 40, size: 'max' },
  )
  .map((drawn) => concrete(drawn))

/** Fills in what each good report is about, and drops a CommandUUID that comes again: the store refuses it. */
function concrete(drawn: readonly (Step | Report)[]): readonly Step[] {
  const reference = createReference()
  const last: Record<string, string> = {}
  const steps = withoutRepeats(drawn)
  return steps.flatMap((what): readonly Step[] => {
    const step = 'kind' in what ? saying(what.on, last[what.on] ?? 'A')[what.kind] : what
    if (step === undefined) return []
    step.does?.(reference)
    const next = step.next?.(reference)
    const [event] = step.events
    if (next !== undefined && event !== undefined && 'channel' in event && event.channel !== null)
      last[event.channel] = next
    return [step]
  })
}

function withoutRepeats(drawn: readonly (Step | Report)[]): readonly (Step | Report)[] {
  const enqueued = new Set<string>()
  return drawn.flatMap((step, seq): readonly (Step | Report)[] => {
    if ('kind' in step || step.events[0]?.type !== 'operator.enqueue') return [step]
    const [wish] = step.events
    if (enqueued.has(wish.commandUUID)) return []
    enqueued.add(wish.commandUUID)
    // Later enqueued means a higher seq, as the store gives it.
    return [{ ...step, events: [{ ...wish, seq }] }]
  })
}
