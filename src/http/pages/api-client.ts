// The pages are a client of the API, as the CLI is: one way in, one set of rules.
import type { Context } from 'hono'
import { fail, ok, type Result } from '../../result.ts'
import { type Problem, problemBody } from '../problem.ts'
import type { PagesDeps } from './deps.ts'

/** What the API says when it refuses, as RFC 9457 has it. */
export type Refused = {
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[]
  readonly candidates?: readonly Candidate[]
  readonly survivor?: string
}

/** What an ambiguous or unknown reference may mean. */
export type Candidate = HostCandidate | CommandCandidate

export type CommandCandidate = {
  readonly id: string
  readonly command_uuid: string
  readonly request_type: string
  readonly state: string
  readonly channel: string
}

export type HostCandidate = {
  readonly id: string
  readonly serial: string | null
  readonly uuid: string | null
  readonly hostname: string | null
}

export type Api = {
  get<Answer>(path: string): Promise<Result<Answer, Refused>>
  post<Answer>(path: string, body: unknown): Promise<Result<Answer, Refused>>
  put<Answer>(path: string, body: unknown): Promise<Result<Answer, Refused>>
  delete<Answer>(path: string): Promise<Result<Answer, Refused>>
}

/** What decides who asks, and whether the request is one of our pages' own. */
const passedOn = ['cookie', 'sec-fetch-site', 'origin'] as const

/** The API as whoever asks for this page may use it. `Answer` is what the route's schema gives. */
export function apiFor({ api }: Pick<PagesDeps, 'api'>, context: Context): Api {
  async function ask<Answer>(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Result<Answer, Refused>> {
    const headers = new Headers(body === undefined ? {} : { 'content-type': 'application/json' })
    for (const name of passedOn) {
      const value = context.req.header(name)
      if (value !== undefined) headers.set(name, value)
    }
    const request = new Request(new URL(`/api/v1${path}`, context.req.url), {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const response = await api(request)
    // Our own API in our own process: a success is what its schema says, a failure is a problem.
    const content = response.status === 204 ? undefined : ((await response.json()) as unknown)
    return response.ok ? ok(content as Answer) : fail(content as Refused)
  }
  return {
    get: (path) => ask('GET', path),
    post: (path, body) => ask('POST', path, body),
    put: (path, body) => ask('PUT', path, body),
    delete: (path) => ask('DELETE', path),
  }
}

/** A problem met without asking the API, in the API's words. */
export const refusedBy = (problem: Problem): Refused => problemBody(problem, '') as Refused
