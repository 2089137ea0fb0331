// Commands of the whole fleet.
import { z } from '@hono/zod-openapi'
import type { Choice, CommandListQuery } from '../../../storage/queries.ts'
import type { CancelFault } from '../../intake/commands.ts'
import { fail, ok } from '../../result.ts'
import type { CursorPlace, Cursors } from '../cursor.ts'
import type { Problem } from '../problem.ts'
import { causeOf } from './cause.ts'
import { commandItem, itemOfRow } from './command-item.ts'
import { commandByRef, refQuery, uuidParams } from './command-ref.ts'
import { commandEndpoint } from './command.ts'
import type { ApiDeps } from './deps.ts'
import { endpoint, type Endpoint } from './endpoint.ts'
import { answered, askProblem, isAskFault } from './faults.ts'
import { choiceOf, pageOf, pageQuery } from './fields.ts'
import { hostByRef } from './host-ref.ts'
import { placeAsked, pageReply } from './page.ts'
import { stateNames } from './state-names.ts'

export const commandsEndpoints = (deps: ApiDeps, cursors: Cursors): readonly Endpoint[] => [
  listEndpoint(deps, cursors),
  commandEndpoint(deps),
  cancelEndpoint(deps),
]

const listEndpoint = (deps: ApiDeps, cursors: Cursors): Endpoint =>
  endpoint(
    {
      method: 'get',
      path: '/commands',
      role: 'viewer',
      tag: 'commands',
      summary: 'Commands, newest first.',
      query: z.strictObject({
        host: z.string().min(1).optional().openapi({ description: 'Any reference to a host.' }),
        command_uuid: z.string().min(1).optional().openapi({
          description: 'A CommandUUID, which commands of several hosts may have.',
        }),
        state: choiceOf(stateNames(deps.machines.command.machine.root), 'State of the command.'),
        request_type: choiceOf(undefined, 'Such as DeviceInformation.'),
        ...pageQuery,
      }),
      gives: pageOf(commandItem),
    },
    async (call) => {
      const place = placeAsked(cursors, call)
      if (!place.ok) return place
      const { host: ref } = call.query
      const host = ref === undefined ? ok(undefined) : await hostByRef(deps, ref)
      if (!host.ok) return host
      const page = answered(
        await deps.queries.listCommands({
          ...filtersOf(call.query, host.value?.id),
          ...afterPlace(place.value),
          limit: call.query.limit,
        }),
      )
      if (!page.ok) return page
      const { items, total, more, damaged } = page.value
      const last = items.at(-1)
      const end = more && last ? [last.seq, last.command_uuid] : undefined
      const shown = items.map((row) => itemOfRow(deps, row))
      return ok(pageReply(cursors, call, { items: shown, total, end, damaged }))
    },
  )

type Filters = {
  readonly command_uuid?: string | undefined
  readonly state?: Choice | undefined
  readonly request_type?: Choice | undefined
}

const filtersOf = (
  { command_uuid, state, request_type }: Filters,
  hostId: string | undefined,
): Omit<CommandListQuery, 'limit'> => ({
  ...(hostId !== undefined && { hostId }),
  ...(command_uuid !== undefined && { commandUUID: command_uuid }),
  ...(state && { states: state }),
  ...(request_type && { requestTypes: request_type }),
})

function afterPlace([seq, uuid]: CursorPlace = []): Pick<CommandListQuery, 'after'> {
  return typeof seq === 'number' && typeof uuid === 'string'
    ? { after: { seq, command_uuid: uuid } }
    : {}
}

const cancelEndpoint = (deps: ApiDeps): Endpoint =>
  endpoint(
    {
      method: 'delete',
      path: '/commands/{uuid}',
      role: 'admin',
      tag: 'commands',
      summary: 'Takes back a command that was never sent.',
      params: uuidParams,
      query: z.strictObject(refQuery),
      gives: commandItem,
    },
    async ({ path: { uuid }, query, principal }) => {
      const row = await commandByRef(deps, uuid, query)
      if (!row.ok) return row
      const cancelled = await deps.commands.cancel(row.value.command_uuid, causeOf(principal))
      return cancelled.ok
        ? ok({ kind: 'json', content: itemOfRow(deps, cancelled.value) })
        : fail(cancelProblem(cancelled.error))
    },
  )

function cancelProblem(fault: CancelFault): Problem {
  if (isAskFault(fault)) return askProblem(fault)
  switch (fault.kind) {
    case 'no-such-command':
      return { kind: 'not-found', detail: 'No such command.' }
    case 'too-late':
      return {
        kind: 'conflict',
        detail: `The command is ${fault.state}: only what was never sent can be taken back.`,
        more: { state: fault.state },
      }
    default:
      return fault satisfies never
  }
}
