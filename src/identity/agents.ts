import type { AgentRow } from '../../storage/rows.ts'
import type { IdentityWrite } from './decision.ts'

/** The agents of a host whose keys still open something. */
export const liveAgents = (agents: readonly AgentRow[]): readonly AgentRow[] =>
  agents.filter((agent) => agent.revoked_at === null)

export const revocation = (agent: AgentRow, atMs: number): IdentityWrite => ({
  put: 'agent',
  row: { ...agent, revoked_at: atMs },
})
