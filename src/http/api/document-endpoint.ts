import { hash } from 'node:crypto'
import { z } from '@hono/zod-openapi'
import { ok } from '../../result.ts'
import { documentOf } from './documentation.ts'
import { endpoint, type Endpoint } from './endpoint.ts'

/** The API's own document. It is built when it is first asked for, which takes longer than most answers, and kept. */
export function documentEndpoint(version: string, endpoints: readonly Endpoint[]): Endpoint {
  let kept: Document | undefined
  const one: Endpoint = endpoint(
    {
      method: 'get',
      path: '/openapi.json',
      role: 'viewer',
      tag: 'meta',
      summary: 'This document.',
      gives: z.record(z.string(), z.unknown()),
      also: { 304: 'As it was, by the ETag that If-None-Match names.' },
    },
    async ({ header }) => {
      kept ??= documentFrom(JSON.stringify(documentOf([...endpoints, one], version)))
      return ok({ kind: 'other', response: answerOf(kept, header('if-none-match')) })
    },
  )
  return one
}

type Document = { readonly bytes: Uint8Array<ArrayBuffer>; readonly etag: string }

function documentFrom(text: string): Document {
  const bytes = new TextEncoder().encode(text)
  return { bytes, etag: `"${hash('sha256', bytes, 'hex').slice(0, 32)}"` }
}

function answerOf({ bytes, etag }: Document, known: string | undefined): Response {
  // It changes with the server, so clients ask each time, and only those with a token may have it.
  const headers = { etag, 'cache-control': 'private, no-cache' }
  if (isAmong(etag, known)) return new Response(null, { status: 304, headers })
  return new Response(bytes, { headers: { ...headers, 'content-type': 'application/json' } })
}

/** RFC 9110 section 13.1.2: several by comma, perhaps weak ones, or any. */
const isAmong = (etag: string, known = ''): boolean =>
  known.split(',').some((one) => ['*', etag].includes(one.trim().replace(/^W\//, '')))
