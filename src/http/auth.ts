// Who is asking. Only operators' routes are guarded here: devices and agents have their own ways.
import type { Context } from 'hono'
import type { Tokens } from '../intake/tokens.ts'
import type { Problem } from './problem.ts'

export type Role = 'admin' | 'viewer'

export type Principal = {
  readonly id: string
  /** What the journal names as the cause. */
  readonly name: string
  readonly role: Role
  /** A cookie travels without its owner's doing, so it needs proof that the request is ours. */
  readonly via: 'token' | 'cookie'
}

/** Undefined when nobody we know asks. */
export type Authenticate = (context: Context) => Principal | undefined

/** By `Authorization: Bearer`. */
export const bearer =
  (tokens: Pick<Tokens, 'find'>): Authenticate =>
  (context) => {
    const secret = /^bearer +(?<secret>\S{1,512})$/i.exec(context.req.header('authorization') ?? '')
      ?.groups?.['secret']
    const token = secret === undefined ? undefined : tokens.find(secret)
    return token && { id: token.id, name: token.name, role: token.role, via: 'token' }
  }

/** The first way that knows who asks. */
export const anyOf =
  (...ways: readonly Authenticate[]): Authenticate =>
  (context) => {
    for (const way of ways) {
      const principal = way(context)
      if (principal !== undefined) return principal
    }
    return undefined
  }

/** Why a principal may not do what a route of `role` does; undefined when it may. */
export function refusal(
  context: Context,
  principal: Principal | undefined,
  role: Role,
): Problem | undefined {
  if (principal === undefined)
    return {
      kind: 'unauthorized',
      headers: { 'www-authenticate': 'Bearer realm="muster"' },
    }
  if (role === 'admin' && principal.role !== 'admin')
    return { kind: 'forbidden', detail: `The role ${principal.role} may only read.` }
  if (principal.via === 'cookie' && !isRead(context.req.method) && !isSameOrigin(context))
    return { kind: 'forbidden', detail: 'The request does not come from a page of this server.' }
  return undefined
}

const isRead = (method: string): boolean => method === 'GET' || method === 'HEAD'

/** Browsers set both headers themselves, so a page elsewhere cannot forge them. */
export function isSameOrigin(context: Context): boolean {
  const site = context.req.header('sec-fetch-site')
  if (site !== undefined) return site === 'same-origin'
  const origin = context.req.header('origin')
  return origin !== undefined && origin === new URL(context.req.url).origin
}
