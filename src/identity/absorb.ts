import type { AgentRow, ClaimRow, ConflictRow, MergeRow } from '../../storage/rows.ts'
import { liveAgents } from './agents.ts'
import { addressed, partiesOf, settledBy } from './conflicts.ts'
import type { Fresh, IdentityWrite } from './decision.ts'
import type { Draft } from './draft.ts'
import type { KnownHost } from './known.ts'
import type { Ledger } from './ledger.ts'
import { sureness } from './settled.ts'
import { isCurrent, stronger } from './trust.ts'
import { originsOf } from './undo.ts'
import type { Undo } from './undo.ts'

type Merging = {
  /** Rows as they are before the merge, with what an earlier loser of the same merge left there. */
  readonly survivor: KnownHost
  readonly loser: KnownHost
  /** Ids of hosts whose agents have to enrol again. */
  readonly revoked: ReadonlySet<string>
  /** Every id that all hosts of this merge went by. */
  readonly ids: readonly string[]
}

type Absorbed = {
  /** The survivor with the loser's rows. */
  readonly survivor: KnownHost
  /** Everything but claims, which are in the ledger. */
  readonly writes: readonly IdentityWrite[]
}

/** Makes one host of several: the first takes in the others, one merge row each. */
export function unite(
  draft: Draft,
  [first, ...losers]: readonly [KnownHost, ...KnownHost[]],
  revoked: ReadonlySet<string>,
): KnownHost {
  const ids = [first, ...losers].flatMap(originsOf)
  let survivor = first
  for (const [index, loser] of losers.entries()) {
    const mergeId = index === 0 ? draft.fresh.mergeId : `${draft.fresh.mergeId}-${index}`
    const absorbed = absorb(
      draft.ledger,
      { survivor, loser, revoked, ids },
      { ...draft.fresh, mergeId },
    )
    draft.write(...absorbed.writes)
    survivor = absorbed.survivor
  }
  return survivor
}

/** Moves every row of one host to another. Rows are moved and combined; none is lost. */
function absorb(ledger: Ledger, merging: Merging, fresh: Fresh): Absorbed {
  const { survivor, loser } = merging
  const to = survivor.hostId
  for (const row of ledger.of(loser.hostId)) moveClaim(ledger, row, to)

  const agents = [survivor, loser].flatMap((host) => host.agents)
  const agentsAfter = agents.map((agent) => agentAfter(agent, merging, fresh.atMs))
  const conflicts = [survivor, loser].flatMap((host) => host.conflicts)
  const conflictsAfter = conflicts.map((conflict) => conflictAfter(conflict, merging, fresh.atMs))
  const enrollments = loser.enrollments.map((row) => ({ ...row, host_id: to }))
  const depDevices = loser.depDevices.map((row) => ({ ...row, host_id: to }))
  const undo: Undo = {
    survivorId: to,
    loserId: loser.hostId,
    quarantined: { survivor: survivor.quarantined, loser: loser.quarantined },
    claims: { before: [...survivor.claims, ...loser.claims], after: ledger.of(to) },
    agents: { before: agents, after: agentsAfter },
    conflicts: { before: conflicts, after: conflictsAfter },
    enrollmentKeys: enrollments.map((row) => row.key),
    depSerials: depDevices.map((row) => row.serial),
    origins: originsOf(loser),
  }
  const merge: MergeRow = {
    id: fresh.mergeId,
    survivor_id: to,
    loser_id: loser.hostId,
    at: fresh.atMs,
    undo: JSON.stringify(undo),
    undone_at: null,
  }
  return {
    survivor: {
      ...survivor,
      merges: [...survivor.merges, merge],
      claims: ledger.of(to),
      agents: agentsAfter,
      conflicts: conflictsAfter,
      enrollments: [...survivor.enrollments, ...enrollments],
      depDevices: [...survivor.depDevices, ...depDevices],
    },
    writes: [
      ...enrollments.map((row): IdentityWrite => ({ put: 'enrollment', row })),
      ...depDevices.map((row): IdentityWrite => ({ put: 'dep_device', row })),
      ...changed(agents, agentsAfter).map((row): IdentityWrite => ({ put: 'agent', row })),
      ...changed(conflicts, conflictsAfter).map((row): IdentityWrite => ({ put: 'conflict', row })),
      { move: 'commands', from: loser.hostId, to, origin: null },
      { put: 'merge', row: merge },
    ],
  }
}

function moveClaim(ledger: Ledger, row: ClaimRow, to: string): void {
  const there = ledger.row(row, to)
  ledger.drop(row)
  const moved = { ...row, host_id: to }
  const combined = there === undefined ? moved : combine(there, moved)
  const isLastOfClones =
    combined.status === 'shared' &&
    ledger.on(row).every((other) => other.host_id === to || !isCurrent(other))
  ledger.put(isLastOfClones ? { ...combined, status: 'active' } : combined)
}

const combine = (one: ClaimRow, other: ClaimRow): ClaimRow => ({
  ...one,
  status: sureness[one.status] >= sureness[other.status] ? one.status : other.status,
  source: stronger(one.source, other.source),
  first_seen: Math.min(one.first_seen, other.first_seen),
  last_seen: Math.max(one.last_seen, other.last_seen),
})

function agentAfter(agent: AgentRow, { survivor, revoked }: Merging, atMs: number): AgentRow {
  const ends = revoked.has(agent.host_id) && liveAgents([agent]).length > 0
  return {
    ...agent,
    host_id: survivor.hostId,
    revoked_at: ends ? atMs : agent.revoked_at,
  }
}

/** A conflict among the merged is over; one with others goes on under the survivor's id. */
function conflictAfter(
  conflict: ConflictRow,
  { survivor, ids }: Merging,
  atMs: number,
): ConflictRow {
  const moved = addressed(conflict, ids, survivor.hostId)
  const isOver =
    conflict.kind !== 'failing' && partiesOf(moved).every((id) => id === survivor.hostId)
  return isOver && conflict.resolved_at === null ? settledBy(moved, 'merged', atMs) : moved
}

const changed = <Row>(before: readonly Row[], after: readonly Row[]): readonly Row[] =>
  after.filter((row, index) => JSON.stringify(row) !== JSON.stringify(before[index]))
