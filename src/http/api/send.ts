import { z } from '@hono/zod-openapi'
import type { SendFault } from '../../intake/commands.ts'
import { knownRequestTypes } from '../../protocol/mdm/request-types.ts'
import { fail, ok, type Result } from '../../result.ts'
import type { Problem } from '../problem.ts'
import { causeOf } from './cause.ts'
import { commandItem, itemOfRow } from './command-item.ts'
import type { ApiDeps } from './deps.ts'
import { endpoint, type Endpoint } from './endpoint.ts'
import { askProblem, isAskFault } from './faults.ts'
import { hostAt } from './host-ref.ts'
import { refParams } from './host.ts'
import { invalidAt } from './invalid.ts'
import { type SendBody, sendBody, sendQuery, usualExpiryS } from './send-body.ts'

const sentCommand = commandItem
  .extend({
    warnings: z.array(z.string()).openapi({ description: 'What seems odd, and was sent anyway.' }),
  })
  .openapi('SentCommand')

export const sendEndpoint = (deps: ApiDeps): Endpoint =>
  endpoint(
    {
      method: 'post',
      path: '/hosts/{ref}/commands',
      role: 'admin',
      tag: 'commands',
      summary: 'Sends a command.',
      description:
        'The same command_uuid and body again is the same command (200); another body is refused (409).',
      params: refParams,
      query: sendQuery,
      body: sendBody(deps.reading),
      gives: sentCommand,
      also: { 201: 'The command, queued.' },
    },
    async (call) => {
      const host = await hostAt(deps, call)
      if (!host.ok) return host
      const options = optionsOf(call.body, call.query)
      if (!options.ok) return options
      const { requestType, payload, commandUUID } = call.body
      const wish = { ...options.value, hostId: host.value.id, requestType, payload }
      const sent = await deps.commands.send(
        { ...wish, ...(commandUUID !== undefined && { commandUUID }) },
        causeOf(call.principal),
      )
      if (!sent.ok) return fail(sendProblem(sent.error))
      const { row, isNew } = sent.value
      const location = `${call.url.pathname.replace(/\/hosts\/.*$/, '')}/commands/${row.command_uuid}?by=id`
      return ok({
        kind: 'json',
        status: isNew ? 201 : 200,
        content: { ...itemOfRow(deps, row), warnings: warningsOf(requestType, row.channel) },
        headers: { location },
      })
    },
  )

type SendOptions = {
  readonly channel?: string
  readonly priority: number
  readonly expiresInMs: number
}

function optionsOf(
  body: SendBody,
  query: z.output<typeof sendQuery>,
): Result<SendOptions, Problem> {
  const named = Object.keys(query)
  if (body.form === 'json' && named.length > 0)
    return fail(
      invalidAt(
        named.map((name) => ({ pointer: `/query/${name}`, detail: 'belongs into the JSON body' })),
      ),
    )
  const channel = body.channel ?? query.channel
  return ok({
    ...(channel !== undefined && { channel }),
    priority: body.priority ?? query.priority ?? 0,
    expiresInMs: (body.expiresInS ?? query.expires_in_s ?? usualExpiryS) * 1_000,
  })
}

function warningsOf(requestType: string, channel: string): string[] {
  const channels = knownRequestTypes.get(requestType)
  if (channels === undefined)
    return [`${requestType} is no command known here; it is passed on as it is.`]
  const kind = channel.includes(':') ? 'user' : 'device'
  return channels === 'both' || channels === kind
    ? []
    : [`Apple defines ${requestType} for the ${channels} channel only.`]
}

/** Also of what is sent without the operator naming the command. */
export function sendProblem(fault: SendFault): Problem {
  if (isAskFault(fault)) return askProblem(fault)
  switch (fault.kind) {
    case 'not-enrolled':
    case 'quarantined':
      return { kind: fault.kind }
    case 'exists':
      return { kind: 'command-exists' }
    case 'full':
      return { kind: 'conflict', detail: 'The host has as many open commands as it may have.' }
    case 'unknown-channel':
      return {
        ...invalidAt([
          { pointer: '/channel', detail: `must be one of ${fault.channels.join(', ')}` },
        ]),
        more: { channels: fault.channels },
      }
    default:
      return fault satisfies never
  }
}
