import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { readPlist } from '../../src/protocol/plist/read.ts'
import { isDict } from '../../src/protocol/plist/value.ts'
import type { Dict } from '../../src/protocol/plist/value.ts'
import { createAnswers, type Command } from './right-answers.ts'

/** One request as the peer got it. */
export type Seen = { readonly method: string; readonly path: string; readonly body: string }

export type Reply = {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Written in pieces, so that Node sends it chunked and without a Content-Length. */
  readonly chunked?: boolean
}

export type Peer = {
  readonly url: string
  readonly seen: Seen[]
  readonly stop: () => Promise<void>
}

export type Request = Seen & { readonly message: Dict | undefined }

/** Answers instead of the right answer; undefined leaves the right one. */
export type Plant = (request: Request) => Reply | undefined

/**
 * A right, tiny server: takes every well-formed message, refuses malformed ones, has one queue of commands
 * per device that it hands out one by one, and forgets everything when stopped.
 */
export async function startPeer(
  options: {
    readonly plant?: Plant
    readonly commands?: readonly Command[]
  } = {},
): Promise<Peer> {
  const seen: Seen[] = []
  const answer = createAnswers(options.commands ?? [])
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const bytes = Buffer.concat(chunks)
      const path = request.url ?? ''
      const gzip = request.headers['content-encoding'] === 'gzip'
      const one = { method: request.method ?? '', path, body: textOf(bytes, gzip) }
      seen.push(one)
      const read = path.startsWith('/mdm') ? readPlist(bytes) : undefined
      const message = read?.ok && isDict(read.value) ? read.value : undefined
      write(response, options.plant?.({ ...one, message }) ?? answer({ ...one, message }))
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  // A server that listens on TCP has an address with a port.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    stop: () =>
      new Promise((stopped) => {
        server.close(() => stopped())
        server.closeAllConnections()
      }),
  }
}

function textOf(bytes: Buffer, gzip: boolean): string {
  if (!gzip) return bytes.toString('utf8')
  try {
    return gunzipSync(bytes).toString('utf8')
  } catch {
    return 'not gzip'
  }
}

function write(response: ServerResponse, reply: Reply): void {
  const { status = 200, headers = {}, body = '', chunked = false } = reply
  const length = chunked || status === 204 ? {} : { 'content-length': Buffer.byteLength(body) }
  response.writeHead(status, { ...headers, ...length })
  if (chunked) response.write(body.length === 0 ? '' : body)
  response.end(chunked ? undefined : body)
}
