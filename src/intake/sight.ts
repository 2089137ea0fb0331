// Whoever sees a computer first, there is one host: every sighting is resolved before anything else happens.
import type { Store, Write } from '../../storage/store.ts'
import type { Decision } from '../identity/decision.ts'
import { isSameKnown, type KnownHosts, knownFor } from '../identity/known.ts'
import { resolve } from '../identity/resolve.ts'
import type { Sighting } from '../identity/sighting.ts'
import { fail, ok, type Result } from '../result.ts'
import type { Answer, Ask, AskFault } from '../runtime/ask.ts'
import type { Hosts } from '../runtime/hosts.ts'
import type { World } from '../runtime/world.ts'
import { carryOut, type Listed, type TimedEvent } from './consequences.ts'
import type { Turnstile } from './turnstile.ts'

/** Decisions taken anew on the same sighting before its sender must ask again. */
const triesMax = 5

export type Seen = {
  readonly sighting: Sighting
  /** The event for the host it turns out to be. */
  readonly event: (listed: Listed) => TimedEvent
  readonly cause: Ask['cause']
  readonly seen?: 'mdm' | 'osquery'
  /** The key it enrols under over MDM. */
  readonly enrollmentKey?: string
  /** Rows that belong to the same commit, for whichever host it is. */
  readonly also?: (host: {
    readonly hostId: string
    readonly quarantined: boolean
  }) => readonly Write[]
  /** The certificate it enrols with, and the rows that bind it to wherever it lands. */
  readonly certificate?: {
    readonly fingerprint: string
    /** Undefined when it speaks for nobody any more. */
    readonly rows: (hostId: string, losers: readonly string[]) => readonly Write[] | undefined
  }
}

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
  /** Another agent speaks for the host it would join. */
  | { readonly kind: 'agent-present'; readonly hostId: string }

type SightOptions = {
  readonly store: Store
  readonly hosts: Hosts
  readonly world: World
  readonly turnstile: Turnstile
}

/** Resolves a sighting and tells its host, in one commit; decides again when the rows have changed since. */
export type Sight = (seen: Seen) => Promise<Result<Sighted, SightFault>>

export function createSight(options: SightOptions): Sight {
  const { store, hosts, world, turnstile } = options

  async function once({
    sighting,
    certificate,
    also,
    ...how
  }: Seen): Promise<Result<Sighted, SightFault>> {
    const at = world.now()
    const read = (): KnownHosts => knownFor(sighting, store.lookups)
    const known = read()
    const decision = resolve(sighting, known, {
      atMs: at,
      hostId: world.uuid(),
      conflictId: world.uuid(),
      mergeId: world.uuid(),
    })
    if (
      decision.kind === 'unidentifiable' ||
      decision.kind === 'copied-credential' ||
      decision.kind === 'agent-present'
    )
      return fail(decision)
    const losers = decision.kind === 'merge' ? decision.losers : []
    const holds = (): boolean => isSameKnown(read(), known)
    const { hostId } = decision
    const bound = certificate === undefined ? [] : certificate.rows(hostId, losers)
    if (bound === undefined) return fail({ kind: 'copied-credential', hostId })
    const writes = [...bound, ...alsoWritten(decision, also)]
    const certified = certificate !== undefined
    const means = { store, hosts, at, holds, writes, certified }
    const done = await carryOut({ ...decision, losers }, { ...means, ...how })
    return done.ok ? ok({ hostId: decision.hostId, ...done.value }) : done
  }

  async function withRetries(seen: Seen): Promise<Result<Sighted, SightFault>> {
    for (let tries = 1; ; tries += 1) {
      const outcome = await once(seen)
      if (outcome.ok || tries === triesMax || !isStale(outcome.error)) return outcome
    }
  }

  return async (seen) => {
    const claims = seen.sighting.claims.map(({ kind, value }) => `${kind} ${value}`)
    const { certificate } = seen
    const keys = certificate ? [...claims, `certificate ${certificate.fingerprint}`] : claims
    return turnstile(keys, () => withRetries(seen)) ?? fail({ kind: 'overloaded' })
  }
}

/** The rows that belong to the same commit, for the host it turns out to be. */
function alsoWritten(
  { hostId, settled }: Pick<Extract<Decision, { readonly settled: unknown }>, 'hostId' | 'settled'>,
  also: Seen['also'],
): readonly Write[] {
  const quarantined = settled.some((one) => one.hostId === hostId && one.quarantined)
  return also?.({ hostId, quarantined }) ?? []
}

/** Decided on rows that have changed since. */
const isStale = ({ kind }: SightFault): boolean =>
  kind === 'conflict' || kind === 'claim-taken' || kind === 'merged' || kind === 'no-such-host'
