// OpenAPI 3.1 from the endpoints themselves, so that it cannot say anything else than they do.
import { OpenAPIHono, z } from '@hono/zod-openapi'
import type { Endpoint } from './endpoint.ts'

const problem = z
  .object({
    type: z.string().openapi({ example: '/problems/not-found' }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
    request_id: z.string(),
  })
  .openapi('Problem')

/** The document. Each operation names the role it needs under `security`. */
export function documentOf(
  endpoints: readonly Endpoint[],
  version: string,
): Readonly<Record<string, unknown>> {
  const app = new OpenAPIHono()
  const registry = app.openAPIRegistry
  registry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' })
  for (const endpoint of endpoints) {
    const { method, path, summary, description, tag, role, params, query, body } = endpoint
    registry.registerPath({
      method,
      path,
      summary,
      ...(description !== undefined && { description }),
      tags: [tag],
      security: [{ token: [role] }],
      request: {
        ...(Object.keys(params.shape).length > 0 && { params }),
        ...(Object.keys(query.shape).length > 0 && { query }),
        ...(body && {
          body: {
            required: !body.optional,
            content: Object.fromEntries(
              Object.entries(body.content).map(([type, schema]) => [type, { schema }]),
            ),
          },
        }),
      },
      responses: responsesOf(endpoint),
    })
  }
  return {
    ...app.getOpenAPI31Document({
      openapi: '3.1.0',
      info: { title: 'Muster', version, description: about },
      servers: [{ url: '/api/v1' }],
    }),
  }
}

const about =
  'One host per computer, whoever saw it first. Times are ISO 8601 in UTC; states are dotted and a filter ' +
  'matches descendants; lists give {items, total, next} and Link; failures are RFC 9457 problems.'

function responsesOf({ gives, also = {}, types = ['application/json'] }: Endpoint) {
  const content = Object.fromEntries(types.map((type) => [type, { schema: gives }]))
  return {
    ...(!('204' in also) && { 200: { description: 'As asked.', content } }),
    ...Object.fromEntries(
      Object.entries(also).map(([status, description]) => [
        status,
        status === '201' ? { description, content } : { description },
      ]),
    ),
    default: {
      description: 'A problem.',
      content: { 'application/problem+json': { schema: problem } },
    },
  }
}
