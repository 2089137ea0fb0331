import type { ApiDeps } from '../api/deps.ts'
import type { Sessions } from './sessions.ts'

/** What the pages are given: the API, which they are a client of, and what it was given itself. */
export type PagesDeps = ApiDeps & {
  /** Answers requests to `/api/v1/…`, with the cookie of whoever looks at the page. */
  readonly api: (request: Request) => Response | Promise<Response>
  readonly sessions: Sessions
}
