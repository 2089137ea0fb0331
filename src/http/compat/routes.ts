// NanoMDM's API under its own paths, so that scripts and tools written for it work by changing an address.
import { type Context, Hono } from 'hono'
import type { Logger } from 'pino'
import { readCheckin } from '../../protocol/mdm/checkin.ts'
import type { Cause } from '../../runtime/ask.ts'
import { isSameOrigin } from '../auth.ts'
import { readBody } from '../body.ts'
import { answerJson, answerText } from './answers.ts'
import type { CompatDeps, StoredPushCertificate } from './deps.ts'
import { enqueue, enqueuePath, push, pushPath } from './enqueue.ts'

/** As for check-ins of devices. */
const checkinBytesMax = 1_048_576

/** A certificate, its key and a chain. */
const pemBytesMax = 65_536

type Route = (deps: CompatDeps, c: Context, cause: Cause) => Response | Promise<Response>

export function createCompatRoutes(deps: CompatDeps, log: Logger): Hono {
  const app = new Hono()
  const guarded =
    (route: Route) =>
    async (c: Context): Promise<Response> => {
      const cause = causeOf(deps, c)
      if (cause === undefined) return unauthorized()
      if (isFromAnotherSite(c)) return answerText('Forbidden', 403)
      try {
        return await route(deps, c, cause)
      } catch (error) {
        log.error({ err: error, path: c.req.path }, 'a request of a NanoMDM script failed')
        return answerJson({ error: 'internal error' }, 500)
      }
    }
  app.all(`${enqueuePath}*`, guarded(enqueue))
  app.all(`${pushPath}*`, guarded(push))
  app.all('/v1/pushcert', guarded(pushCertificate))
  app.all('/migration', guarded(migration))
  return app
}

/** Any user name, and an API token that may write as the password. */
function causeOf({ tokens }: CompatDeps, c: Context): Cause | undefined {
  const encoded = /^basic +(?<pair>[A-Za-z0-9+/=]{1,2048})$/i.exec(
    c.req.header('authorization') ?? '',
  )?.groups?.['pair']
  if (encoded === undefined) return undefined
  const pair = Buffer.from(encoded, 'base64').toString('utf8')
  const token = tokens.find(pair.slice(pair.indexOf(':') + 1))
  return token?.role === 'admin' ? { kind: 'operator', id: token.name } : undefined
}

/**
 * Scripts say nothing of where they come from; a browser does, and sends along a password that was once typed into it
 * with whatever a page elsewhere makes it ask for.
 */
function isFromAnotherSite(c: Context): boolean {
  const site = c.req.header('sec-fetch-site') ?? c.req.header('origin')
  return site !== undefined && site !== 'none' && !isSameOrigin(c)
}

const unauthorized = (): Response =>
  answerText('Unauthorized', 401, { 'www-authenticate': 'Basic realm="nanomdm"' })

async function pushCertificate(deps: CompatDeps, c: Context, cause: Cause): Promise<Response> {
  if (c.req.method === 'GET') {
    const topic = c.req.query('topic') ?? ''
    if (topic === '') return answerJson({ error: 'missing topic' }, 400)
    const found = deps.pushCertificate(topic)
    return found === undefined
      ? answerJson({ error: `no push certificate for topic ${topic}` }, 500)
      : answerJson(certificateBody(found))
  }
  if (c.req.method !== 'PUT') return answerText('Method Not Allowed', 405, { allow: 'GET, PUT' })
  const body = await readBody(c, { bytesMax: pemBytesMax, isKnown: true })
  if (!body.ok) return answerJson({ error: `reading body: ${body.error.kind}` }, 400)
  const stored = await deps.storePushCertificate(body.value, cause)
  if (stored.ok) return answerJson(certificateBody(stored.value))
  return answerJson({ error: stored.error.detail }, stored.error.kind === 'bad' ? 400 : 500)
}

const certificateBody = ({ topic, notAfterMs }: StoredPushCertificate): object => ({
  not_after: new Date(notAfterMs).toISOString().replace('.000Z', 'Z'),
  topic,
})

/** A check-in another server passes on: an operator's token vouches for it in place of a certificate. */
async function migration(deps: CompatDeps, c: Context): Promise<Response> {
  const body = await readBody(c, { bytesMax: checkinBytesMax, isKnown: true })
  if (!body.ok) return answerText('Bad Request', 400)
  const message = readCheckin(body.value)
  if (!message.ok) return answerText(`Bad Request: ${message.error.detail}`, 400)
  const answer = await deps.migrate(message.value, { kind: 'none' })
  if (answer.kind !== 'refused') return new Response(null, { headers: { 'content-length': '0' } })
  return answerText(answer.why, answer.why === 'unavailable' ? 503 : 400)
}
