// Behind a proxy that ends TLS, requests come in clear: their address is what the browser sees, by MUSTER_PUBLIC_URL.
import { Hono } from 'hono'
import { incomingOf } from './incoming.ts'

/** A year: a browser that was here once does not come in clear again. */
const strictTransport = 'max-age=31536000'

/**
 * The app at its public address. A request in clear for the host of `publicUrl` is taken for one to that address, so
 * that cookies, origins and links are those of https; each answer over https says that it stays so.
 */
export function atPublicOrigin(app: Hono, publicUrl: string | undefined): Hono {
  const known = publicUrl === undefined ? undefined : new URL(publicUrl)
  const front = new Hono()
  front.fetch = async (request, env, context) => {
    const shown = known?.protocol === 'https:' ? shownTo(request, known, env) : request
    const response = await app.fetch(shown, env, context)
    if (shown.url.startsWith('https:'))
      response.headers.set('strict-transport-security', strictTransport)
    return response
  }
  return front
}

function shownTo(request: Request, { host }: URL, env: unknown): Request {
  const url = new URL(request.url)
  if (url.protocol !== 'http:' || url.host !== host) return request
  url.protocol = 'https:'
  // Under the node server bodies are read off the socket, and a copy would begin to read them.
  return incomingOf({ env }) !== undefined
    ? new Request(url, { method: request.method, headers: request.headers, signal: request.signal })
    : new Request(url, request)
}
