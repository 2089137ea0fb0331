// How long each agent has been silent: decides whether a host may take another one.
import type { AgentRow } from '../../storage/rows.ts'
import type { LastSeen } from '../runtime/last-seen.ts'
import type { World } from '../runtime/world.ts'

export type AgentSpeech = {
  /** The agent spoke now. */
  heard(keyHash: string): void
  silentMs(agent: Pick<AgentRow, 'node_key_hash' | 'host_id' | 'enrolled_at'>): number
}

/** Agents remembered: some 100 bytes each. Of the others, what is stored of their hosts counts. */
const heardMax = 200_000

export function createAgentSpeech(lastSeen: Pick<LastSeen, 'of'>, world: World): AgentSpeech {
  const startedAt = world.steady()
  const heardAt = new Map<string, number>()
  return {
    heard(keyHash) {
      if (heardAt.size >= heardMax && !heardAt.has(keyHash)) heardAt.clear()
      heardAt.set(keyHash, world.steady())
    },
    silentMs({ node_key_hash, host_id, enrolled_at }) {
      const at = heardAt.get(node_key_hash)
      if (at !== undefined) return world.steady() - at
      // While no server ran, an agent could not be heard: that time is no silence.
      const sinceStartMs = world.steady() - startedAt
      const stored = Math.max(lastSeen.of(host_id)?.osquery_at ?? 0, enrolled_at)
      return Math.min(sinceStartMs, Math.max(0, world.now() - stored))
    },
  }
}
