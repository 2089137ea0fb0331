import { unreachable } from '../../result.ts'

/**
 * Everything an agent can be told. Agents ignore the HTTP status and take any object without `error` or
 * `node_invalid`, and even an empty body, for success, then delete what they sent: so nothing else is sayable.
 *
 * Source: osquery, `remote/utility.h`, `plugins/logger/buffered.cpp`.
 */
export type OsqueryReply =
  | { readonly kind: 'done' }
  | { readonly kind: 'enrolled'; readonly nodeKey: string }
  /** A configuration or a distributed read, rendered. */
  | { readonly kind: 'document'; readonly body: Uint8Array }
  /** The agent keeps what it has and comes again. */
  | { readonly kind: 'failed'; readonly status: FailedStatus; readonly error: string }
  /** The agent drops its key and enrols anew. Only for keys certainly unknown or revoked, never for our own faults. */
  | { readonly kind: 'node-invalid'; readonly error: string }

/** For a key that was certainly never issued, or was revoked. */
export const unknownKey: OsqueryReply = {
  kind: 'node-invalid',
  error: 'this node key is not known here; enroll again',
}

export type FailedStatus = 400 | 401 | 404 | 405 | 413 | 429 | 500 | 503

/** What goes on the wire, always with `Content-Type: application/json`. The body is never empty. */
export type RenderedReply = {
  readonly status: 200 | FailedStatus
  readonly body: Uint8Array
}

export function renderReply(reply: OsqueryReply): RenderedReply {
  switch (reply.kind) {
    case 'done':
      return done
    case 'enrolled':
      return { status: 200, body: encode({ node_key: reply.nodeKey }) }
    case 'document':
      return { status: 200, body: reply.body }
    case 'failed':
      return { status: reply.status, body: encode({ error: sentence(reply.error) }) }
    case 'node-invalid':
      return { status: 401, body: encode({ node_invalid: true, error: sentence(reply.error) }) }
    default:
      return unreachable(reply)
  }
}

const utf8 = new TextEncoder()
const encode = (value: object): Uint8Array => utf8.encode(JSON.stringify(value))
const done: RenderedReply = { status: 200, body: encode({}) }

// An empty `error` would read as no error at all.
const sentence = (text: string): string => (text === '' ? 'the request failed' : text)
