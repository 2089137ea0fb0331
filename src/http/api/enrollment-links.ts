// Ways in that operators open. The address of each is told once, when it is created.
import { z } from '@hono/zod-openapi'
import type { EnrollmentLinkRow } from '../../../storage/certificate-rows.ts'
import { fail, ok, type Result } from '../../result.ts'
import type { Problem } from '../problem.ts'
import { jsonBody } from './body-spec.ts'
import { causeOf } from './cause.ts'
import type { ApiDeps } from './deps.ts'
import { dueIsoOrNull } from './due-time.ts'
import { endpoint, type Endpoint } from './endpoint.ts'
import { iso, isoOrNull, pageOf, time } from './fields.ts'
import { hostByRef } from './host-ref.ts'

const link = z
  .object({
    id: z.string(),
    name: z.string(),
    status: z.enum(['open', 'revoked', 'expired', 'used-up']),
    host_id: z
      .string()
      .nullable()
      .openapi({ description: 'The one host it is for; null: whoever comes, as a new host.' }),
    team: z.string().nullable(),
    created_at: time,
    created_by: z.string(),
    expires_at: time.nullable(),
    uses_max: z.int().nullable(),
    uses: z.int().openapi({ description: 'Certificates that were issued by it.' }),
    revoked_at: time.nullable(),
  })
  .openapi('EnrollmentLink')

const told = {
  url: z
    .string()
    .openapi({ description: 'Told here and never again: whoever knows it may enrol.' }),
}

/** Ten years: whoever means longer means for ever. */
const expiresInMsMax = 3_650 * 86_400_000

const wish = z.strictObject({
  name: z.string().trim().min(1).max(100),
  host: z
    .string()
    .min(1)
    .optional()
    .openapi({ description: 'Id, serial, UUID or UDID of the one host it is for.' }),
  team: z.string().trim().min(1).max(100).optional(),
  expires_in_ms: z
    .int()
    .min(60_000)
    .max(expiresInMsMax)
    .nullish()
    .openapi({ description: 'Seven days when left out; null for never.' }),
  uses_max: z
    .int()
    .min(1)
    .max(1_000_000)
    .nullish()
    .openapi({ description: 'One for a host, else as often as wanted; null for no bound.' }),
})

const expiresInMsDefault = 7 * 86_400_000

const shared = { tag: 'enrolment' } as const

export const enrollmentLinkEndpoints = (deps: ApiDeps): readonly Endpoint[] => [
  listEndpoint(deps),
  createEndpoint(deps),
  revokeEndpoint(deps),
]

const listEndpoint = (deps: ApiDeps): Endpoint =>
  endpoint(
    {
      ...shared,
      method: 'get',
      path: '/enrollment-links',
      role: 'viewer',
      summary: 'Enrolment links, newest first, without their addresses.',
      gives: pageOf(link),
    },
    async () => {
      const items = deps.enrollment.links
        .list()
        .toReversed()
        .map((row) => itemOf(deps, row))
      return ok({ kind: 'json', content: { items, total: items.length, next: null } })
    },
  )

const createEndpoint = (deps: ApiDeps): Endpoint =>
  endpoint(
    {
      ...shared,
      method: 'post',
      path: '/enrollment-links',
      role: 'admin',
      summary: 'Opens an enrolment link. Its address is in the answer and nowhere else.',
      description:
        'A device that enrols by a link for a host is believed to be that host. By a shared link it becomes a new host and never takes one over.',
      body: jsonBody(wish),
      gives: link.extend(told),
      also: { 201: 'The link.' },
    },
    async ({ body, principal, url }) => {
      const hostId = body.host === undefined ? ok(null) : await idOf(deps, body.host)
      if (!hostId.ok) return hostId
      const { expires_in_ms: expiresInMs = expiresInMsDefault } = body
      const { uses_max: usesMax = hostId.value === null ? null : 1 } = body
      const made = await deps.enrollment.links.create(
        {
          name: body.name,
          hostId: hostId.value,
          team: body.team ?? null,
          expiresAt: expiresInMs === null ? null : deps.world.steady() + expiresInMs,
          usesMax,
        },
        causeOf(principal),
      )
      if (!made.ok) return fail(madeProblem(made.error))
      const { row, secret } = made.value
      const base = deps.enrollment.publicUrl ?? url.origin
      const content = { ...itemOf(deps, row), url: `${base}/enroll/${secret}` }
      return ok({ kind: 'json', status: 201, content })
    },
  )

const revokeEndpoint = (deps: ApiDeps): Endpoint =>
  endpoint(
    {
      ...shared,
      method: 'post',
      path: '/enrollment-links/{id}/revoke',
      role: 'admin',
      summary:
        'Ends a link, and certificates got by it that no device enrolled with. Devices that did stay enrolled.',
      params: z.object({ id: z.string() }),
      gives: link,
    },
    async ({ path, principal }) => {
      const revoked = await deps.enrollment.links.revoke(path.id, causeOf(principal))
      if (revoked.ok) return ok({ kind: 'json', content: itemOf(deps, revoked.value) })
      return revoked.error === 'no-such-link'
        ? fail({ kind: 'not-found', detail: 'No link has that id.' })
        : fail({ kind: 'unavailable' })
    },
  )

async function idOf(deps: ApiDeps, ref: string): Promise<Result<string, Problem>> {
  const host = await hostByRef(deps, ref)
  return host.ok ? ok(host.value.id) : host
}

const madeProblem = (fault: 'full' | 'unavailable'): Problem =>
  fault === 'full'
    ? { kind: 'conflict', detail: 'There are too many open links already; revoke some first.' }
    : { kind: 'unavailable' }

const itemOf = ({ enrollment, world }: ApiDeps, row: EnrollmentLinkRow): z.input<typeof link> => ({
  id: row.id,
  name: row.name,
  status: enrollment.links.endOf(row) ?? 'open',
  host_id: row.host_id,
  team: row.team,
  created_at: iso(row.created_at),
  created_by: row.created_by,
  expires_at: dueIsoOrNull(world, row.expires_at),
  uses_max: row.uses_max,
  uses: row.uses,
  revoked_at: isoOrNull(row.revoked_at),
})
