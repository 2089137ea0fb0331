// Stands before routes that take a secret: an address with many failures waits before its next try.
import type { Context, MiddlewareHandler } from 'hono'
import type { ClientOf } from './client.ts'
import type { FailedSecrets } from './failed-secrets.ts'
import { problemResponse, requestIdOf } from './problem.ts'

type SlowGuessesOptions = {
  readonly failedSecrets: FailedSecrets
  readonly clientOf: ClientOf
}

/** For the API, the metrics and NanoMDM's scripts: a bearer token, or one as the password of Basic. */
export const slowTokenGuesses =
  ({ failedSecrets, clientOf }: SlowGuessesOptions): MiddlewareHandler =>
  async (c, next) => {
    const secret = secretIn(c.req.header('authorization'))
    const client = clientOf(c)
    if (secret === undefined || client === undefined) return next()
    if (!failedSecrets.mayTry(client, secret)) return tooMany(c)
    await next()
    if (c.res.status === 401) failedSecrets.failed('token', client)
    else failedSecrets.worked(client, secret)
    return undefined
  }

/** For the form of a page, whose token stands in the body. */
export const slowSignIns =
  ({ failedSecrets, clientOf }: SlowGuessesOptions): MiddlewareHandler =>
  async (c, next) => {
    const client = clientOf(c)
    if (client === undefined) return next()
    if (!failedSecrets.mayTry(client, undefined))
      return c.text('Too many sign-ins failed from your address. Try again in a minute.\n', 429, {
        'retry-after': retryAfterS,
      })
    await next()
    if (c.res.status === 403) failedSecrets.failed('sign_in', client)
    return undefined
  }

const retryAfterS = '30'

const tooMany = (c: Context): Response =>
  problemResponse(
    {
      kind: 'too-many-failures',
      detail: 'Too many tokens from this address were none of ours.',
      headers: { 'retry-after': retryAfterS },
    },
    requestIdOf(c),
  )

function secretIn(authorization: string | undefined): string | undefined {
  const [, scheme = '', value] = /^(bearer|basic) +(\S{1,2700})$/i.exec(authorization ?? '') ?? []
  if (value === undefined || scheme.toLowerCase() === 'bearer') return value
  const pair = Buffer.from(value, 'base64').toString('utf8')
  return pair.slice(pair.indexOf(':') + 1)
}
