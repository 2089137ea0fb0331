// How a route is written: what it takes and gives, as schemas that validate and document alike.
import { z } from '@hono/zod-openapi'
import type { Result } from '../../result.ts'
import type { Principal, Role } from '../auth.ts'
import type { Problem } from '../problem.ts'
import type { BodySpec } from './body-spec.ts'

/** A request that was let in and whose parts are as the route wants them. */
export type Call<Path, Query, Body> = {
  readonly path: Path
  readonly query: Query
  readonly body: Body
  readonly principal: Principal
  readonly requestId: string
  readonly url: URL
  readonly header: (name: string) => string | undefined
}

export type Reply<Content> =
  | {
      readonly kind: 'json'
      readonly content: Content
      /** @default 200 */
      readonly status?: 200 | 201
      readonly headers?: Readonly<Record<string, string>>
    }
  /** Anything but JSON, such as a stream, a picture or no content at all. */
  | { readonly kind: 'other'; readonly response: Response }

export type Outcome<Content> = Promise<Result<Reply<Content>, Problem>>

type Shape = z.ZodObject
type Method = 'get' | 'post' | 'put' | 'delete'

export type EndpointSpec<Path extends Shape, Query extends Shape, Body, Gives extends z.ZodType> = {
  readonly method: Method
  /** OpenAPI's template, below `/api/v1`. */
  readonly path: string
  readonly role: Role
  /** A sentence; the first line of the documentation. */
  readonly summary: string
  readonly description?: string
  readonly tag: string
  readonly params?: Path
  readonly query?: Query
  readonly body?: BodySpec<Body>
  readonly gives: Gives
  /** Further successes than 200, with what they mean. */
  readonly also?: Readonly<Record<number, string>>
  /** Media types of a success that is not JSON. */
  readonly types?: readonly string[]
}

/** A route with its types settled: what the app, the documentation and the tests see. */
export type Endpoint = Pick<
  EndpointSpec<Shape, Shape, unknown, z.ZodType>,
  'method' | 'path' | 'role' | 'summary' | 'description' | 'tag' | 'gives' | 'also' | 'types'
> & {
  readonly params: Shape
  readonly query: Shape
  readonly body: BodySpec<unknown> | undefined
  readonly run: (call: Call<unknown, unknown, unknown>) => Outcome<unknown>
}

const nothing = z.strictObject({})

export function endpoint<
  Path extends Shape = typeof nothing,
  Query extends Shape = typeof nothing,
  Body = undefined,
  Gives extends z.ZodType = z.ZodType,
>(
  spec: EndpointSpec<Path, Query, Body, Gives>,
  run: (call: Call<z.output<Path>, z.output<Query>, Body>) => Outcome<z.input<Gives>>,
): Endpoint {
  return {
    ...spec,
    params: spec.params ?? nothing,
    query: spec.query ?? nothing,
    body: spec.body,
    // The app parses each part by this endpoint's own schemas before it calls.
    run: run as Endpoint['run'],
  }
}
