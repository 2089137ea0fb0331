import type { z } from '@hono/zod-openapi'
import type { Problem, ProblemError } from '../problem.ts'

/** A thousand wrong devices need not be described one by one. */
const errorsMax = 100

/** What a schema found wrong, as a problem. `root` is the pointer of what was parsed: `/query` or empty. */
export const invalid = (root: string, error: z.ZodError): Problem =>
  invalidAt(
    error.issues.flatMap((issue): readonly ProblemError[] => {
      const pointer = root + pointerOf(issue.path)
      if (issue.code !== 'unrecognized_keys') return [{ pointer, detail: issue.message }]
      return issue.keys.map((key) => ({
        pointer: pointer + pointerOf([key]),
        detail: root === '/query' ? 'no such query parameter' : 'no such member',
      }))
    }),
  )

export const invalidAt = (errors: readonly ProblemError[]): Problem => ({
  kind: 'invalid',
  detail: sentence(errors),
  errors: errors.slice(0, errorsMax),
})

function sentence([first, ...rest]: readonly ProblemError[]): string {
  if (first === undefined) return 'The request is not as it must be.'
  const more = rest.length === 0 ? '' : ` (and ${rest.length} more)`
  return `${first.pointer === '' ? 'The body' : first.pointer}: ${first.detail}${more}`
}

const pointerOf = (path: readonly PropertyKey[]): string =>
  path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
