import type { AgentRow } from '../../storage/rows.ts'
import { othersOf } from './conflicts.ts'
import type { IdentityWrite } from './decision.ts'
import type { KnownHost } from './known.ts'

/** The agents of a host whose keys still open something. */
export const liveAgents = (agents: readonly AgentRow[]): readonly AgentRow[] =>
  agents.filter((agent) => agent.revoked_at === null)

export const revocation = (agent: AgentRow, atMs: number): IdentityWrite => ({
  put: 'agent',
  row: { ...agent, revoked_at: atMs },
})

/**
 * Whether a host was set apart since its agent speaks beside one of the other host, which makes the same claims.
 * Only an operator makes one of them.
 */
export const isCloneOf = (host: KnownHost, other: KnownHost): boolean =>
  host !== other && clonesOf(host).some((conflict) => othersOf(conflict).includes(other.hostId))

export const isSetApartClone = (host: KnownHost): boolean => clonesOf(host).length > 0

const clonesOf = ({ hostId, claims, conflicts }: KnownHost): KnownHost['conflicts'] =>
  claims.some(({ status }) => status === 'disputed')
    ? conflicts.filter(({ kind, host_id }) => kind === 'clone' && host_id === hostId)
    : []
