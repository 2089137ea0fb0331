// Sending somebody away before anything of the request was read.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { problemBody } from '../problem.ts'
import { isDrained } from '../unread-body.ts'
import type { Audience } from './asked.ts'

/** Seconds after which whoever waits as told comes again; spread, or all of them come at once. */
const retryAfterS = { least: 2, spread: 8 } as const

const detail = 'More requests came than can be answered in time.'

type Words = { readonly type?: string; readonly body: (requestId: string) => string }

/** Agents read nothing but the body, and take any without an error for success. */
const agentBody = JSON.stringify({ error: 'overloaded, retry' })

const words: Readonly<Record<Audience, Words>> = {
  device: { body: () => '' },
  agent: { type: 'application/json', body: () => agentBody },
  operator: {
    type: 'application/problem+json',
    body: (requestId) => JSON.stringify(problemBody({ kind: 'unavailable', detail }, requestId)),
  },
  person: {
    type: 'text/plain; charset=utf-8',
    body: () => `${detail} Please try again in some seconds.\n`,
  },
}

export type Chance = {
  readonly uuid: () => string
  /** From 0 to 1. */
  readonly dice: () => number
}

/** Answers 503 in the words of whoever asks. */
export function refuseOverloaded(
  response: ServerResponse<IncomingMessage>,
  audience: Audience,
  { uuid, dice }: Chance,
): void {
  const { type, body: bodyOf } = words[audience]
  const body = bodyOf(uuid())
  response.writeHead(503, {
    'Content-Length': Buffer.byteLength(body),
    'Retry-After': Math.round(retryAfterS.least + dice() * retryAfterS.spread),
    ...(type !== undefined && { 'Content-Type': type }),
    ...(!isDrained(response.req) && { Connection: 'close' }),
  })
  response.end(body)
}
