import { exchange, type Got, jsonOf } from './wire.ts'

export type Json = Readonly<Record<string, unknown>>

type Answered = {
  readonly status: number
  readonly headers: Got['headers']
  readonly body: Json
}

/** Somebody with a token. */
export type Operator = {
  get(path: string): Promise<Answered>
  post(path: string, body: unknown): Promise<Answered>
  remove(path: string): Promise<Answered>
  /** All items of a list, page by page. */
  all(path: string): Promise<readonly Json[]>
}

export function createOperator(url: string, token: string): Operator {
  async function ask(method: string, path: string, body?: unknown): Promise<Answered> {
    const got = await exchange(url, {
      method,
      path: `/api/v1${path}`,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const { status, headers } = got
    return { status, headers, body: got.body.length === 0 ? {} : jsonOf(got) }
  }
  return {
    get: (path) => ask('GET', path),
    post: (path, body) => ask('POST', path, body),
    remove: (path) => ask('DELETE', path),
    async all(path) {
      const items: Json[] = []
      const mark = path.includes('?') ? '&' : '?'
      for (let cursor = ''; ;) {
        const { status, body } = await ask('GET', `${path}${cursor && `${mark}cursor=${cursor}`}`)
        if (status !== 200) throw new Error(`${path} was answered ${status}`)
        items.push(...(body['items'] as Json[]))
        if (typeof body['next'] !== 'string') return items
        cursor = encodeURIComponent(body['next'])
      }
    },
  }
}
