import { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { Result } from '../result.ts'
import { fail, ok } from '../result.ts'

export type BodyLimits = {
  /** On the wire; also after inflating, unless `inflatedBytesMax` says otherwise. */
  readonly bytesMax: number
  readonly inflatedBytesMax?: number
}

export type BodyFault =
  | { readonly kind: 'too-large'; readonly bytesMax: number }
  /** An encoding we do not read, or bytes that are not one whole gzip member. */
  | { readonly kind: 'bad-encoding' }
  /** The sender went away; nobody hears the answer. */
  | { readonly kind: 'aborted' }

/** The part of Hono's context that is needed here: `env.incoming` is there under the node server only. */
export type BodyContext = { readonly req: { readonly raw: Request }; readonly env: unknown }

/**
 * The request's body, inflated when it is gzip, never holding more than the limits allow.
 *
 * Under the node server it reads the socket's own stream: a web stream would cost more than a small body,
 * and the adapter's `arrayBuffer()` knows no bound. What is left unread after a refusal the adapter drains
 * or cuts off.
 */
export async function readBody(
  context: BodyContext,
  limits: BodyLimits,
): Promise<Result<Uint8Array, BodyFault>> {
  const incoming = incomingOf(context.env)
  const { raw } = context.req
  const encoding = incoming
    ? incoming.headers['content-encoding']
    : raw.headers.get('content-encoding')
  const coding = codingOf(encoding)
  if (coding === undefined) return fail({ kind: 'bad-encoding' })
  const wire = incoming
    ? await readIncoming(incoming, limits.bytesMax)
    : await readStream(raw, limits.bytesMax)
  return wire.ok && coding === 'gzip'
    ? inflate(wire.value, limits.inflatedBytesMax ?? limits.bytesMax)
    : wire
}

function incomingOf(env: unknown): IncomingMessage | undefined {
  if (typeof env !== 'object' || env === null || !('incoming' in env)) return undefined
  return env.incoming instanceof IncomingMessage ? env.incoming : undefined
}

/** One coding at most: nobody honest compresses twice, and each layer multiplies what inflates. */
function codingOf(header: string | null | undefined): 'identity' | 'gzip' | undefined {
  switch ((header ?? '').trim().toLowerCase()) {
    case '':
    case 'identity':
      return 'identity'
    case 'gzip':
    case 'x-gzip':
      return 'gzip'
    default:
      return undefined
  }
}

function readIncoming(
  incoming: IncomingMessage,
  bytesMax: number,
): Promise<Result<Uint8Array, BodyFault>> {
  // What a middleware has taken is gone from the socket's stream: that is our mistake, not the sender's.
  if (incoming.readableDidRead) throw new Error('the body was read before')
  const tooLarge = fail<BodyFault>({ kind: 'too-large', bytesMax })
  if (Number(incoming.headers['content-length'] ?? 0) > bytesMax) return Promise.resolve(tooLarge)
  if (incoming.destroyed) return Promise.resolve(fail({ kind: 'aborted' }))
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = []
    let bytes = 0
    incoming.on('data', take).on('end', end).on('error', abort).on('close', abort)

    function take(chunk: Uint8Array): void {
      bytes += chunk.length
      if (bytes > bytesMax) {
        incoming.pause()
        settle(tooLarge)
      } else chunks.push(chunk)
    }
    function end(): void {
      settle(ok(joined(chunks, bytes)))
    }
    function abort(): void {
      settle(fail({ kind: 'aborted' }))
    }
    function settle(result: Result<Uint8Array, BodyFault>): void {
      incoming.off('data', take).off('end', end).off('error', abort).off('close', abort)
      resolve(result)
    }
  })
}

async function readStream(
  request: Request,
  bytesMax: number,
): Promise<Result<Uint8Array, BodyFault>> {
  if (request.body === null) return ok(new Uint8Array(0))
  const reader = request.body.getReader()
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      bytes += next.value.length
      if (bytes > bytesMax) {
        await reader.cancel()
        return fail({ kind: 'too-large', bytesMax })
      }
      chunks.push(next.value)
    }
  } catch {
    return fail({ kind: 'aborted' })
  }
  return ok(joined(chunks, bytes))
}

function joined(chunks: readonly Uint8Array[], bytes: number): Uint8Array {
  const [only] = chunks
  return chunks.length === 1 && only ? only : Buffer.concat(chunks, bytes)
}

/** Text compresses twenty times, repetitive logs fifty; a thousand is what a bomb reaches. */
const ratioMax = 100
/** Below this no ratio matters: a short body of equal lines may honestly shrink more than a hundred times. */
const unratedBytes = 1024 * 1024

const gunzipped = promisify(gunzip)

async function inflate(wire: Uint8Array, most: number): Promise<Result<Uint8Array, BodyFault>> {
  const bytesMax = Math.min(most, Math.max(unratedBytes, wire.length * ratioMax))
  try {
    const plain = await gunzipped(wire, { maxOutputLength: bytesMax })
    return endsWithLength(wire, plain.length) ? ok(plain) : fail({ kind: 'bad-encoding' })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    return fail(
      code === 'ERR_BUFFER_TOO_LARGE' ? { kind: 'too-large', bytesMax } : { kind: 'bad-encoding' },
    )
  }
}

/** A gzip member ends with the length of its content (RFC 1952), so more members or bytes behind it show. */
function endsWithLength(wire: Uint8Array, length: number): boolean {
  const { buffer, byteOffset, byteLength } = wire
  return new DataView(buffer, byteOffset, byteLength).getUint32(byteLength - 4, true) === length
}
