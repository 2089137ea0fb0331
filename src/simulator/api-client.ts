import type { Json } from '../protocol/osquery/json.ts'
import type { Finding, Referee } from './rules.ts'
import type { Answer, Wire, WireRequest } from './wire.ts'

/** Speaks to the operators' API with one token. */
export type ApiClient = {
  /** The status and the JSON that came back; nothing when no answer came. */
  readonly send: (request: ApiRequest) => Promise<ApiAnswer | undefined>
}

type ApiRequest = {
  readonly kind: `api.${string}`
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly body?: Json
}

export type ApiAnswer = { readonly status: number; readonly body: unknown }

export function createApiClient({
  wire,
  token,
  referee,
}: {
  readonly wire: Wire
  readonly token: string
  readonly referee: Referee
}): ApiClient {
  return {
    send: async ({ kind, method, path, body }) => {
      const request: WireRequest = {
        kind,
        method,
        path: `/api/v1${path}`,
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/json',
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }
      const sent = await wire.send(request)
      if (!sent.ok) return undefined
      for (const finding of judgeApi(sent.value)) {
        referee.note({ ...finding, computer: 'operator', request: kind })
      }
      return { status: sent.value.status, body: jsonIn(sent.value) }
    },
  }
}

/** 4xx is an answer: operators ask for what cannot be. */
function judgeApi({ status, body }: Answer): readonly Finding[] {
  if (status < 500 || status === 503) return []
  return [{ rule: 'api-fault', detail: `answered ${status} ${body.toString('utf8', 0, 200)}` }]
}

function jsonIn({ body }: Answer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}
