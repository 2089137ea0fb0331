// The osquery agents of a host: which keys it has, and which of them end.
import type { Parts } from './host-events.ts'
import { type Agent, agentsMax, type HostContext } from './host-context.ts'

type Change = Partial<HostContext>

type Arriving = {
  /** Until when (ms) the instance's former key still works. */
  readonly graceUntil: number
  readonly speaking: readonly string[]
}

/** The same instance enrolling again gets a new key; its former one lives on for the grace period. */
export function withAgent(
  context: HostContext,
  agent: Agent,
  { graceUntil, speaking }: Arriving,
): Change {
  const isCopied = isOnTwoComputers(Object.values(context.agents), agent, speaking)
  const agents: Record<string, Agent> = {}
  for (const known of Object.values(context.agents)) {
    const lapsed = known.expiresAt !== null && known.expiresAt <= agent.enrolledAt
    const replaced = isOfInstance(known, agent) && known.expiresAt === null
    const isKept = isCopied && speaking.includes(known.keyHash)
    if (!lapsed)
      agents[known.keyHash] = replaced && !isKept ? { ...known, expiresAt: graceUntil } : known
  }
  return { agents: bounded({ ...agents, [agent.keyHash]: agent }, [...speaking, agent.keyHash]) }
}

/** An agent without an instance is none that we know. */
const isOfInstance = (known: Agent, agent: Agent): boolean =>
  known.instance !== null && known.instance === agent.instance

/**
 * Whether two computers have the same instance, as copies of a disk do: a former key of it is in use beside the
 * present one. Ending one of them at each enrolment would go on for ever.
 */
function isOnTwoComputers(
  known: readonly Agent[],
  agent: Agent,
  speaking: readonly string[],
): boolean {
  const inUse = known.filter((one) => isOfInstance(one, agent) && speaking.includes(one.keyHash))
  const former = inUse.filter(
    ({ expiresAt }) => expiresAt !== null && expiresAt <= agent.enrolledAt,
  )
  const present = inUse.filter(({ expiresAt }) => expiresAt === null)
  return present.length > 1 || (present.length > 0 && former.length > 0)
}

export function withDetails(context: HostContext, keyHash: string, at: number): Change {
  const agent = context.agents[keyHash]
  if (agent === undefined) return {}
  return { agents: { ...context.agents, [keyHash]: { ...agent, detailAt: at } } }
}

export function withoutAgents(context: HostContext, keyHashes: readonly string[] | null): Change {
  const agents = Object.fromEntries(
    Object.entries(context.agents).filter(([keyHash]) => keyHashes?.includes(keyHash) === false),
  )
  // What agents say goes with the last of them.
  return Object.keys(agents).length === 0 ? { agents, agentFacts: {} } : { agents }
}

export const withAgentsOf = (context: HostContext, parts: Parts): Change => ({
  agents: bounded({ ...context.agents, ...parts.agents }, []),
})

/** Beyond the bound those go first that are not in use, then those that never answered, then the oldest. */
function bounded(
  agents: HostContext['agents'],
  speaking: readonly string[],
): HostContext['agents'] {
  const all = Object.values(agents)
  if (all.length <= agentsMax) return agents
  const evicted = new Set(
    all
      .toSorted(
        (one, other) =>
          Number(speaking.includes(one.keyHash)) - Number(speaking.includes(other.keyHash)) ||
          Number(one.detailAt > 0) - Number(other.detailAt > 0) ||
          heardAt(one) - heardAt(other),
      )
      .slice(0, all.length - agentsMax),
  )
  return Object.fromEntries(Object.entries(agents).filter(([, agent]) => !evicted.has(agent)))
}

const heardAt = ({ enrolledAt, detailAt }: Agent): number => Math.max(enrolledAt, detailAt)
