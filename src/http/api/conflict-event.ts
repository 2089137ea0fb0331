// The event behind a failing host, for whoever has to mend the bug.
import { z } from '@hono/zod-openapi'
import type { ConflictRow } from '../../../storage/rows.ts'
import { fail, ok, type Result } from '../../result.ts'
import type { Principal } from '../auth.ts'
import type { Problem } from '../problem.ts'
import { causeOf } from './cause.ts'
import type { ApiDeps } from './deps.ts'
import { endpoint, type Endpoint } from './endpoint.ts'
import { askProblem } from './faults.ts'

const keptEvent = z
  .object({
    events: z.array(z.record(z.string(), z.unknown())).openapi({
      description: 'As the machine got them. Secrets are references here as everywhere.',
    }),
    cause: z.record(z.string(), z.unknown()),
  })
  .openapi('KeptEvent')

const none: Problem = { kind: 'not-found', detail: 'No event is kept for that conflict.' }

export const conflictEventEndpoint = (deps: ApiDeps): Endpoint =>
  endpoint(
    {
      method: 'get',
      path: '/conflicts/{id}/event',
      role: 'admin',
      tag: 'identity',
      summary: 'The event that a failing host could not take.',
      description: 'It is kept sealed; the journal says who looked.',
      params: z.object({ id: z.string() }),
      gives: keptEvent,
    },
    async ({ path, principal }) => {
      const conflict = deps.store.lookups.conflict(path.id)
      const ref = conflict?.kind === 'failing' ? keptRef(conflict) : undefined
      if (conflict === undefined || ref === undefined) return fail(none)
      const audited = await audit(deps, conflict, principal)
      if (!audited.ok) return audited
      const opened = await deps.sealing.open(ref)
      if (!opened.ok) return fail(none)
      // Sealed by us, so it is what was set apart.
      const content = JSON.parse(new TextDecoder().decode(opened.value)) as z.input<
        typeof keptEvent
      >
      return ok({ kind: 'json', content })
    },
  )

/** The column is our own: a failing conflict says where its event is. */
function keptRef({ detail }: ConflictRow): string | undefined {
  const { kept } = JSON.parse(detail) as { readonly kept?: unknown }
  return typeof kept === 'string' ? kept : undefined
}

async function audit(
  { store, hosts, world }: ApiDeps,
  conflict: ConflictRow,
  principal: Principal,
): Promise<Result<void, Problem>> {
  const cause = causeOf(principal)
  const writes = [
    {
      put: 'journal',
      row: {
        host_id: conflict.host_id,
        at: world.now(),
        actor: 'host',
        event: 'operator.reveal',
        from_state: null,
        to_state: null,
        cause: cause.kind,
        cause_id: cause.id,
        detail: JSON.stringify({ conflict: conflict.id }),
      },
    },
  ] as const
  const committed = await store.commit(writes)
  if (!committed.ok) return fail(askProblem(committed.error))
  hosts.live.publish(writes, committed.journalSeqs)
  return ok(undefined)
}
