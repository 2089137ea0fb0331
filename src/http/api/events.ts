// The journal as it happens, over server-sent events.
import { z } from '@hono/zod-openapi'
import { fail, ok } from '../../result.ts'
import type { ApiDeps } from './deps.ts'
import { endpoint, type Endpoint } from './endpoint.ts'
import { createEventStreams } from './event-streams.ts'
import { wordsOf } from './fields.ts'
import { withMerged } from './host-journal.ts'
import { hostByRef } from './host-ref.ts'
import { invalidAt } from './invalid.ts'
import { causes } from './journal-item.ts'

const query = z.strictObject({
  host: z.string().min(1).optional().openapi({ description: 'Any reference to a host.' }),
  event: wordsOf(undefined, 'Events, such as mdm.TokenUpdate.'),
  actor: z.string().min(1).optional().openapi({ description: '`host`, or the id of a command.' }),
  cause: wordsOf(causes, 'Who made it happen.'),
  after: z.coerce.number('must be a number').int().min(0).optional().openapi({
    type: 'integer',
    description: 'Begin behind this seq; a Last-Event-ID header counts more.',
  }),
})

export function eventsEndpoint(deps: ApiDeps): Endpoint {
  const streams = createEventStreams(deps)
  return endpoint(
    {
      method: 'get',
      path: '/events',
      role: 'viewer',
      tag: 'events',
      summary: 'The journal as it happens, as server-sent events.',
      description:
        'Each event is a journal entry with its seq as id; Last-Event-ID resumes behind it. An event named ' +
        'reset means that the journal does not reach there, and the stream begins now.',
      query,
      gives: z.string(),
      types: ['text/event-stream'],
    },
    async ({ query: { host: ref, after, ...filter }, header, principal }) => {
      const lastId = header('last-event-id')
      if (lastId !== undefined && !/^\d{1,15}$/.test(lastId))
        return fail(invalidAt([{ pointer: '/header/last-event-id', detail: 'must be a seq' }]))
      const host = ref === undefined ? ok(undefined) : await hostByRef(deps, ref)
      if (!host.ok) return host
      const hostIds = host.value && withMerged(deps.store, host.value.id)
      const response = streams.open({
        filter: { ...filter, ...(hostIds && { hostIds }) },
        after: lastId === undefined ? after : Number(lastId),
        principalId: principal.id,
      })
      return response === undefined
        ? fail({ kind: 'unavailable', detail: 'Too many live streams are open.' })
        : ok({ kind: 'other', response })
    },
  )
}
