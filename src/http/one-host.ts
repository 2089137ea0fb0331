// A request with two Host headers means one thing to a proxy and may mean another here (RFC 9112 section 3.2).
import type { IncomingMessage, RequestListener } from 'node:http'

export const oneHost =
  (listener: RequestListener): RequestListener =>
  (request, response) => {
    if (!hasTwoHosts(request)) return listener(request, response)
    response.writeHead(400, { 'Content-Length': '0', Connection: 'close' })
    return response.end()
  }

function hasTwoHosts({ rawHeaders }: IncomingMessage): boolean {
  let hosts = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1
  }
  return hosts > 1
}
