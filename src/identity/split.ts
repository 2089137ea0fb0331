import type { AgentRow, ClaimRow, ConflictRow, MergeRow } from '../../storage/rows.ts'
import { openConflict, settledBy } from './conflicts.ts'
import type { Fresh, IdentityWrite } from './decision.ts'
import type { KnownHosts } from './known.ts'
import { openLedger } from './ledger.ts'
import type { Ledger } from './ledger.ts'
import { identityOf } from './settled.ts'
import type { Settled } from './settled.ts'
import { isTelling } from './trust.ts'
import { undoOf } from './undo.ts'
import type { Undo } from './undo.ts'

export type Split = {
  readonly survivorId: string
  /** The host that lives again. */
  readonly loserId: string
  readonly writes: readonly IdentityWrite[]
  /** Hashes of node keys that the merge had revoked and that open again. */
  readonly restored: readonly string[]
  readonly settled: readonly Settled[]
}

/**
 * Takes a merge back: every row it moved or changed is as it was, and what the survivor gained since
 * stays there. `known` holds the survivor, and in `claims` every row on the claims of the merge. A claim that
 * a third host owns by now comes back disputed.
 */
export function split(merge: MergeRow, known: KnownHosts, fresh: Fresh): Split {
  const undo = undoOf(merge)
  const survivor = known.hosts.get(undo.survivorId)
  if (survivor === undefined) throw new Error('a merge is taken back from its living survivor')
  const ledger = openLedger([...known.claims, ...survivor.claims])
  restoreClaims(ledger, undo)
  const agents = survivor.agents.map((agent) => agentBefore(agent, undo))
  const conflicts = survivor.conflicts.map((conflict) => conflictBefore(conflict, undo))
  const host_id = undo.loserId
  const enrollments = survivor.enrollments.filter((row) => undo.enrollmentKeys.includes(row.key))
  const depDevices = survivor.depDevices.filter((row) => undo.depSerials.includes(row.serial))
  return {
    survivorId: undo.survivorId,
    loserId: undo.loserId,
    writes: [
      ...ledger.writes(),
      ...enrollments.map((row): IdentityWrite => ({ put: 'enrollment', row: { ...row, host_id } })),
      ...depDevices.map((row): IdentityWrite => ({ put: 'dep_device', row: { ...row, host_id } })),
      ...changed(survivor.agents, agents).map((row): IdentityWrite => ({ put: 'agent', row })),
      ...changed(survivor.conflicts, conflicts).map((row): IdentityWrite => ({
        put: 'conflict',
        row,
      })),
      ...undo.origins.map((origin): IdentityWrite => {
        return { move: 'commands', from: undo.survivorId, to: undo.loserId, origin }
      }),
      { put: 'merge', row: { ...merge, undone_at: fresh.atMs } },
      { put: 'conflict', row: keptApart(undo, fresh) },
    ],
    restored: survivor.agents
      .filter((agent, index) => agent.revoked_at !== null && agents[index]?.revoked_at === null)
      .map((agent) => agent.node_key_hash),
    settled: [
      settledHost(ledger, undo.survivorId, undo.quarantined.survivor),
      settledHost(ledger, undo.loserId, undo.quarantined.loser),
    ],
  }
}

const changed = <Row>(before: readonly Row[], after: readonly Row[]): readonly Row[] =>
  after.filter((row, index) => row !== before[index])

const settledHost = (ledger: Ledger, hostId: string, quarantined: boolean): Settled => ({
  hostId,
  identity: identityOf(ledger.of(hostId)),
  quarantined,
})

function restoreClaims(ledger: Ledger, undo: Undo): void {
  const lost = undo.claims.before.filter((row) => row.host_id === undo.loserId)
  const kept = undo.claims.before.filter((row) => row.host_id === undo.survivorId)
  for (const row of lost) {
    const present = ledger.row(row, undo.survivorId)
    if (present !== undefined) ledger.drop(present)
  }
  for (const row of kept) {
    const present = ledger.row(row, undo.survivorId)
    const after = undo.claims.after.find((was) => was.kind === row.kind && was.value === row.value)
    const wasCombined = lost.some((was) => was.kind === row.kind && was.value === row.value)
    if (wasCombined) giveBack(ledger, row)
    else if (present !== undefined && present.status === after?.status)
      giveBack(ledger, { ...present, status: row.status })
  }
  for (const row of lost) giveBack(ledger, row)
}

function giveBack(ledger: Ledger, row: ClaimRow): void {
  const isOwned = ledger
    .on(row)
    .some((other) => other.host_id !== row.host_id && other.status === 'active')
  ledger.put(isOwned && isTelling(row) ? { ...row, status: 'disputed' } : row)
}

function agentBefore(agent: AgentRow, undo: Undo): AgentRow {
  const index = undo.agents.before.findIndex((row) => row.node_key_hash === agent.node_key_hash)
  const before = undo.agents.before[index]
  if (before === undefined) return agent
  const isAsLeft = agent.revoked_at === undo.agents.after[index]?.revoked_at
  return {
    ...agent,
    host_id: before.host_id,
    revoked_at: isAsLeft ? before.revoked_at : agent.revoked_at,
  }
}

function conflictBefore(conflict: ConflictRow, undo: Undo): ConflictRow {
  const index = undo.conflicts.before.findIndex((row) => row.id === conflict.id)
  const isAsLeft = JSON.stringify(conflict) === JSON.stringify(undo.conflicts.after[index])
  return (isAsLeft ? undo.conflicts.before[index] : undefined) ?? conflict
}

/** Without it the sighting that merged them would merge them again. */
function keptApart(undo: Undo, { conflictId, atMs }: Fresh): ConflictRow {
  const opened = openConflict({
    id: conflictId,
    kind: 'split',
    hostId: undo.survivorId,
    others: [undo.loserId],
    claim: undefined,
    seen: undo.claims.after,
    contradicts: [],
    atMs,
  })
  return settledBy(opened, 'keep-separate', atMs)
}
