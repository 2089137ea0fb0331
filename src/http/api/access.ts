// Tokens of operators and enroll secrets of agents. Each secret is told once, when it is created.
import { z } from '@hono/zod-openapi'
import type { AccessFault, Entry } from '../../intake/access.ts'
import type { Token } from '../../intake/tokens.ts'
import { fail, ok } from '../../result.ts'
import type { Problem } from '../problem.ts'
import { jsonBody } from './body-spec.ts'
import { causeOf } from './cause.ts'
import type { ApiDeps } from './deps.ts'
import { endpoint, type Endpoint } from './endpoint.ts'
import { askProblem, isAskFault } from './faults.ts'
import { isoOrNull, pageOf, time } from './fields.ts'

/** What people write on a label. */
const name = z.string().trim().min(1).max(100)

const entry = z.object({
  id: z.string(),
  name: z.string(),
  created_at: time.nullable(),
  configured: z.boolean().openapi({ description: 'Given by the configuration; not deleted here.' }),
})
const enrollSecret = entry.openapi('EnrollSecret')
const token = entry
  .extend({ role: z.enum(['admin', 'viewer']), last_used_at: time.nullable() })
  .openapi('Token')
const told = { secret: z.string().openapi({ description: 'Told here and never again.' }) }

const idParams = z.object({ id: z.string() })
const gone = z.undefined()
const noContent = { 204: 'Deleted.' }

export const accessEndpoints = (deps: ApiDeps): readonly Endpoint[] => [
  ...tokenEndpoints(deps),
  ...enrollSecretEndpoints(deps),
]

function tokenEndpoints({ tokens }: ApiDeps): readonly Endpoint[] {
  const shared = { role: 'admin', tag: 'access' } as const
  const shown = (one: Token): z.input<typeof token> => ({
    ...entryOf(one),
    role: one.role,
    last_used_at: isoOrNull(tokens.lastUsedAt(one.id)),
  })
  return [
    endpoint(
      { ...shared, method: 'get', path: '/tokens', summary: 'API tokens.', gives: pageOf(token) },
      async () => ok({ kind: 'json', content: allOf(tokens.list().map(shown)) }),
    ),
    endpoint(
      {
        ...shared,
        method: 'post',
        path: '/tokens',
        summary: 'Creates a token. Its secret is in the answer and nowhere else.',
        body: jsonBody(z.strictObject({ name, role: z.enum(['admin', 'viewer']) })),
        gives: token.extend(told),
        also: { 201: 'The token.' },
      },
      async ({ body, principal }) => {
        const made = await tokens.create(body.name, { role: body.role }, causeOf(principal))
        if (!made.ok) return fail(accessProblem(made.error))
        const content = { ...shown(made.value.entry), secret: made.value.secret }
        return ok({ kind: 'json', status: 201, content })
      },
    ),
    endpoint(
      {
        ...shared,
        method: 'delete',
        path: '/tokens/{id}',
        summary: 'Deletes a token; it is refused from then on. The last admin token stays.',
        params: idParams,
        gives: gone,
        also: noContent,
      },
      async ({ path, principal }) => {
        const removed = await tokens.remove(path.id, causeOf(principal))
        return removed.ok ? ok(deleted()) : fail(accessProblem(removed.error))
      },
    ),
  ]
}

function enrollSecretEndpoints({ enrollSecrets }: ApiDeps): readonly Endpoint[] {
  const shared = { role: 'admin', tag: 'access' } as const
  return [
    endpoint(
      {
        ...shared,
        method: 'get',
        path: '/enroll-secrets',
        summary: 'Enroll secrets, without the secrets.',
        gives: pageOf(enrollSecret),
      },
      async () => ok({ kind: 'json', content: allOf(enrollSecrets.list().map(entryOf)) }),
    ),
    endpoint(
      {
        ...shared,
        method: 'post',
        path: '/enroll-secrets',
        summary: 'Creates an enroll secret, valid beside the others.',
        body: jsonBody(z.strictObject({ name })),
        gives: enrollSecret.extend(told),
        also: { 201: 'The enroll secret.' },
      },
      async ({ body, principal }) => {
        const made = await enrollSecrets.create(body.name, {}, causeOf(principal))
        if (!made.ok) return fail(accessProblem(made.error))
        const content = { ...entryOf(made.value.entry), secret: made.value.secret }
        return ok({ kind: 'json', status: 201, content })
      },
    ),
    endpoint(
      {
        ...shared,
        method: 'delete',
        path: '/enroll-secrets/{id}',
        summary: 'Deletes an enroll secret. Agents that enrolled with it stay enrolled.',
        params: idParams,
        gives: gone,
        also: noContent,
      },
      async ({ path, principal }) => {
        const removed = await enrollSecrets.remove(path.id, causeOf(principal))
        return removed.ok ? ok(deleted()) : fail(accessProblem(removed.error))
      },
    ),
  ]
}

const entryOf = (one: Entry<unknown>): z.input<typeof entry> => ({
  id: one.id,
  name: one.name,
  created_at: isoOrNull(one.createdAt),
  configured: one.configured,
})

/** They are few, so one page is all of them. */
const allOf = <Item>(items: Item[]) => ({ items, total: items.length, next: null })

const deleted = () => ({ kind: 'other', response: new Response(null, { status: 204 }) }) as const

function accessProblem(fault: AccessFault): Problem {
  if (isAskFault(fault)) return askProblem(fault)
  switch (fault.kind) {
    case 'no-such-secret':
      return { kind: 'not-found', detail: 'Nothing has that id.' }
    case 'configured':
      return { kind: 'conflict', detail: 'It is given by the configuration and goes with it.' }
    case 'last-admin':
      return { kind: 'last-admin' }
    case 'full':
      return { kind: 'conflict', detail: `There are ${fault.most} already; delete some first.` }
    default:
      return fault satisfies never
  }
}
