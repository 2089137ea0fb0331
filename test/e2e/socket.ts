import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** A bare connection, for what no HTTP client would send. */
export type Line = {
  readonly socket: Socket
  /** All that came back until the server closed. */
  heard(): Promise<string>
  /** All that came back once there were so many answers. */
  heardAnswers(count: number): Promise<string>
}

const answersWithinMs = 10_000

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
    heard: () => closed.then(() => text),
    async heardAnswers(count) {
      const signal = AbortSignal.timeout(answersWithinMs)
      while (statusesIn(text).length < count) await once(socket, 'data', { signal })
      return text
    },
  }
}

/** The statuses of all answers in what came back. */
export const statusesIn = (text: string): readonly string[] =>
  [...text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => String(status))

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
