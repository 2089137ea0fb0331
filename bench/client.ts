// The least there can be between a benchmark and a server: requests one after another on one kept connection.
import { connect, type Socket } from 'node:net'
import type { Call } from './devices.ts'

export type Said = { readonly status: number; readonly body: string }

export type Client = {
  /** One at a time. Rejects when the connection ends. */
  say(call: Call): Promise<Said>
  /** False once either side has closed it: servers close what is idle for long. */
  isOpen(): boolean
  close(): void
}

/** Speaks as much HTTP as our servers answer with: a status, a Content-Length or chunks. */
export async function openClient(port: number): Promise<Client> {
  const socket = connect(port, '127.0.0.1')
  socket.setNoDelay(true)
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve).once('error', reject)
  })
  let waiting: PromiseWithResolvers<Said> | undefined
  let received = ''
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    received += chunk
    const said = read(received)
    if (said === undefined || waiting === undefined) return
    received = ''
    const { resolve } = waiting
    waiting = undefined
    resolve(said)
  })
  socket.on('close', () => waiting?.reject(new Error('the server closed the connection')))
  socket.on('error', (error) => waiting?.reject(error))
  return {
    say(call) {
      waiting = Promise.withResolvers()
      socket.write(wireOf(call))
      return waiting.promise
    },
    isOpen: () => !socket.closed && !socket.readableEnded,
    close: () => void (socket satisfies Socket).destroy(),
  }
}

/** As bytes go out, with what every client says. */
function wireOf({ method, path, headers, body }: Call): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const length = Buffer.byteLength(body)
  return `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${lines.join('')}Content-Length: ${length}\r\n\r\n${body}`
}

/** The whole answer, or undefined while some of it is missing. */
function read(text: string): Said | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const status = Number(text.slice(9, 12))
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end))?.[1]
  const rest = text.slice(end + 4)
  if (length !== undefined) return rest.length < Number(length) ? undefined : { status, body: rest }
  return rest.endsWith('0\r\n\r\n') ? { status, body: unchunked(rest) } : undefined
}

function unchunked(text: string): string {
  let body = ''
  for (let at = 0; ;) {
    const lineEnd = text.indexOf('\r\n', at)
    const size = Number.parseInt(text.slice(at, lineEnd), 16)
    if (!(size > 0)) return body
    body += text.slice(lineEnd + 2, lineEnd + 2 + size)
    at = lineEnd + 4 + size
  }
}

/** Says each call once, over some connections at a time. Rejects on any answer but 200 and 201. */
export async function sayAll(
  port: number,
  calls: readonly Call[],
  connections: number = 32,
): Promise<readonly Said[]> {
  const answers: Said[] = []
  let next = 0
  async function speak(): Promise<void> {
    const client = await openClient(port)
    for (let nth = next++; nth < calls.length; nth = next++) {
      const call = calls[nth]
      if (call === undefined) break
      const said = await client.say(call)
      if (said.status !== 200 && said.status !== 201)
        throw new Error(`${call.method} ${call.path}: ${said.status} ${said.body.slice(0, 200)}`)
      answers[nth] = said
    }
    client.close()
  }
  await Promise.all(Array.from({ length: connections }, speak))
  return answers
}
