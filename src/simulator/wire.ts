import * as http from 'node:http'
import * as https from 'node:https'
import type { Result } from '../result.ts'
import { fail, ok } from '../result.ts'
import type { Meter } from './meter.ts'

export type WireRequest = {
  /** What it is counted under, such as `mdm.Idle`. */
  readonly kind: `${'mdm' | 'osquery' | 'api'}.${string}`
  readonly method: 'PUT' | 'POST' | 'GET' | 'DELETE'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

export type Answer = {
  readonly status: number
  /** Names in lower case. */
  readonly headers: http.IncomingHttpHeaders
  readonly body: Buffer
}

/** Why there was no answer. The server may or may not have acted. */
type Loss = 'unreachable' | 'broken' | 'too-slow' | 'too-large' | 'stopped'

export type Wire = {
  /** Never throws and never rejects. */
  readonly send: (request: WireRequest) => Promise<Result<Answer, Loss>>
  readonly close: () => void
}

export type WireOptions = {
  readonly baseUrl: string
  /** Sockets open at once; requests beyond wait for one. */
  readonly socketsMax: number
  readonly timeoutMs: number
  readonly meter: Meter
  readonly signal?: AbortSignal | undefined
}

/** Twice the largest command we know of; agents stop reading at 8 MiB. */
const answerBytesMax = 16 * 1024 * 1024

/**
 * Sends to one server over kept-open connections.
 *
 * `node:http` and not `fetch`: on one core it sent 2.5 times as many small requests, and it shows whether an
 * empty answer had a Content-Length. A request that met a connection the server had just closed is sent once
 * more, as devices and agents do.
 */
export function createWire({ baseUrl, socketsMax, timeoutMs, meter, signal }: WireOptions): Wire {
  const base = new URL(baseUrl)
  const client = base.protocol === 'https:' ? https : http
  const agent = new client.Agent({ keepAlive: true, maxSockets: socketsMax })
  const prefix = base.pathname.replace(/\/$/, '')

  const attempt = (request: WireRequest): Promise<Result<Answer, Failed>> =>
    new Promise((resolve) => {
      const body = request.body ?? ''
      const sent = client.request(
        {
          protocol: base.protocol,
          hostname: base.hostname.replace(/^\[|\]$/g, ''),
          port: base.port,
          path: prefix + request.path,
          method: request.method,
          headers: { ...request.headers, 'content-length': Buffer.byteLength(body) },
          timeout: timeoutMs,
          agent,
        },
        (response) => void collect(response).then(resolve),
      )
      sent.on('timeout', () => sent.destroy(new Error(tooSlow)))
      sent.on('error', (error) =>
        resolve(fail({ loss: lossOf(error, signal), again: sent.reusedSocket && isReset(error) })),
      )
      sent.end(body)
    })

  const stop = (): void => agent.destroy()
  signal?.addEventListener('abort', stop, { once: true })

  return {
    send: async (request) => {
      if (signal?.aborted) return fail('stopped')
      const startMs = performance.now()
      let outcome = await attempt(request)
      if (!outcome.ok && outcome.error.again) outcome = await attempt(request)
      if (outcome.ok) {
        meter.answered(request.kind, outcome.value.status, performance.now() - startMs)
        return outcome
      }
      if (outcome.error.loss !== 'stopped') meter.lost(request.kind)
      return fail(outcome.error.loss)
    },
    close: () => {
      signal?.removeEventListener('abort', stop)
      agent.destroy()
    },
  }
}

type Failed = { readonly loss: Loss; readonly again: boolean }

const tooSlow = 'too slow'

function lossOf(error: Error, signal: AbortSignal | undefined): Loss {
  if (signal?.aborted) return 'stopped'
  if (error.message === tooSlow) return 'too-slow'
  return codeOf(error) === 'ECONNREFUSED' ? 'unreachable' : 'broken'
}

const isReset = (error: Error): boolean =>
  codeOf(error) === 'ECONNRESET' || codeOf(error) === 'EPIPE'

const codeOf = (error: Error): unknown => ('code' in error ? error.code : undefined)

/** Listeners and not `for await`: the iterator costs a tenth of a small exchange. */
function collect(response: http.IncomingMessage): Promise<Result<Answer, Failed>> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      size += chunk.length
      if (size <= answerBytesMax) return
      resolve(fail({ loss: 'too-large', again: false }))
      response.destroy()
    })
    response.on('end', () => {
      const { statusCode = 0, headers } = response
      resolve(ok({ status: statusCode, headers, body: Buffer.concat(chunks, size) }))
    })
    response.on('error', () => resolve(fail({ loss: 'broken', again: false })))
  })
}
