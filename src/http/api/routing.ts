// Endpoints become routes: let in, read, run, answered. Nothing else touches hono's routing.
import type { Context, Hono } from 'hono'
import { fail, ok, type Result } from '../../result.ts'
import { type Authenticate, type Principal, refusal } from '../auth.ts'
import { type BodyFault, readBody } from '../body.ts'
import { type Problem, problemResponse, requestIdOf } from '../problem.ts'
import type { BodySpec } from './body-spec.ts'
import type { Endpoint, Reply } from './endpoint.ts'
import { invalid } from './invalid.ts'

/** Adds the endpoints to the app, and behind each path an answer for the methods it does not take. */
export function addRoutes(
  app: Hono,
  endpoints: readonly Endpoint[],
  authenticate: Authenticate,
): void {
  const byPath = Map.groupBy(endpoints, ({ path }) => path)
  for (const [path, siblings] of byPath) {
    const route = honoPath(path)
    for (const one of siblings)
      app.on(one.method, route, (context) => serve(context, one, authenticate))
    const allow = siblings.map(({ method }) => method.toUpperCase())
    if (allow.includes('GET')) allow.push('HEAD')
    app.all(route, (context) => {
      const refused = refusal(context, authenticate(context), 'viewer')
      const problem: Problem = refused ?? {
        kind: 'method-not-allowed',
        headers: { allow: allow.toSorted().join(', ') },
      }
      return problemResponse(problem, requestIdOf(context))
    })
  }
}

/** `{id}.svg` becomes a pattern: hono takes a parameter for a whole segment. */
const honoPath = (path: string): string =>
  path.replaceAll(/\{(\w+)\}(?:\.(\w+))?/g, (_, name: string, suffix?: string) =>
    suffix === undefined ? `:${name}` : `:${name}{.+\\.${suffix}}`,
  )

async function serve(
  context: Context,
  endpoint: Endpoint,
  authenticate: Authenticate,
): Promise<Response> {
  const requestId = requestIdOf(context)
  const principal = authenticate(context)
  const refused = refusal(context, principal, endpoint.role)
  if (refused !== undefined || principal === undefined)
    return problemResponse(refused ?? { kind: 'unauthorized' }, requestId)
  const parts = await readParts(context, endpoint)
  if (!parts.ok) return problemResponse(parts.error, requestId)
  const outcome = await endpoint.run({
    ...parts.value,
    principal: principal satisfies Principal,
    requestId,
    url: new URL(context.req.url),
    header: (name) => context.req.header(name),
  })
  if (!outcome.ok) return problemResponse(outcome.error, requestId)
  const response = responseOf(outcome.value)
  // Nobody will read the body of a HEAD: what feeds a stream must not wait for it.
  if (context.req.method === 'HEAD') await response.body?.cancel()
  return response
}

function responseOf(reply: Reply<unknown>): Response {
  if (reply.kind === 'other') return reply.response
  return Response.json(reply.content, {
    status: reply.status ?? 200,
    headers: { 'cache-control': 'no-store', ...reply.headers },
  })
}

type Parts = { readonly path: unknown; readonly query: unknown; readonly body: unknown }

async function readParts(context: Context, endpoint: Endpoint): Promise<Result<Parts, Problem>> {
  const path = endpoint.params.safeParse(pathParams(context, endpoint.path))
  if (!path.success) return fail(invalid('/path', path.error))
  const query = endpoint.query.safeParse(queryOf(context))
  if (!query.success) return fail(invalid('/query', query.error))
  const body = await bodyOf(context, endpoint.body)
  return body.ok ? ok({ path: path.data, query: query.data, body: body.value }) : body
}

function pathParams(context: Context, template: string): Readonly<Record<string, string>> {
  const suffix = /\}(?<suffix>\.\w+)$/.exec(template)?.groups?.['suffix'] ?? ''
  return Object.fromEntries(
    Object.entries(context.req.param() as Readonly<Record<string, string>>).map(([name, value]) => [
      name,
      value.endsWith(suffix) ? value.slice(0, value.length - suffix.length) : value,
    ]),
  )
}

/** A parameter given twice stays an array, which no schema takes: better than picking one. */
const queryOf = (context: Context): Readonly<Record<string, string | readonly string[]>> =>
  Object.fromEntries(
    Object.entries(context.req.queries()).map(([name, values]) => [
      name,
      values.length === 1 ? (values[0] ?? '') : values,
    ]),
  )

async function bodyOf(
  context: Context,
  spec: BodySpec<unknown> | undefined,
): Promise<Result<unknown, Problem>> {
  if (spec === undefined) return ok(undefined)
  const types = Object.keys(spec.content)
  const given = (context.req.header('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase()
  const type = given === '' && spec.optional ? types[0] : types.find((one) => one === given)
  if (type === undefined)
    return fail({
      kind: 'unsupported-media-type',
      detail: `Content-Type must be ${types.join(' or ')}.`,
    })
  const body = await readBody(context, { bytesMax: spec.bytesMax(type), isKnown: true })
  return body.ok ? await spec.read(body.value, type) : fail(bodyProblem(body.error))
}

function bodyProblem(fault: BodyFault): Problem {
  switch (fault.kind) {
    case 'too-large':
      return { kind: 'too-large', detail: `The body has more than ${fault.bytesMax} bytes.` }
    case 'bad-encoding':
      return { kind: 'malformed', detail: 'The body is compressed in a way not read here.' }
    case 'aborted':
      return { kind: 'malformed', detail: 'The body ended too soon.' }
    case 'stalled':
      return { kind: 'slow', detail: 'The body came too slowly.' }
    case 'overloaded':
      return { kind: 'unavailable', detail: 'Other requests take all the memory for bodies.' }
    default:
      return fault satisfies never
  }
}
