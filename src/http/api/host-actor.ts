// The actor itself, as the machine has it: for whoever wants to know why.
import { z } from '@hono/zod-openapi'
import { fail, ok } from '../../result.ts'
import type { ApiDeps } from './deps.ts'
import { dueIso } from './due-time.ts'
import { endpoint, type Endpoint } from './endpoint.ts'
import { askProblem } from './faults.ts'
import { time } from './fields.ts'
import { hostAt } from './host-ref.ts'
import { refParams } from './host.ts'
import { shownContext } from './redacted.ts'

const actor = z
  .object({
    machine: z.string(),
    machine_version: z.int(),
    version: z.int().openapi({ description: 'Counts the commits of this actor.' }),
    value: z.unknown().openapi({ description: 'Its state, as XState writes it.' }),
    context: z.unknown().openapi({ description: 'What it knows; secrets are references.' }),
    children: z.array(
      z.object({
        id: z.string(),
        machine: z.string(),
        version: z.int(),
        value: z.unknown(),
        context: z.unknown(),
      }),
    ),
    resident: z.boolean().openapi({ description: 'Whether it was in memory before this look.' }),
    mailbox: z.int().openapi({ description: 'Events that wait for it.' }),
    alarms: z.array(z.object({ name: z.string(), due_at: time })),
  })
  .openapi('Actor')

export const hostActorEndpoint = (deps: ApiDeps): Endpoint =>
  endpoint(
    {
      method: 'get',
      path: '/hosts/{ref}/actor',
      role: 'viewer',
      tag: 'hosts',
      summary: "The host's actor: state, context, children, alarms.",
      params: refParams,
      gives: actor,
    },
    async (call) => {
      const row = await hostAt(deps, call)
      if (!row.ok) return row
      const looked = await deps.hosts.look(row.value.id)
      if (!looked.ok) return fail(askProblem(looked.error))
      const { snapshot, version, commands, resident, waiting } = looked.value
      const { host } = deps.machines
      const alarms = deps.store.lookups.alarmsOf(row.value.id)
      return ok({
        kind: 'json',
        content: {
          machine: host.machine.id,
          machine_version: host.version,
          version,
          value: snapshot.value,
          context: shownContext(snapshot.context),
          children: [...commands].map(([id, command]) => ({
            id,
            machine: deps.machines.command.machine.id,
            version: command.version,
            value: command.saved.value,
            context: shownContext(command.saved.context),
          })),
          resident,
          mailbox: waiting,
          alarms: alarms.map(({ name, due_at }) => ({ name, due_at: dueIso(deps.world, due_at) })),
        },
      })
    },
  )
