// Which command a reference means: an id, or a CommandUUID, which commands of several hosts may have.
import { z } from '@hono/zod-openapi'
import type { CommandRow } from '../../../storage/rows.ts'
import { fail, ok, type Result } from '../../result.ts'
import type { Problem } from '../problem.ts'
import { itemOfRow } from './command-item.ts'
import type { ApiDeps } from './deps.ts'
import { hostByRef } from './host-ref.ts'

export const uuidParams = z.object({
  uuid: z.string().openapi({ description: 'The id of a command, or its CommandUUID.' }),
})

/** Beside the reference. */
export const refQuery = {
  by: z.literal('id').optional().openapi({
    description: 'The reference is an id, whatever CommandUUIDs other commands have.',
  }),
  host: z.string().min(1).optional().openapi({
    description: 'Any reference to a host: which of several commands of that CommandUUID.',
  }),
}

type RefDeps = Pick<ApiDeps, 'store' | 'queries' | 'commands' | 'world'>

/** Fails: not found, ambiguous with the commands it fits, or as the reference to the host does. */
export async function commandByRef(
  deps: RefDeps,
  uuid: string,
  { by, host: hostRef }: { readonly by?: 'id' | undefined; readonly host?: string | undefined },
): Promise<Result<CommandRow, Problem>> {
  const host = hostRef === undefined ? ok(undefined) : await hostByRef(deps, hostRef)
  if (!host.ok) return host
  const byId =
    by === 'id' ? [deps.store.lookups.command(uuid)].flatMap((row) => row ?? []) : undefined
  const all = byId ?? deps.commands.find(uuid)
  const fitting = host.value ? all.filter(({ host_id }) => host_id === host.value?.id) : all
  const [first, ...others] = fitting
  if (first === undefined) return fail({ kind: 'not-found', detail: 'No such command.' })
  if (others.length === 0) return ok(first)
  return fail({
    kind: 'ambiguous-command',
    more: { candidates: fitting.map((row) => itemOfRow(deps, row)) },
  })
}
