// One agent's key of a host ends by an operator's word: another agent may then be the one of the host.
import { fail, ok, type Result } from '../result.ts'
import { happened } from './happening.ts'
import type { ReconcileMeans } from './reconcile-means.ts'
import type { ReconcileFault, ReconcileOptions, RevocationPlan } from './reconcile-type.ts'

export async function revokeAgent(
  { hosts, world }: ReconcileMeans,
  [hostId, key]: readonly [hostId: string, key: string],
  { dryRun, cause }: ReconcileOptions,
): Promise<Result<RevocationPlan, ReconcileFault>> {
  const looked = await hosts.look(hostId)
  if (!looked.ok) return looked
  const all = Object.values(looked.value.snapshot.context.agents)
  const [agent, another] = all.filter(({ keyHash }) => keyHash.startsWith(key))
  if (agent === undefined || another !== undefined || key === '')
    return fail({ kind: 'no-such-agent' })
  const { instance } = agent
  const plan: RevocationPlan = { host: hostId, key, instance, agents_left: all.length - 1 }
  if (dryRun) return ok(plan)
  const at = world.now()
  const asked = await hosts.ask(hostId, {
    events: [{ type: 'osquery.revoke', at, keyHashes: [agent.keyHash] }],
    cause,
    writes: [happened(hostId, { event: 'osquery.revoked', cause, at }, { instance })],
  })
  return asked.ok ? ok(plan) : asked
}
