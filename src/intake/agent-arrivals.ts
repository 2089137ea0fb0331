// Whether a host may take another agent: not while the present one speaks, since an enroll secret proves no identity.
import type { AgentRow } from '../../storage/rows.ts'
import type { KnownHost } from '../identity/known.ts'
import type { Rivalry } from '../identity/sighting.ts'
import type { World } from '../runtime/world.ts'
import type { AgentSpeech } from './agent-speech.ts'

export type Arrivals = {
  /** Of the hosts that a newcomer could be, those at which another agent speaks, and what that makes of it. */
  rivalsOf(hosts: Iterable<KnownHost>, instance: string | undefined): ReadonlyMap<string, Rivalry>
  /** The newcomer was refused; from now on, whatever else speaks for that host is another computer. */
  refused(hostId: string, instance: string | undefined): void
  /** Hashes of the keys that spoke within the cooldown. */
  speaking(agents: readonly AgentRow[]): readonly string[]
  /** Whether this agent of a host is the younger of two that both speak: another computer's, most likely. */
  contest(agents: readonly AgentRow[], keyHash: string): Contest | undefined
}

export type Contest = { readonly isYounger: boolean }

/** An agent that is replaced on its own computer may run beside its successor for a while, as updates have it. */
const goodbyeMs = 5 * 60_000

/** Refused newcomers remembered; beyond them the oldest is forgotten and begins anew. */
const waitingMax = 10_000

type Options = {
  readonly speech: AgentSpeech
  readonly world: World
  /** How long the present agent must be silent before a host takes another one. */
  readonly cooldownMs: number
}

export function createArrivals({ speech, world, cooldownMs }: Options): Arrivals {
  /** When a newcomer was first refused, by host and instance. */
  const waiting = new Map<string, number>()
  const isSpeaking = (agent: AgentRow): boolean => speech.silentMs(agent) < cooldownMs

  function rivalry(host: KnownHost, instance: string | undefined): Rivalry | undefined {
    const agents = living(host.agents)
    if (instance !== undefined && agents.some((agent) => agent.instance === instance))
      return undefined
    const speakers = agents.filter(isSpeaking)
    if (speakers.length === 0) return undefined
    const refusedAt = waiting.get(keyOf(host.hostId, instance))
    if (refusedAt === undefined) return 'present'
    const waitedMs = world.steady() - refusedAt
    // A replaced agent never speaks again: one that does runs on another computer.
    const isElsewhere = speakers.some((agent) => speech.silentMs(agent) < waitedMs - goodbyeMs)
    return isElsewhere ? 'clone' : 'present'
  }

  return {
    rivalsOf(hosts, instance) {
      const rivals = new Map<string, Rivalry>()
      for (const host of hosts) {
        const found = rivalry(host, instance)
        if (found !== undefined) rivals.set(host.hostId, found)
      }
      return rivals
    },
    refused(hostId, instance) {
      // Newcomers without an instance cannot be told from each other.
      if (instance === undefined || waiting.has(keyOf(hostId, instance))) return
      const [oldest] = waiting.keys()
      if (waiting.size >= waitingMax && oldest !== undefined) waiting.delete(oldest)
      waiting.set(keyOf(hostId, instance), world.steady())
    },
    speaking: (agents) => agents.filter(isSpeaking).map(({ node_key_hash }) => node_key_hash),
    contest(agents, keyHash) {
      const all = living(agents).filter(isSpeaking)
      const mine = all.find(({ node_key_hash }) => node_key_hash === keyHash)
      if (mine === undefined) return undefined
      for (const other of all) {
        if (other === mine) continue
        const [elder, younger] = isElder(mine, other) ? [mine, other] : [other, mine]
        const togetherMs = world.now() - younger.enrolled_at
        if (speech.silentMs(elder) < togetherMs - goodbyeMs) return { isYounger: younger === mine }
      }
      return undefined
    },
  }
}

const keyOf = (hostId: string, instance: string | undefined): string => `${hostId} ${instance}`

/** Keys that are neither revoked nor replaced by a newer one of their instance. */
const living = (agents: readonly AgentRow[]): readonly AgentRow[] =>
  agents.filter((agent) => agent.revoked_at === null && agent.expires_at === null)

const isElder = (one: AgentRow, other: AgentRow): boolean =>
  one.enrolled_at < other.enrolled_at ||
  (one.enrolled_at === other.enrolled_at && one.node_key_hash < other.node_key_hash)
