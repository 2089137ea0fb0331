// Somebody at a browser without a script: follows links, sends forms, keeps cookies.
import type { Role } from '../../src/http/auth.ts'
import type { HttpWorld } from './world.ts'

type Seen = {
  readonly status: number
  readonly text: string
  readonly headers: Headers
  /** Where it leads, when it leads elsewhere. */
  readonly location: string | null
}

export type Visitor = {
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Seen>
  /** A form of one of our own pages, unless the headers say otherwise. */
  post(
    path: string,
    fields: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Seen>
  /** As the browser would send it. */
  cookie(): string
}

export function createVisitor({ server }: HttpWorld, origin = 'http://localhost'): Visitor {
  const jar = new Map<string, string>()
  const cookie = (): string => [...jar].map(([name, value]) => `${name}=${value}`).join('; ')

  type Sent = {
    readonly method?: string
    readonly headers: Readonly<Record<string, string>>
    readonly body?: string
  }

  async function see(path: string, init: Sent): Promise<Seen> {
    const response = await server.app.request(`${origin}${path}`, {
      ...init,
      headers: { ...init.headers, cookie: cookie() },
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') jar.delete(name)
      else jar.set(name, value)
    }
    const { status, headers } = response
    return { status, headers, text: await response.text(), location: headers.get('location') }
  }

  return {
    cookie,
    get: (path, headers = {}) => see(path, { headers }),
    post: (path, fields, headers = { 'sec-fetch-site': 'same-origin' }) =>
      see(path, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body: new URLSearchParams(fields).toString(),
      }),
  }
}

export async function signedIn(world: HttpWorld, role: Role): Promise<Visitor> {
  const visitor = createVisitor(world)
  const { status } = await visitor.post('/sign-in', { token: world.secrets[role] })
  if (status !== 303) throw new Error(`not signed in: ${status}`)
  return visitor
}
