// Contradictions between sightings, which an operator settles.
import { z } from '@hono/zod-openapi'
import type { ConflictPlan } from '../../intake/reconcile-type.ts'
import { ok } from '../../result.ts'
import type { Cursors } from '../cursor.ts'
import { jsonBody } from './body-spec.ts'
import { causeOf } from './cause.ts'
import { conflictItem, conflictOf } from './conflict-item.ts'
import type { ApiDeps } from './deps.ts'
import { endpoint, type Endpoint } from './endpoint.ts'
import { answered } from './faults.ts'
import { pageOf, pageQuery } from './fields.ts'
import { placeAsked, pageReply } from './page.ts'
import { told } from './reconcile.ts'

const plan = z
  .object({
    dry_run: z.boolean(),
    conflict: z.string(),
    choice: z.string(),
    hosts: z.array(z.object({ id: z.string(), becomes: z.string() })),
  })
  .openapi('ConflictPlan')

export const conflictsEndpoint = (deps: ApiDeps, cursors: Cursors): Endpoint =>
  endpoint(
    {
      method: 'get',
      path: '/conflicts',
      role: 'viewer',
      tag: 'identity',
      summary: 'Identity conflicts, newest first.',
      query: z.strictObject({
        open: z
          .enum(['true', 'false', 'any'])
          .default('true')
          .openapi({ description: 'Open ones, resolved ones, or any.' }),
        ...pageQuery,
      }),
      gives: pageOf(conflictItem),
    },
    async (call) => {
      const place = placeAsked(cursors, call)
      if (!place.ok) return place
      const { open, limit } = call.query
      const [openedAt, id] = place.value ?? []
      const page = answered(
        await deps.queries.listConflicts({
          ...(open !== 'any' && { open: open === 'true' }),
          ...(typeof openedAt === 'number' &&
            typeof id === 'string' && { after: { opened_at: openedAt, id } }),
          limit,
        }),
      )
      if (!page.ok) return page
      const { items, total, more, damaged } = page.value
      const last = items.at(-1)
      const end = more && last ? [last.opened_at, last.id] : undefined
      return ok(pageReply(cursors, call, { items: items.map(conflictOf), total, end, damaged }))
    },
  )

export const resolveEndpoint = (deps: ApiDeps): Endpoint =>
  endpoint(
    {
      method: 'post',
      path: '/conflicts/{id}/resolve',
      role: 'admin',
      tag: 'identity',
      summary: 'Settles a conflict by one of the choices it names.',
      params: z.object({ id: z.string() }),
      body: jsonBody(
        z.strictObject({
          choice: z.string().min(1),
          dry_run: z.boolean().default(false),
        }),
      ),
      gives: plan,
    },
    async ({ path, body, principal }) => {
      const resolved = await deps.reconcile.resolveConflict(path.id, {
        choice: body.choice,
        dryRun: body.dry_run,
        cause: causeOf(principal),
      })
      return told(resolved, ({ conflict, choice, hosts }: ConflictPlan) => ({
        dry_run: body.dry_run,
        conflict,
        choice,
        hosts: hosts.map(({ id, becomes }) => ({ id, becomes })),
      }))
    },
  )
