// Identity as an operator mends it: merge, split, answer a conflict, forget a host.
import type { ConflictRow } from '../../storage/rows.ts'
import type { Store, Write } from '../../storage/store.ts'
import { type Choice, settledBy } from '../identity/conflicts.ts'
import type { Consequences } from '../identity/decision.ts'
import { isSameKnown, type KnownHost, type KnownHosts, knownAmong } from '../identity/known.ts'
import { mergeHosts, type MergeFault } from '../identity/merge.ts'
import { partiesTo, resolveConflict } from '../identity/resolve-conflict.ts'
import { fail, ok, type Result } from '../result.ts'
import { revokeAgent } from './agent-revocation.ts'
import { mergedRows } from './binding.ts'
import { carryOut } from './consequences.ts'
import { happened } from './happening.ts'
import type {
  ConflictPlan,
  MergePlan,
  Moved,
  Reconcile,
  ReconcileFault,
  ReconcileOptions,
} from './reconcile-type.ts'
import { freshOf, type ReconcileMeans } from './reconcile-means.ts'
import { removeHost } from './removal.ts'
import { splitHost } from './splitting.ts'
import { commitTold } from './told-commit.ts'

export const createReconcile = (means: ReconcileMeans): Reconcile => ({
  merge: (survivorId, loserId, options) => merge(means, [survivorId, loserId], options),
  split: (hostId, options) => splitHost(means, hostId, options),
  resolveConflict: (conflictId, options) => answerConflict(means, conflictId, options),
  remove: (hostId, options) => removeHost(means, hostId, options),
  revokeAgent: (hostId, key, options) => revokeAgent(means, [hostId, key], options),
})

async function merge(
  means: ReconcileMeans,
  [preferred, other]: readonly [string, string],
  options: ReconcileOptions,
): Promise<Result<MergePlan, ReconcileFault>> {
  const read = (): KnownHosts => knownAmong([preferred, other], means.store.lookups)
  const known = read()
  if (known.hosts.size < 2) return fail({ kind: 'no-such-host' })
  const fresh = freshOf(means)
  const merged = mergeHosts(known, preferred, fresh)
  if (!merged.ok) return fail({ kind: 'refused', detail: mergeSentence(merged.error) })
  const { hostId, losers } = merged.value
  const [loser = other] = losers
  const plan: MergePlan = {
    merge_id: options.dryRun ? null : mergeIdOf(merged.value),
    survivor: hostId,
    loser,
    moves: movedFrom(means.store, known, loser),
  }
  if (options.dryRun) return ok(plan)
  const holds = (): boolean => isSameKnown(read(), known)
  const how = { ...means, at: fresh.atMs, cause: options.cause, holds }
  const ending = { at: fresh.atMs, cause: options.cause, endedBy: mergeIdOf(merged.value) }
  const writes = mergedRows(means.store.lookups, { hostIds: [hostId, ...losers] }, ending)
  const done = await carryOut(merged.value, { ...how, writes })
  return done.ok ? ok(plan) : done
}

const mergeIdOf = ({ writes }: Consequences): string | null =>
  writes.flatMap((write) => ('put' in write && write.put === 'merge' ? [write.row.id] : []))[0] ??
  null

function mergeSentence(fault: MergeFault): string {
  return fault.kind === 'one-host'
    ? 'A host cannot be merged with itself.'
    : 'The hosts say different things of themselves; name the one that is right.'
}

/** What goes along when a host becomes part of another. */
function movedFrom({ lookups }: Store, { hosts }: KnownHosts, loser: string): Moved {
  const host: KnownHost | undefined = hosts.get(loser)
  return {
    claims: (host?.claims ?? []).map(({ kind, value }) => ({ kind, value })),
    channels: (host?.enrollments ?? []).map(({ key }) => key),
    dep_serials: (host?.depDevices ?? []).map(({ serial }) => serial),
    agents: (host?.agents ?? []).filter(({ revoked_at }) => revoked_at === null).length,
    open_commands: lookups.openCommands(loser).map(({ command_uuid }) => command_uuid),
  }
}

async function answerConflict(
  means: ReconcileMeans,
  conflictId: string,
  options: ReconcileOptions & { readonly choice: string },
): Promise<Result<ConflictPlan, ReconcileFault>> {
  const { store } = means
  const conflict = store.lookups.conflict(conflictId)
  if (conflict === undefined) return fail({ kind: 'no-such-conflict' })
  const fresh = freshOf(means)
  // Whatever the operator wrote is checked against what this conflict offers.
  const answer = { choice: options.choice as Choice, prefer: conflict.host_id }
  const read = (): KnownHosts => knownAmong(partiesTo(conflict), store.lookups)
  const known = read()
  const resolved = resolveConflict({ conflict, answer }, known, fresh)
  if (!resolved.ok) {
    const { error } = resolved
    if (error.kind === 'already-resolved') return fail(error)
    if (error.kind === 'not-offered')
      return fail({ kind: 'no-such-choice', choices: error.choices })
    return fail({ kind: 'refused', detail: mergeSentence(error) })
  }
  const losers = resolved.value.kind === 'merged' ? resolved.value.losers : []
  const plan: ConflictPlan = {
    conflict: conflictId,
    choice: options.choice,
    hosts: [
      ...losers.map((id) => ({ id, becomes: `part of ${resolved.value.hostId}` })),
      ...resolved.value.settled.map(({ hostId: id, quarantined }) => ({
        id,
        becomes: quarantined ? 'quarantined' : 'a host of its own',
      })),
    ],
  }
  if (options.dryRun) return ok(plan)
  const { cause } = options
  const note = answerNote(conflict, options, fresh.atMs)
  if (conflict.kind === 'failing') return dismissFailing(means, [conflict, note], plan)
  const holds = (): boolean => isSameKnown(read(), known)
  const how = { ...means, at: fresh.atMs, cause, holds }
  const ending = { at: fresh.atMs, cause, endedBy: mergeIdOf(resolved.value) }
  const merged = { hostIds: [resolved.value.hostId, ...losers], setApart: conflict.host_id }
  const writes = losers.length === 0 ? [] : mergedRows(store.lookups, merged, ending)
  const done = await carryOut({ ...resolved.value, losers }, { ...how, writes: [note, ...writes] })
  return done.ok ? ok(plan) : done
}

const answerNote = (
  { id, kind, host_id }: ConflictRow,
  { choice, cause }: ReconcileOptions & { readonly choice: string },
  at: number,
): Write =>
  happened(host_id, { event: 'conflict.resolved', cause, at }, { conflict: id, kind, choice })

/** Its host is not asked: it may throw at that too, and nothing about it changes. */
async function dismissFailing(
  { store, hosts, world }: ReconcileMeans,
  [conflict, note]: readonly [ConflictRow, Write],
  plan: ConflictPlan,
): Promise<Result<ConflictPlan, ReconcileFault>> {
  const row = settledBy(conflict, plan.choice, world.now())
  const told = { store, live: hosts.live }
  const committed = await commitTold(told, [{ put: 'conflict', row }, note])
  return committed.ok ? ok(plan) : committed
}
