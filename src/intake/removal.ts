// Forgetting a host. What Apple's list assigns to us would come back as pending, so it is reset to that.
import type { Lookups, Write } from '../../storage/store.ts'
import { fail, ok, type Result } from '../result.ts'
import type { Ask } from '../runtime/ask.ts'
import type { ReconcileMeans } from './reconcile-means.ts'
import type { ReconcileFault, ReconcileOptions, RemovalPlan } from './reconcile-type.ts'

export async function removeHost(
  { store, hosts, world }: ReconcileMeans,
  hostId: string,
  { dryRun, cause }: ReconcileOptions,
): Promise<Result<RemovalPlan, ReconcileFault>> {
  const { lookups } = store
  const row = lookups.host(hostId)
  if (row === undefined) return fail({ kind: 'no-such-host' })
  if (row.merged_into !== null) return fail({ kind: 'merged', into: row.merged_into })
  const isAssigned = row.dep === 'assigned'
  const plan: RemovalPlan = {
    outcome: isAssigned ? 'reset_to_pending' : 'deleted',
    host: hostId,
    open_commands: lookups.openCommands(hostId).map(({ command_uuid }) => command_uuid),
  }
  if (dryRun) return ok(plan)
  const at = world.now()
  const reset: Omit<Ask, 'cause'> = { events: [{ type: 'operator.reset', at }] }
  if (isAssigned) {
    const asked = await hosts.ask(hostId, { ...reset, cause })
    return asked.ok ? ok(plan) : asked
  }
  const joined = await hosts.together({
    hostIds: [hostId],
    decide: () =>
      ok({
        cause,
        asks: { [hostId]: reset },
        writes: [...farewell(hostId, cause, at), ...dropAll(lookups, hostId)],
      }),
  })
  return joined.ok ? ok(plan) : joined
}

const farewell = (host_id: string, cause: Ask['cause'], at: number): readonly Write[] => [
  {
    put: 'journal',
    row: {
      host_id,
      at,
      actor: 'host',
      event: 'operator.delete',
      from_state: null,
      to_state: null,
      cause: cause.kind,
      cause_id: cause.id,
      detail: null,
    },
  },
]

/** Keys go one by one, so that whoever remembers them hears of it; merged hosts go with their survivor. */
function dropAll(lookups: Lookups, hostId: string): readonly Write[] {
  const merged = lookups.mergesOf(hostId).filter(({ undone_at }) => undone_at === null)
  return [
    ...lookups
      .enrollmentsOf(hostId)
      .map(({ key }): Write => ({ drop: 'enrollment', key, host_id: hostId })),
    ...lookups
      .agentsOf(hostId)
      .map(({ node_key_hash }): Write => ({ drop: 'agent', node_key_hash, host_id: hostId })),
    ...merged.flatMap(({ loser_id }) => dropAll(lookups, loser_id)),
    { drop: 'host', id: hostId },
  ]
}
