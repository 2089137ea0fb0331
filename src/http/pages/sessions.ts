// Who is signed in. Sessions live in memory: a restart signs everybody out, and nothing is left to steal.
import { hash, randomBytes } from 'node:crypto'
import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { Token, Tokens } from '../../intake/tokens.ts'
import type { World } from '../../runtime/world.ts'
import type { Authenticate, Principal } from '../auth.ts'

/** A working day, and the night is enough to end it. */
const idleMs = 12 * 3_600_000

/** People signed in at once, and their browsers; beyond this whoever was idle longest signs in again. */
const sessionsMax = 2_000

/** What the pages' script says when it asks again on its own. */
const refreshHeader = 'muster-refresh'

export type Sessions = {
  /** Signs in with an API token: always under a fresh id. False when the token is none of ours. */
  open(context: Context, secret: string): boolean
  /** By cookie. Ends with the token it was opened with. */
  readonly authenticate: Authenticate
  /** Whether the session is still there; asking does not keep it. */
  isOpen(context: Context): boolean
  /** The id of the token it was opened with, while it is there; asking does not keep it. */
  ownerOf(context: Context): string | undefined
  close(context: Context): void
}

type Session = { readonly tokenId: string; lastSeenAt: number }

type SessionsOptions = {
  readonly tokens: Pick<Tokens, 'find' | 'list'>
  readonly world: Pick<World, 'steady'>
}

export function createSessions({ tokens, world }: SessionsOptions): Sessions {
  /** By hash of the id, longest idle first. */
  const sessions = new Map<string, Session>()

  function current(context: Context): readonly [string, Session] | undefined {
    const id = getCookie(context, cookieName(context))
    if (id === undefined) return undefined
    const key = hash('sha256', id)
    const session = sessions.get(key)
    if (session === undefined) return undefined
    if (world.steady() - session.lastSeenAt <= idleMs) return [key, session]
    sessions.delete(key)
    return undefined
  }

  const tokenOf = ({ tokenId }: Session): Token | undefined =>
    tokens.list().find(({ id }) => id === tokenId)

  function ownerOf(context: Context): string | undefined {
    const [, session] = current(context) ?? []
    return session && tokenOf(session)?.id
  }

  return {
    open(context, secret) {
      const token = tokens.find(secret)
      if (token === undefined) return false
      const [former] = current(context) ?? []
      if (former !== undefined) sessions.delete(former)
      const [oldest] = sessions.size >= sessionsMax ? sessions.keys() : []
      if (oldest !== undefined) sessions.delete(oldest)
      const id = randomBytes(32).toString('base64url')
      sessions.set(hash('sha256', id), { tokenId: token.id, lastSeenAt: world.steady() })
      setCookie(context, cookieName(context), id, cookieOptions(context))
      return true
    },
    authenticate(context): Principal | undefined {
      const [key, session] = current(context) ?? []
      if (key === undefined || session === undefined) return undefined
      const token = tokenOf(session)
      if (token === undefined) {
        sessions.delete(key)
        return undefined
      }
      // A page that follows what happens asks by itself: that is nobody's doing, and keeps no session.
      if (context.req.header(refreshHeader) === undefined) {
        session.lastSeenAt = world.steady()
        sessions.delete(key)
        sessions.set(key, session)
      }
      return { id: token.id, name: token.name, role: token.role, via: 'cookie' }
    },
    isOpen: (context) => ownerOf(context) !== undefined,
    ownerOf,
    close(context) {
      const [key] = current(context) ?? []
      if (key !== undefined) sessions.delete(key)
      deleteCookie(context, cookieName(context), cookieOptions(context))
    },
  }
}

const isSecure = (context: Context): boolean => context.req.url.startsWith('https:')

/** The prefix makes browsers refuse the cookie from anywhere but this very host; it needs https. */
const cookieName = (context: Context): string =>
  isSecure(context) ? '__Host-muster' : 'muster_session'

const cookieOptions = (context: Context) =>
  ({ path: '/', httpOnly: true, sameSite: 'Lax', secure: isSecure(context) }) as const
