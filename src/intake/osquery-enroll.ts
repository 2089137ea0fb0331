// An agent enrols: it becomes an agent of the host that it says to be, unless another one speaks for that host.
import type { Lookups } from '../../storage/store.ts'
import { knownFor } from '../identity/known.ts'
import { normalise } from '../identity/normalise.ts'
import type { Rivalry, Sighting } from '../identity/sighting.ts'
import type { Enroll } from '../protocol/osquery/enroll.ts'
import type { OsqueryReply } from '../protocol/osquery/reply.ts'
import type { World } from '../runtime/world.ts'
import { hashToken, mintToken } from '../secrets/tokens.ts'
import type { Arrivals } from './agent-arrivals.ts'
import type { AgentSpeech } from './agent-speech.ts'
import type { EnrollLimits } from './enroll-limits.ts'
import { factsOfEnroll } from './osquery-facts.ts'
import { replyTo } from './osquery-replies.ts'
import type { Sight } from './sight.ts'

export type EnrollMeans = {
  readonly lookups: Lookups
  readonly sight: Sight
  readonly world: World
  readonly arrivals: Arrivals
  readonly speech: AgentSpeech
  readonly isEnrollSecret: (secret: string) => boolean
  readonly limits?: EnrollLimits
  /** Hears of each agent that may not enrol yet. */
  readonly onLimit?: (bound: 'address' | 'sum') => void
  /** Hears of each newcomer that was refused, and of each that was set apart as a clone. */
  readonly onArrival?: (outcome: ArrivalOutcome, hostId: string) => void
  /** A node key nobody can guess. @default 256 random bits */
  readonly mint?: () => string
}

export type ArrivalOutcome = 'agent-present' | 'clone'

/** How long an instance's former key works after it enrolled again: its other threads still hold it. */
const graceMs = 15 * 60_000

export async function enroll(
  means: EnrollMeans,
  message: Enroll,
  address: string | undefined,
): Promise<OsqueryReply> {
  if (!means.isEnrollSecret(message.enrollSecret))
    return { kind: 'failed', status: 401, error: 'the enroll secret is not valid' }
  const bound = means.limits?.reached(address)
  if (bound !== undefined) {
    means.onLimit?.(bound)
    return { kind: 'failed', status: 429, error: 'too many agents enrolled lately, retry' }
  }
  const reply = await admit(means, message)
  if (reply.kind !== 'enrolled') means.limits?.giveBack(address)
  return reply
}

async function admit(means: EnrollMeans, message: Enroll): Promise<OsqueryReply> {
  const { arrivals, speech } = means
  const nodeKey = means.mint?.() ?? mintToken('')
  const keyHash = hashToken(nodeKey)
  const instance = message.osqueryInfo?.instance_id
  const newcomer = sightingOf(message)
  const known = [...knownFor(newcomer, means.lookups).hosts.values()]
  const rivals = arrivals.rivalsOf(known, instance)
  const speaking = arrivals.speaking(known.flatMap(({ agents }) => agents))
  const seen = await means.sight({
    sighting: { ...newcomer, rivals },
    event: ({ identity, quarantined }) => ({
      type: 'osquery.enroll',
      at: means.world.now(),
      identity,
      quarantined,
      facts: factsOfEnroll(message),
      agent: {
        keyHash,
        instance: instance ?? null,
        enrolledAt: means.world.now(),
        expiresAt: null,
        detailAt: 0,
      },
      graceUntil: means.world.steady() + graceMs,
      speaking,
    }),
    cause: { kind: 'device', id: 'osquery' },
    seen: 'osquery',
  })
  if (seen.ok) {
    speech.heard(keyHash)
    if (isCloneApart(rivals, seen.value.hostId)) means.onArrival?.('clone', seen.value.hostId)
    return { kind: 'enrolled', nodeKey }
  }
  if (seen.error.kind === 'agent-present') {
    arrivals.refused(seen.error.hostId, instance)
    means.onArrival?.('agent-present', seen.error.hostId)
  }
  return replyTo(seen.error)
}

function sightingOf({ systemInfo, osqueryInfo, virtual }: Enroll): Sighting {
  const { claims } = normalise({
    serial: systemInfo?.hardware_serial,
    uuid: systemInfo?.uuid ?? osqueryInfo?.uuid,
    osqueryInstance: osqueryInfo?.instance_id,
  })
  return { source: 'osquery', trust: 'agent', claims, virtual, vouched: false }
}

/** It would be that host if its agent were silent. */
const isCloneApart = (rivals: ReadonlyMap<string, Rivalry>, hostId: string): boolean =>
  [...rivals].some(([rival, rivalry]) => rivalry === 'clone' && rival !== hostId)
