// Whoever sees a computer first, there is one host: every sighting is resolved before anything else happens.
import type { HostEvent } from '../../machines/host-events.ts'
import type { HostSnapshot } from '../../machines/host.ts'
import type { Identity } from '../../machines/host-context.ts'
import type { Store, Write } from '../../storage/store.ts'
import type { Decision } from '../identity/decision.ts'
import { knownFor } from '../identity/known.ts'
import { resolve } from '../identity/resolve.ts'
import type { Sighting } from '../identity/sighting.ts'
import { fail, ok, type Result } from '../result.ts'
import type { Answer, Ask, AskFault } from '../runtime/ask.ts'
import type { Hosts } from '../runtime/hosts.ts'
import type { World } from '../runtime/world.ts'
import { absorbEvents, movedRows, settleEvent } from './parts.ts'
import type { Turnstile } from './turnstile.ts'

/** Decisions taken anew on the same sighting before its sender must ask again. */
const triesMax = 5

export type Seen = {
  readonly sighting: Sighting
  /** The event for the host it turns out to be. */
  readonly event: (settled: SettledSighting) => SightingEvent
  readonly writes: (hostId: string) => readonly Write[]
  readonly cause: Ask['cause']
  readonly seen?: 'mdm' | 'osquery'
}

/** Every event but XState's own says when it happened. */
type SightingEvent = Extract<HostEvent, { readonly at: number }>

export type SettledSighting = { readonly identity: Identity; readonly quarantined: boolean }

export type Sighted = {
  readonly hostId: string
  readonly answer: Answer
  /** Nobody had seen it before. */
  readonly created: boolean
}

export type SightFault =
  | AskFault
  /** It names nothing a computer could be recognised by. */
  | { readonly kind: 'unidentifiable' }
  /** The credential was given to another computer than the one the payload describes. */
  | { readonly kind: 'copied-credential'; readonly hostId: string }

type SightOptions = {
  readonly store: Store
  readonly hosts: Hosts
  readonly world: World
  readonly turnstile: Turnstile
}

export type Sight = (seen: Seen) => Promise<Result<Sighted, SightFault>>

type Landing = Exclude<Decision, { readonly kind: 'unidentifiable' | 'copied-credential' }>

export function createSight(options: SightOptions): Sight {
  const { store, world, turnstile } = options

  async function once(seen: Seen): Promise<Result<Sighted, SightFault>> {
    const decision = resolve(seen.sighting, knownFor(seen.sighting, store.lookups), {
      atMs: world.now(),
      hostId: world.uuid(),
      conflictId: world.uuid(),
      mergeId: world.uuid(),
    })
    if (decision.kind === 'unidentifiable') return fail(decision)
    if (decision.kind === 'copied-credential') return fail(decision)
    return land(options, seen, decision)
  }

  async function withRetries(seen: Seen): Promise<Result<Sighted, SightFault>> {
    for (let tries = 1; ; tries += 1) {
      const outcome = await once(seen)
      if (outcome.ok || tries === triesMax || !isStale(outcome.error)) return outcome
    }
  }

  return (seen) =>
    turnstile(
      seen.sighting.claims.map(({ kind, value }) => `${kind} ${value}`),
      () => withRetries(seen),
    )
}

/** Decided on rows that have changed since. */
const isStale = ({ kind }: SightFault): boolean =>
  kind === 'conflict' || kind === 'claim-taken' || kind === 'merged' || kind === 'no-such-host'

/** Commits a decision with the event of the host it landed on: alone where it concerns that host only. */
async function land(
  options: SightOptions,
  seen: Seen,
  decision: Landing,
): Promise<Result<Sighted, SightFault>> {
  const { store, hosts } = options
  const { hostId } = decision
  const isNew = store.lookups.hostActor(hostId) === undefined
  const losers = decision.kind === 'merge' ? decision.losers : []
  const asks = otherAsks(options, decision, losers)
  const writes = [...decision.writes, ...seen.writes(hostId)]
  const { cause } = seen
  const landing = (snapshots: ReadonlyMap<string, HostSnapshot>): Omit<Ask, 'cause'> => ({
    events: landingEvents({ store, seen, decision, losers }, snapshots),
    ...(seen.seen && { seen: seen.seen }),
  })
  const involved = [hostId, ...losers, ...Object.keys(asks)]
  if (involved.length === 1) {
    const ask: Ask = { ...landing(new Map()), cause, writes }
    const asked = isNew ? await hosts.create(hostId, ask) : await hosts.ask(hostId, ask)
    return asked.ok ? ok({ hostId, answer: asked.value, created: isNew }) : asked
  }
  const joined = await hosts.together({
    hostIds: involved,
    fresh: isNew ? hostId : undefined,
    decide: (snapshots) =>
      ok({
        cause,
        asks: { ...asks, [hostId]: landing(snapshots) },
        merged: Object.fromEntries(losers.map((loser) => [loser, hostId])),
        writes: [...writes, ...losers.flatMap((loser) => movedRows(store.lookups, loser, hostId))],
      }),
  })
  if (!joined.ok) return joined
  const answer = joined.value.get(hostId)
  return answer === undefined ? fail({ kind: 'conflict' }) : ok({ hostId, answer, created: isNew })
}

type Arrival = {
  readonly store: Store
  readonly seen: Seen
  readonly decision: Landing
  readonly losers: readonly string[]
}

/** What the host hears: whom it absorbs, which of its keys end, and what was seen. */
function landingEvents(
  { store, seen, decision, losers }: Arrival,
  snapshots: ReadonlyMap<string, HostSnapshot>,
): Ask['events'] {
  const settled = decision.settled.find(({ hostId }) => hostId === decision.hostId)
  if (settled === undefined) throw new Error('a decision settles the host it lands on')
  const event = seen.event(settled)
  const absorbed = losers.flatMap((loser) => snapshots.get(loser) ?? [])
  return [
    ...absorbed.flatMap((snapshot) => absorbEvents(snapshot, settled, event.at)),
    ...revocations(store, decision.revoked, {
      hostIds: [decision.hostId, ...losers],
      at: event.at,
    }),
    event,
  ]
}

/** Hosts the decision lists anew or takes keys from without landing on them. */
function otherAsks(
  { store, world }: SightOptions,
  decision: Landing,
  losers: readonly string[],
): Readonly<Record<string, Omit<Ask, 'cause'>>> {
  const at = world.now()
  const asks: Record<string, Omit<Ask, 'cause'>> = {}
  const owners = decision.revoked.flatMap((hash) => store.lookups.agent(hash)?.host_id ?? [])
  const settled = new Map(decision.settled.map((one) => [one.hostId, one]))
  for (const hostId of new Set([...settled.keys(), ...owners])) {
    if (hostId === decision.hostId || losers.includes(hostId)) continue
    const listed = settled.get(hostId)
    const events: readonly HostEvent[] = [
      ...(listed === undefined ? [] : [settleEvent(listed, at)]),
      ...revocations(store, decision.revoked, { hostIds: [hostId], at }),
    ]
    asks[hostId] = { events }
  }
  return asks
}

function revocations(
  store: Store,
  revoked: readonly string[],
  { hostIds, at }: { readonly hostIds: readonly string[]; readonly at: number },
): readonly HostEvent[] {
  const keyHashes = revoked.filter((hash) => {
    const owner = store.lookups.agent(hash)?.host_id
    return owner !== undefined && hostIds.includes(owner)
  })
  return keyHashes.length === 0 ? [] : [{ type: 'osquery.revoke', at, keyHashes }]
}
