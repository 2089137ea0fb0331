// What webhooks were told: the log, and telling it again.
import { z } from '@hono/zod-openapi'
import type { ReplayFault } from '../../intake/webhook-deliveries.ts'
import { fail, ok } from '../../result.ts'
import type { CursorPlace, Cursors } from '../cursor.ts'
import type { Problem } from '../problem.ts'
import { jsonBody } from './body-spec.ts'
import { causeOf } from './cause.ts'
import type { ApiDeps } from './deps.ts'
import { endpoint, type Endpoint } from './endpoint.ts'
import { answered } from './faults.ts'
import { pageOf, pageQuery, wordsOf } from './fields.ts'
import { placeAsked, pageReply } from './page.ts'
import { deliveryItem, deliveryOf } from './webhook-item.ts'

const shared = { role: 'admin', tag: 'webhooks' } as const
const params = z.object({ id: z.string() })

export const deliveriesEndpoints = (deps: ApiDeps, cursors: Cursors): readonly Endpoint[] => [
  logEndpoint(deps, cursors),
  replayOneEndpoint(deps),
  replayEndpoint(deps),
  testEndpoint(deps),
]

const logEndpoint = (deps: ApiDeps, cursors: Cursors): Endpoint =>
  endpoint(
    {
      ...shared,
      method: 'get',
      path: '/webhooks/{id}/deliveries',
      summary: 'What a webhook was told and is yet to be told, newest first.',
      description: 'What is over is kept for seven days, the newest 200,000 at most.',
      params,
      query: z.strictObject({
        state: wordsOf(['pending', 'delivered', 'failed'] as const, 'State of the delivery.'),
        topic: wordsOf(undefined, 'Such as mdm.CheckOut.'),
        host: z.string().min(1).optional().openapi({ description: 'Id of a host.' }),
        ...pageQuery,
      }),
      gives: pageOf(deliveryItem),
    },
    async (call) => {
      const { id: webhookId } = call.path
      if (deps.webhooks.find(webhookId) === undefined)
        return fail(replayProblem({ kind: 'no-such-webhook' }))
      const place = placeAsked(cursors, call)
      if (!place.ok) return place
      const { state, topic, host, limit } = call.query
      const page = answered(
        await deps.queries.listDeliveries({
          webhookId,
          limit,
          ...(host !== undefined && { hostId: host }),
          ...(state && { states: state }),
          ...(topic && { topics: topic }),
          ...afterPlace(place.value),
        }),
      )
      if (!page.ok) return page
      const { items, total, more, damaged } = page.value
      const last = items.at(-1)
      const end = more && last ? [last.created_at, last.id] : undefined
      const shown = items.map((row) => deliveryOf(deps.world, row))
      return ok(pageReply(cursors, call, { items: shown, total, end, damaged }))
    },
  )

function afterPlace([createdAt, id]: CursorPlace = []) {
  return typeof createdAt === 'number' && typeof id === 'string'
    ? { after: { created_at: createdAt, id } }
    : {}
}

const replayOneEndpoint = ({ webhookDeliveries, world }: ApiDeps): Endpoint =>
  endpoint(
    {
      ...shared,
      method: 'post',
      path: '/webhooks/{id}/deliveries/{delivery}/replay',
      summary: 'Sends one delivery again, under the same id.',
      params: params.extend({ delivery: z.string() }),
      gives: deliveryItem,
    },
    async ({ path, principal }) => {
      const put = await webhookDeliveries.replay(path.id, path.delivery, causeOf(principal))
      return put.ok
        ? ok({ kind: 'json', content: deliveryOf(world, put.value) })
        : fail(replayProblem(put.error))
    },
  )

const replayEndpoint = ({ webhookDeliveries }: ApiDeps): Endpoint =>
  endpoint(
    {
      ...shared,
      method: 'post',
      path: '/webhooks/{id}/replay',
      summary: 'Sends everything again that was created since a time, or the journal after a seq.',
      params,
      body: jsonBody(
        z.union([
          z.strictObject({ since: z.iso.datetime({ offset: true }) }),
          z.strictObject({ after_seq: z.int().min(0) }),
        ]),
      ),
      gives: z.object({
        deliveries: z
          .int()
          .nullable()
          .openapi({ description: 'How many go out again; the journal is not counted.' }),
      }),
    },
    async ({ path, body, principal }) => {
      const cause = causeOf(principal)
      const put =
        'since' in body
          ? await webhookDeliveries.replaySince(path.id, Date.parse(body.since), cause)
          : await webhookDeliveries.replayJournal(path.id, body.after_seq, cause)
      if (!put.ok) return fail(replayProblem(put.error))
      return ok({ kind: 'json', content: { deliveries: put.value ?? null } })
    },
  )

const testEndpoint = ({ webhookDeliveries, world }: ApiDeps): Endpoint =>
  endpoint(
    {
      ...shared,
      method: 'post',
      path: '/webhooks/{id}/test',
      summary: 'Sends a message that says it is a test.',
      params,
      gives: deliveryItem,
    },
    async ({ path, principal }) => {
      const put = await webhookDeliveries.test(path.id, causeOf(principal))
      return put.ok
        ? ok({ kind: 'json', content: deliveryOf(world, put.value) })
        : fail(replayProblem(put.error))
    },
  )

function replayProblem(fault: ReplayFault): Problem {
  switch (fault.kind) {
    case 'no-such-webhook':
      return { kind: 'not-found', detail: 'No such webhook.' }
    case 'no-such-delivery':
      return { kind: 'not-found', detail: 'No such delivery; it may be kept no more.' }
    case 'switched-off':
      return { kind: 'conflict', detail: 'The webhook is switched off; switch it on first.' }
    case 'no-journal':
      return {
        kind: 'conflict',
        detail: 'Only webhooks of the standard kind are told of the journal; replay since a time.',
      }
    case 'unavailable':
      return { kind: 'unavailable' }
    default:
      return fault satisfies never
  }
}
