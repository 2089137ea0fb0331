// One agent's key of a host ends: the operator's word that another agent is the right one.
import { z } from '@hono/zod-openapi'
import { causeOf } from './cause.ts'
import type { ApiDeps } from './deps.ts'
import { endpoint, type Endpoint } from './endpoint.ts'
import { yesOrNo } from './fields.ts'
import { hostAt } from './host-ref.ts'
import { refParams } from './host.ts'
import { told } from './reconcile.ts'

const revoked = z
  .object({
    dry_run: z.boolean(),
    host: z.string(),
    key: z.string(),
    instance: z.string().nullable(),
    agents_left: z.int(),
  })
  .openapi('RevokedAgent')

export const revokeAgentEndpoint = (deps: ApiDeps): Endpoint =>
  endpoint(
    {
      method: 'delete',
      path: '/hosts/{ref}/agents/{key}',
      role: 'admin',
      tag: 'identity',
      summary: 'Ends the node key of one osquery agent.',
      description:
        'The agent enrols again. While another agent speaks for the host, it is refused or becomes a host of its own; ' +
        'otherwise the first agent that enrols is the one of the host.',
      params: refParams.extend({
        key: z.string().openapi({ description: 'As `agents` of the host has it.' }),
      }),
      query: z.strictObject({ dry_run: yesOrNo('Tell what would be done, and do nothing.') }),
      gives: revoked,
    },
    async (call) => {
      const host = await hostAt(deps, call)
      if (!host.ok) return host
      const { dry_run } = call.query
      const options = { dryRun: dry_run, cause: causeOf(call.principal) }
      const done = await deps.reconcile.revokeAgent(host.value.id, call.path.key, options)
      return told(done, (plan) => ({ dry_run, ...plan }))
    },
  )
