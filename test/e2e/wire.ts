import { Agent, request } from 'node:http'
import { isArray, type PlistValue } from '../../src/protocol/plist/value.ts'
import { readPlist } from '../../src/protocol/plist/read.ts'

export type Sent = {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

export type Got = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 })

/** One request and the whole answer, as it was on the wire. Rejects when the connection breaks. */
export function exchange(url: string, { method = 'PUT', path, headers, body }: Sent): Promise<Got> {
  const { promise, resolve, reject } = Promise.withResolvers<Got>()
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
  const sending = request(
    new URL(path, url),
    { method, agent, headers: { ...length, ...headers } },
    (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(
            Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
          ),
          body: Buffer.concat(chunks),
        }),
      )
    },
  )
  // Who was answered before on this connection was accepted, and heard.
  sending.on('error', (error) => reject(Object.assign(error, { wasKept: sending.reusedSocket })))
  sending.end(body)
  return promise
}

export const jsonOf = (got: Got): Readonly<Record<string, unknown>> => JSON.parse(String(got.body))

/** The answer's property list; fails the test when it is none. */
export function plistOf(got: Got): Readonly<Record<string, PlistValue>> {
  const read = readPlist(got.body)
  if (!read.ok || typeof read.value !== 'object' || isArray(read.value))
    throw new Error(`not a dictionary: ${String(got.body)}`)
  return read.value as Readonly<Record<string, PlistValue>>
}

export const checkinType = 'application/x-apple-aspen-mdm-checkin'
export const reportType = 'application/x-apple-aspen-mdm'

/** What breaks a client, whatever the message: 401 unenrols it, 204 and chunked empty bodies are errors to it. */
export function harms(got: Got): readonly string[] {
  const { status, headers, body } = got
  return [
    ...(status === 401 ? ['401'] : []),
    ...(status === 204 ? ['204'] : []),
    ...(headers['content-length'] === String(body.length) ? [] : ['no true Content-Length']),
    ...(headers['transfer-encoding'] === undefined ? [] : ['chunked']),
  ]
}
