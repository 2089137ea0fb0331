// Many hosts are forgotten at once, such as those that a flood of enrolments made.
import { z } from '@hono/zod-openapi'
import type { Choice } from '../../../storage/queries.ts'
import { fail, ok } from '../../result.ts'
import { jsonBody } from './body-spec.ts'
import { causeOf } from './cause.ts'
import type { ApiDeps } from './deps.ts'
import { endpoint, type Endpoint } from './endpoint.ts'
import { answered } from './faults.ts'
import { storeQuery, listQuery } from './hosts-query.ts'
import { invalid, invalidAt } from './invalid.ts'

/** Hosts of one request: each is a turn, and devices wait their turn behind some of them. */
const removedMax = 500

/** Turns at once. */
const atOnce = 16

const body = z.strictObject({
  filter: z
    .string()
    .min(1)
    .openapi({ description: 'The query of GET /hosts that finds them; at least one filter.' }),
  expected: z
    .int()
    .min(0)
    .optional()
    .openapi({ description: 'How many the filter finds; 409 if it finds another number.' }),
  dry_run: z.boolean().default(false).openapi({ description: 'Count them, and do nothing.' }),
})

const removal = z
  .object({
    dry_run: z.boolean(),
    found: z.int(),
    deleted: z.int(),
    reset_to_pending: z.int(),
    failed: z.array(z.object({ id: z.string(), why: z.string() })),
    left: z.int().openapi({ description: 'Not done by this request: ask again.' }),
  })
  .openapi('HostsRemoval')

export function removeHostsEndpoint(deps: ApiDeps): Endpoint {
  const filters = listQuery(deps)
  return endpoint(
    {
      method: 'post',
      path: '/hosts/remove',
      role: 'admin',
      tag: 'identity',
      summary: 'Forgets all hosts that a filter finds.',
      description:
        `Up to ${removedMax} of them by one request. Try it with dry_run, and send what it found as expected. ` +
        "Hosts in Apple's list are reset to pending instead.",
      body: jsonBody(body),
      gives: removal,
    },
    async (call) => {
      const { filter, expected, dry_run } = call.body
      const asked = filters.safeParse(Object.fromEntries(new URLSearchParams(filter)))
      if (!asked.success) return fail(invalid('/filter', asked.error))
      if (!narrows(asked.data))
        return fail(invalidAt([{ pointer: '/filter', detail: 'must name at least one filter' }]))
      await deps.hosts.lastSeen.flush()
      const query = { ...storeQuery(asked.data, deps.world.now()), limit: removedMax }
      const page = answered(await deps.queries.listHosts(query))
      if (!page.ok) return page
      const { items, total: found } = page.value
      if (expected !== undefined && expected !== found)
        return fail({
          kind: 'conflict',
          detail: `The filter finds ${found} hosts, not ${expected}.`,
        })
      const done = { deleted: 0, reset_to_pending: 0 }
      const failed: { id: string; why: string }[] = []
      const options = { dryRun: false, cause: causeOf(call.principal) }
      const remove = async (id: string): Promise<void> => {
        const removed = await deps.reconcile.remove(id, options)
        if (removed.ok) done[removed.value.outcome] += 1
        else failed.push({ id, why: removed.error.kind })
      }
      const ids = dry_run ? [] : items.map(({ id }) => id)
      for (let start = 0; start < ids.length; start += atOnce)
        await Promise.all(ids.slice(start, start + atOnce).map(remove))
      return ok({
        kind: 'json',
        content: { dry_run, found, ...done, failed, left: dry_run ? found : found - ids.length },
      })
    },
  )
}

/** A filter that leaves out nothing would forget the whole fleet. */
const narrows = ({ q, first_seen_since, first_seen_before, ...rest }: Asked): boolean =>
  [q, first_seen_since, first_seen_before].some((given) => given !== undefined) ||
  Object.values(rest).some(isChoice)

type Asked = z.output<ReturnType<typeof listQuery>>

const isChoice = (value: unknown): value is Choice =>
  typeof value === 'object' && value !== null && 'include' in value
