// Who an agent is, by its node key, without touching the database on the way.
import type { AgentRow } from '../../storage/rows.ts'
import type { Lookups } from '../../storage/store.ts'
import type { Live } from '../runtime/live.ts'
import type { World } from '../runtime/world.ts'
import { hashToken } from '../secrets/tokens.ts'
import { createKeyIndex } from './key-index.ts'

export type KnownAgent = {
  readonly keyHash: string
  readonly hostId: string
  readonly expiresAt: number | null
  readonly detailAt: number
}

export type Agents = {
  /** Undefined only for keys that were never issued, have lapsed or were revoked: that is certain. */
  find(nodeKey: string): KnownAgent | undefined
  /**
   * Whether detail queries should go out with this read; saying yes once, it waits before it does again.
   */
  takeDetailTurn(agent: KnownAgent): boolean
}

/** Facts are asked for hourly, each agent at its own minute. */
const detailEveryMs = 3_600_000

/** How long an agent may take to answer before it is asked again. */
const detailPatienceMs = 300_000

/** Agents whose open detail turn is remembered; beyond that some are asked twice. */
const askedMax = 200_000

export function createAgents(lookups: Lookups, live: Live, world: World): Agents {
  const asked = new Map<string, number>()
  const index = createKeyIndex<KnownAgent>({
    live,
    lookUp(keyHash) {
      const row = lookups.agent(keyHash)
      return row === undefined || row.revoked_at !== null ? undefined : known(row)
    },
    changed(write) {
      if ('put' in write && write.put === 'agent')
        return [write.row.node_key_hash, write.row.revoked_at === null ? known(write.row) : null]
      if ('drop' in write && write.drop === 'agent') return [write.node_key_hash, null]
      return undefined
    },
  })
  return {
    find(nodeKey) {
      const agent = index.get(hashToken(nodeKey))
      if (agent === undefined) return undefined
      const lapsed = agent.expiresAt !== null && agent.expiresAt <= world.steady()
      return lapsed ? undefined : agent
    },
    takeDetailTurn({ keyHash, detailAt }) {
      // Either way: an answer from a time that is still to come, by a clock that was put back, is an old one.
      const age = Math.abs(world.now() - detailAt)
      if (age < detailEveryMs * (0.9 + 0.2 * spread(keyHash))) return false
      const now = world.steady()
      if (now < (asked.get(keyHash) ?? 0) + detailPatienceMs) return false
      if (asked.size >= askedMax) asked.clear()
      asked.set(keyHash, now)
      return true
    },
  }
}

const known = (row: AgentRow): KnownAgent => ({
  keyHash: row.node_key_hash,
  hostId: row.host_id,
  expiresAt: row.expires_at,
  detailAt: row.detail_at,
})

/** Each agent's own place in [0, 1), the same after every restart. */
const spread = (keyHash: string): number => Number.parseInt(keyHash.slice(0, 8), 16) / 2 ** 32
