// Other programs that want to be told. A webhook's secret is told once, when it is made.
import { z } from '@hono/zod-openapi'
import type { WebhookRow } from '../../../storage/webhook-rows.ts'
import type { WebhookFault } from '../../intake/webhooks.ts'
import { fail, ok, type Result } from '../../result.ts'
import type { Cursors } from '../cursor.ts'
import type { Problem } from '../problem.ts'
import { jsonBody, optionalJsonBody } from './body-spec.ts'
import { causeOf } from './cause.ts'
import type { ApiDeps } from './deps.ts'
import { endpoint, type Endpoint } from './endpoint.ts'
import { answered } from './faults.ts'
import { pageOf } from './fields.ts'
import { invalidAt } from './invalid.ts'
import { deliveriesEndpoints } from './webhook-deliveries.ts'
import { webhookItem, webhookOf, type WebhookItem } from './webhook-item.ts'

const name = z.string().trim().min(1).max(100)
const url = z.string().min(1).max(2_048)
/** Far more than there are events. */
const topicsMax = 64
const topics = z
  .array(z.string().regex(/^[\w.]+(?:\.\*)?$/, 'must be an event such as mdm.CheckOut, or mdm.*'))
  .max(topicsMax)
const params = z.object({ id: z.string() })
const told = { secret: z.string().openapi({ description: 'Told here and never again.' }) }
const brought = z
  .string()
  .optional()
  .openapi({ description: 'One the receiver knows already; else one is made.' })

const shared = { role: 'admin', tag: 'webhooks' } as const

export const webhooksEndpoints = (deps: ApiDeps, cursors: Cursors): readonly Endpoint[] => [
  listEndpoint(deps),
  createEndpoint(deps),
  showEndpoint(deps),
  changeEndpoint(deps),
  rotateEndpoint(deps),
  deleteEndpoint(deps),
  ...deliveriesEndpoints(deps, cursors),
]

async function shown(
  deps: ApiDeps,
  rows: readonly WebhookRow[],
): Promise<Result<WebhookItem[], Problem>> {
  const waiting = answered(await deps.queries.waitingDeliveries({}))
  return waiting.ok ? ok(rows.map((row) => itemOf(deps, row, waiting.value))) : waiting
}

const itemOf = (
  { store, world }: ApiDeps,
  row: WebhookRow,
  waiting: Readonly<Record<string, number>>,
): WebhookItem =>
  webhookOf(row, {
    waiting: waiting[row.id] ?? 0,
    last: store.lookups.lastDelivery(row.id),
    world,
  })

async function shownOne(
  deps: ApiDeps,
  row: WebhookRow | undefined,
): Promise<Result<WebhookItem, Problem>> {
  const items = row === undefined ? ok([]) : await shown(deps, [row])
  if (!items.ok) return items
  const [item] = items.value
  return item === undefined ? fail(webhookProblem({ kind: 'no-such-webhook' })) : ok(item)
}

const listEndpoint = (deps: ApiDeps): Endpoint =>
  endpoint(
    {
      ...shared,
      method: 'get',
      path: '/webhooks',
      summary: 'Webhooks, oldest first.',
      gives: pageOf(webhookItem),
    },
    async () => {
      const items = await shown(deps, deps.webhooks.list())
      if (!items.ok) return items
      // They are few, so one page is all of them.
      const content = { items: items.value, total: items.value.length, next: null }
      return ok({ kind: 'json', content })
    },
  )

const createEndpoint = (deps: ApiDeps): Endpoint =>
  endpoint(
    {
      ...shared,
      method: 'post',
      path: '/webhooks',
      summary: 'Makes a webhook. Its secret is in the answer and nowhere else.',
      description:
        'A `standard` one is told of the journal as Standard Webhooks has it, and of no secret. A `nanomdm` one is told of MDM messages as NanoMDM does it: whole, with the tokens and keys that devices send.',
      body: jsonBody(
        z.strictObject({
          name,
          url,
          kind: z.enum(['standard', 'nanomdm']).default('standard'),
          topics: topics.default([]),
          secret: brought,
        }),
      ),
      gives: webhookItem.extend(told),
      also: { 201: 'The webhook.' },
    },
    async ({ body, principal }) => {
      const made = await deps.webhooks.create(body, causeOf(principal))
      if (!made.ok) return fail(webhookProblem(made.error))
      const { row, secret } = made.value
      const content = {
        ...webhookOf(row, { waiting: 0, last: undefined, world: deps.world }),
        secret,
      }
      return ok({ kind: 'json', status: 201, content })
    },
  )

const showEndpoint = (deps: ApiDeps): Endpoint =>
  endpoint(
    {
      ...shared,
      method: 'get',
      path: '/webhooks/{id}',
      summary: 'A webhook.',
      params,
      gives: webhookItem,
    },
    async ({ path }) => {
      const item = await shownOne(deps, deps.webhooks.find(path.id))
      return item.ok ? ok({ kind: 'json', content: item.value }) : item
    },
  )

const changeEndpoint = (deps: ApiDeps): Endpoint =>
  endpoint(
    {
      ...shared,
      method: 'post',
      path: '/webhooks/{id}',
      summary:
        'Changes a webhook; what is left out stays. Switched on again, it goes on where it was.',
      params,
      body: jsonBody(
        z.strictObject({
          name: name.optional(),
          url: url.optional(),
          topics: topics.optional(),
          enabled: z.boolean().optional(),
        }),
      ),
      gives: webhookItem,
    },
    async ({ path, body, principal }) => {
      const changed = await deps.webhooks.update(path.id, body, causeOf(principal))
      if (!changed.ok) return fail(webhookProblem(changed.error))
      const item = await shownOne(deps, changed.value)
      return item.ok ? ok({ kind: 'json', content: item.value }) : item
    },
  )

const rotateEndpoint = (deps: ApiDeps): Endpoint =>
  endpoint(
    {
      ...shared,
      method: 'post',
      path: '/webhooks/{id}/rotate-secret',
      summary: 'Gives a webhook another secret, which is in the answer and nowhere else.',
      description:
        'Messages of a `standard` webhook are signed with both for a while, so that its receiver can change over without ' +
        "missing one. NanoMDM's signature is a single one: the new secret counts at once.",
      params,
      body: optionalJsonBody(
        z.strictObject({
          secret: brought,
          grace_ms: z.int().min(0).max(graceMaxMs).optional().openapi({
            description:
              'How long the one before signs along; a day when left out, 0 for not at all.',
          }),
        }),
      ),
      gives: webhookItem.extend(told),
    },
    async ({ path, body, principal }) => {
      const wish = { secret: body.secret, graceMs: body.grace_ms }
      // Asked for first: once it has another secret, nothing may keep that from being told.
      const waiting = answered(await deps.queries.waitingDeliveries({}))
      if (!waiting.ok) return waiting
      const rotated = await deps.webhooks.rotate(path.id, wish, causeOf(principal))
      if (!rotated.ok) return fail(webhookProblem(rotated.error))
      const { row, secret } = rotated.value
      return ok({ kind: 'json', content: { ...itemOf(deps, row, waiting.value), secret } })
    },
  )

/** Seven days: longer, and nobody would know any more that two secrets open one door. */
const graceMaxMs = 7 * 86_400_000

const deleteEndpoint = (deps: ApiDeps): Endpoint =>
  endpoint(
    {
      ...shared,
      method: 'delete',
      path: '/webhooks/{id}',
      summary: 'Deletes a webhook with everything it was told and was yet to be told.',
      params,
      gives: z.undefined(),
      also: { 204: 'Deleted.' },
    },
    async ({ path, principal }) => {
      const removed = await deps.webhooks.remove(path.id, causeOf(principal))
      return removed.ok
        ? ok({ kind: 'other', response: new Response(null, { status: 204 }) })
        : fail(webhookProblem(removed.error))
    },
  )

function webhookProblem(fault: WebhookFault): Problem {
  switch (fault.kind) {
    case 'no-such-webhook':
      return { kind: 'not-found', detail: 'No such webhook.' }
    case 'bad':
      return invalidAt([{ pointer: `/${fault.member}`, detail: fault.detail }])
    case 'full':
      return { kind: 'conflict', detail: `There are ${fault.most} already; delete some first.` }
    case 'unavailable':
      return { kind: 'unavailable' }
    default:
      return fault satisfies never
  }
}
