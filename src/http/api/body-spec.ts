import type { z } from '@hono/zod-openapi'
import { fail, ok, type Result } from '../../result.ts'
import type { Problem } from '../problem.ts'
import { invalid } from './invalid.ts'

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

/** A thousand devices of Apple's list are 600 kB; nothing else comes near. */
export const jsonBytesMax = 1024 * 1024

export const jsonType = 'application/json'

export function jsonBody<Schema extends z.ZodType>(schema: Schema): BodySpec<z.output<Schema>> {
  return {
    content: { [jsonType]: schema },
    optional: false,
    bytesMax: () => jsonBytesMax,
    read(bytes) {
      const json = readJson(bytes)
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

/** The exception's text is not passed on: it repeats a piece of the body. */
export function readJson(bytes: Uint8Array): Result<unknown, Problem> {
  try {
    return ok(JSON.parse(strictUtf8.decode(bytes)))
  } catch {
    return fail({ kind: 'malformed', detail: 'The body is not JSON in UTF-8.' })
  }
}
