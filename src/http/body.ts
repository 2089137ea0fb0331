// Request bodies: read whole, within bounds, and inflated.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { Result } from '../result.ts'
import { fail, ok } from '../result.ts'
import type { BodyBudget, BodyUnderWay } from './body-budget.ts'
import { freeBytes } from './free-bytes.ts'
import { incomingOf } from './incoming.ts'

export type BodyLimits = {
  /** On the wire; also after inflating, unless `inflatedBytesMax` says otherwise. */
  readonly bytesMax: number
  readonly inflatedBytesMax?: number
  /** Whether the sender has proved who it is. @default false */
  readonly isKnown?: boolean
  /** Whether the first bytes of a body that is not there at once say who sends it. As they came, perhaps compressed. */
  readonly recognise?: (first: Uint8Array) => boolean
}

export type BodyFault =
  | { readonly kind: 'too-large'; readonly bytesMax: number }
  /** An encoding we do not read, or bytes that are not one whole gzip member. */
  | { readonly kind: 'bad-encoding' }
  /** The sender went away; nobody hears the answer. */
  | { readonly kind: 'aborted' }
  /** It came too slowly, or not at all. */
  | { readonly kind: 'stalled' }
  /** Other bodies take all the memory there is for them. */
  | { readonly kind: 'overloaded' }

/** The part of Hono's context that is needed here: `incoming`, `outgoing` and `bodies` are there under the node server only. */
export type BodyContext = { readonly req: { readonly raw: Request }; readonly env: unknown }

/** What the node server gives along with a request. */
export type BodyBindings = {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  /** Undefined where a listener counts no bodies. */
  readonly bodies?: BodyBudget | undefined
}

/**
 * The request's body, inflated when it is gzip, never holding more than the limits allow. What is not there at once is
 * counted in the budget of the listener until the request was answered.
 *
 * Under the node server it reads the socket's own stream: a web stream would cost more than a small body,
 * and the adapter's `arrayBuffer()` knows no bound. What is left unread after a refusal the adapter drains
 * or cuts off.
 */
export async function readBody(
  context: BodyContext,
  limits: BodyLimits,
): Promise<Result<Uint8Array, BodyFault>> {
  const node = bindingsOf(context.env)
  const { raw } = context.req
  const encoding = node
    ? node.incoming.headers['content-encoding']
    : raw.headers.get('content-encoding')
  const coding = codingOf(encoding)
  if (coding === undefined) return fail({ kind: 'bad-encoding' })
  if (node === undefined) {
    const wire = await readStream(raw, limits.bytesMax)
    return wire.ok && coding === 'gzip' ? inflate(wire.value, limits) : wire
  }
  const wire = await readIncoming(node, limits)
  if (!wire.ok) return wire
  if (coding === 'identity') return ok(wire.value.bytes)
  const { bytes, underWay = heldUntilAnswered(node, limits, wire.value.bytes) } = wire.value
  return inflate(bytes, limits, underWay)
}

/** For a compressed body that was there at once: what it inflates to is not. */
function heldUntilAnswered(
  { outgoing, bodies }: BodyBindings,
  { isKnown = false, recognise }: BodyLimits,
  wire: Uint8Array,
): BodyUnderWay | undefined {
  const held = bodies?.begin({ isKnown: isKnown || recognise?.(wire) === true, end() {} })
  if (held === undefined) return undefined
  held.whole()
  outgoing.once('close', held.release)
  return held
}

function bindingsOf(env: unknown): BodyBindings | undefined {
  // The node server's listener made it.
  return incomingOf({ env }) === undefined ? undefined : (env as BodyBindings)
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

const nothing = new Uint8Array()

type Wire = { readonly bytes: Uint8Array; readonly underWay: BodyUnderWay | undefined }

function readIncoming(
  { incoming, outgoing, bodies }: BodyBindings,
  { bytesMax, isKnown = false, recognise }: BodyLimits,
): Promise<Result<Wire, BodyFault>> {
  // What a middleware has taken is gone from the socket's stream: that is our mistake, not the sender's.
  if (incoming.readableDidRead) throw new Error('the body was read before')
  const tooLarge = fail<BodyFault>({ kind: 'too-large', bytesMax })
  const announced = Number(incoming.headers['content-length'] ?? Number.NaN)
  // Who sends what is too large may be worth knowing: that takes the first bytes.
  if (announced > bytesMax && (isKnown || recognise === undefined)) return Promise.resolve(tooLarge)
  if (incoming.destroyed) return Promise.resolve(fail({ kind: 'aborted' }))
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = []
    let bytes = 0
    let underWay: BodyUnderWay | undefined
    if (announced > bytesMax) underWay = beginUnderWay(nothing)
    incoming
      .on('data', announced > bytesMax ? identify : take)
      .on('end', end)
      .on('error', abort)
      .on('close', abort)

    function take(chunk: Uint8Array): void {
      bytes += chunk.length
      if (bytes > bytesMax) return stop(tooLarge)
      const isFirst = chunks.length === 0
      chunks.push(chunk)
      // Nearly every body is there at once: it costs no more than that it is read.
      if (isFirst && bytes === announced) return
      if (isFirst) underWay = beginUnderWay(chunk)
      if (underWay?.take(chunk.length) === false) stop(fail({ kind: 'overloaded' }))
    }
    function identify(first: Uint8Array): void {
      recognise?.(first)
      freeBytes(first)
      stop(tooLarge)
    }
    function beginUnderWay(first: Uint8Array): BodyUnderWay | undefined {
      return bodies?.begin({
        isKnown: isKnown || recognise?.(first) === true,
        end: (kind) => stop(fail({ kind })),
      })
    }
    function end(): void {
      underWay?.whole()
      if (underWay !== undefined) outgoing.once('close', underWay.release)
      settle(ok({ bytes: joined(chunks, bytes), underWay }))
    }
    function abort(): void {
      stop(fail({ kind: 'aborted' }))
    }
    function stop(fault: Result<Wire, BodyFault>): void {
      incoming.pause()
      underWay?.release()
      for (const chunk of chunks) freeBytes(chunk)
      settle(fault)
    }
    function settle(result: Result<Wire, BodyFault>): void {
      incoming
        .off('data', take)
        .off('data', identify)
        .off('end', end)
        .off('error', abort)
        .off('close', abort)
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
  if (chunks.length === 1 && only) return only
  const all = Buffer.concat(chunks, bytes)
  for (const chunk of chunks) freeBytes(chunk)
  return all
}

const gunzipped = promisify(gunzip)

/** The body as it was before its coding. It is counted before it inflates, since a member says how long it will be. */
async function inflate(
  wire: Uint8Array,
  { bytesMax, inflatedBytesMax: most = bytesMax }: BodyLimits,
  underWay?: BodyUnderWay,
): Promise<Result<Uint8Array, BodyFault>> {
  if (wire.length < gzipBytesMin) return fail({ kind: 'bad-encoding' })
  const length = lengthOf(wire)
  const maxOutputLength = Math.max(1, Math.min(length, most))
  if (underWay?.take(maxOutputLength) === false) return fail({ kind: 'overloaded' })
  try {
    const plain = await gunzipped(wire, { maxOutputLength })
    return plain.length === length ? ok(plain) : fail({ kind: 'bad-encoding' })
  } catch (error) {
    // More may come out than is allowed, or more than the member says.
    return fail(
      isTooLong(error) && length > most
        ? { kind: 'too-large', bytesMax: most }
        : { kind: 'bad-encoding' },
    )
  }
}

/** A gzip member ends with the length of its content (RFC 1952), so more members or bytes behind it show. */
function lengthOf({ buffer, byteOffset, byteLength }: Uint8Array): number {
  return new DataView(buffer, byteOffset, byteLength).getUint32(byteLength - 4, true)
}

const isTooLong = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'

/** Header, an empty block and trailer. */
const gzipBytesMin = 20
