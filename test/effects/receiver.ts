// A program that is told: a real listener that answers as a test wants.
import { createServer } from 'node:http'
import { onTestFinished } from 'vitest'
import { readAllowList, type Allows } from '../../src/effects/webhooks/allow-list.ts'

export type Heard = {
  readonly path: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly text: string
}

export type Receiver = {
  readonly url: string
  readonly port: number
  readonly heard: readonly Heard[]
  /** Lets this receiver be reached. */
  readonly allows: Allows
}

/** `never` holds the connection open without a word. */
export type Answer = number | 'never'

export async function openReceiver(
  answer: (heard: Heard, count: number) => Answer = () => 200,
): Promise<Receiver> {
  const heard: Heard[] = []
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const one = {
        path: request.url ?? '',
        headers: request.headers,
        text: Buffer.concat(pieces).toString('utf8'),
      }
      heard.push(one)
      const status = answer(one, heard.length)
      if (status !== 'never') response.writeHead(status).end('said so')
    })
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const allows = readAllowList(`127.0.0.1:${port}`)
  if (!allows.ok) throw new Error(allows.error)
  return { url: `http://127.0.0.1:${port}/hook`, port, heard, allows: allows.value }
}
