import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** A bare connection, for what no HTTP client would send. */
export type Line = {
  readonly socket: Socket
  /** All that came back until the server closed, or until it has been quiet. */
  heard(until?: 'closed' | 'quiet'): Promise<string>
}

const quietMs = 300

export async function openLine(url: string): Promise<Line> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
  // A reset is one of the ways in which servers hang up.
  socket.on('error', () => {})
  const closed = once(socket, 'close').then(() => undefined)
  socket.on('end', () => socket.end())
  await once(socket, 'connect')
  return {
    socket,
    async heard(until = 'closed') {
      await (until === 'closed' ? closed : quiet(socket))
      return text
    },
  }
}

async function quiet(socket: Socket): Promise<void> {
  for (;;) {
    const late = AbortSignal.timeout(quietMs)
    try {
      await once(socket, 'data', { signal: late })
    } catch {
      return
    }
  }
}

/** A whole request as text, with a true Content-Length. */
export const spoken = (path: string, type: string, body: Buffer | string): string =>
  [
    `PUT ${path} HTTP/1.1`,
    'Host: muster',
    `Content-Type: ${type}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    String(body),
  ].join('\r\n')
