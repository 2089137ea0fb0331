import type { z } from '@hono/zod-openapi'
import { shapeOf } from '../../protocol/osquery/json-shape.ts'
import { fail, ok, type Result } from '../../result.ts'
import type { Problem } from '../problem.ts'
import { invalid, invalidAt } from './invalid.ts'

/** How a body is read, by its media type. */
export type BodySpec<Body> = {
  /** What each type looks like, for the documentation. */
  readonly content: Readonly<Record<string, z.ZodType>>
  readonly optional: boolean
  readonly bytesMax: (mediaType: string) => number
  readonly read: (
    bytes: Uint8Array,
    mediaType: string,
  ) => Result<Body, Problem> | Promise<Result<Body, Problem>>
}

/** How large JSON may be, and how much work in it: reading a value costs a hundred times what a byte does. */
export type JsonBounds = { readonly bytesMax: number; readonly valuesMax: number }

/** Far more than any wish of an operator that is no list: the largest has 64 topics of webhooks. */
const usualBounds: JsonBounds = { bytesMax: 65_536, valuesMax: 1_000 }

export const jsonType = 'application/json'

export function jsonBody<Schema extends z.ZodType>(
  schema: Schema,
  bounds: JsonBounds = usualBounds,
): BodySpec<z.output<Schema>> {
  return {
    content: { [jsonType]: schema },
    optional: false,
    bytesMax: () => bounds.bytesMax,
    read(bytes) {
      const json = readJson(bytes, bounds)
      if (!json.ok) return json
      const parsed = schema.safeParse(json.value)
      return parsed.success ? ok(parsed.data) : fail(invalid('', parsed.error))
    },
  }
}

/** The same, where an empty body is an empty object. */
export const optionalJsonBody = <Schema extends z.ZodType>(
  schema: Schema,
): BodySpec<z.output<Schema>> => {
  const spec = jsonBody(schema)
  const empty = new TextEncoder().encode('{}')
  return {
    ...spec,
    optional: true,
    read: (bytes, type) => spec.read(bytes.length === 0 ? empty : bytes, type),
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

/** Levels inside each other: as property lists may have, and what stands around. */
const depthMax = 40

/** Known before anything is built. The exception's text is not passed on: it repeats a piece of the body. */
export function readJson(bytes: Uint8Array, { valuesMax }: JsonBounds): Result<unknown, Problem> {
  const shape = shapeOf(bytes, { depth: depthMax, values: valuesMax, widest: valuesMax })
  if (shape.depth > depthMax) return tooMuch(`is nested deeper than ${depthMax} levels`)
  if (shape.values > valuesMax || shape.widest > valuesMax)
    return tooMuch(`has more than ${valuesMax} values`)
  try {
    return ok(JSON.parse(strictUtf8.decode(bytes)))
  } catch {
    return fail({ kind: 'malformed', detail: 'The body is not JSON in UTF-8.' })
  }
}

const tooMuch = (detail: string): Result<never, Problem> =>
  fail(invalidAt([{ pointer: '', detail }]))
