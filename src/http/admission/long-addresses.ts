// Longer request lines for NanoMDM's scripts, which name thousands of enrollments in one address.
//
// Node bounds the head of a request per connection, before it knows what is asked. A large bound for all would let
// anybody hold as much memory on each connection, so only connections that begin with such an address get it, and few
// at once. Connections of our own proxies get it too: a proxy passes on whole heads, and several clients' on one connection.
import {
  type IncomingMessage,
  type RequestListener,
  Server as HttpServer,
  type ServerResponse,
} from 'node:http'
import type { BlockList, Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import { isAmong } from '../proxies.ts'
import { createSilence } from './silence.ts'

export type HeadLimits = {
  /** Of an ordinary request. */
  readonly bytesMax: number
  /** Until the first byte of a connection. */
  readonly timeoutMs: number
}

/** 5,000 enrollments of user channels, as many targets as one call may have. */
const longBytesMax = 524_288

/** Connections that may have so much, and requests that may wait with it: 16 MB in all. */
const longMax = 32

const longPath = /^[A-Z]{3,7} \/v1\/(?:enqueue|push)\//
const isLongPath = (target: string): boolean => longPath.test(`GET ${target}`)

/** The longest beginning of a request that `longPath` looks at. */
const beginningBytes = 32

export type LongAddresses = {
  /** Before the listener listens. */
  attach(listener: HttpServer): void
  /** Stands before every other listener of requests. */
  readonly before: (listener: RequestListener) => RequestListener
  /** Closes connections that have not said anything yet. */
  closeSilent(): void
}

/** What scripts ask. A client that asked on the same connection before would have the small bound. */
const isScriptPath = (target: string): boolean =>
  target.startsWith('/v1/') || target.startsWith('/version')

export function createLongAddresses(
  limits: HeadLimits,
  proxies: BlockList | undefined,
): LongAddresses {
  const silence = createSilence(limits.timeoutMs)
  const scripts = new Set<Socket>()
  const ofProxies = new WeakSet<Socket>()
  let underWay = 0

  /** Whether a connection that has begun with these bytes gets the large bound. */
  function isScript(socket: Socket, beginning: Buffer): boolean {
    const text = beginning.subarray(0, beginningBytes).toString('latin1')
    if (scripts.size >= longMax || !longPath.test(text)) return false
    scripts.add(socket)
    socket.once('close', () => scripts.delete(socket))
    return true
  }

  function attach(listener: HttpServer): void {
    const event = listener instanceof TlsServer ? 'secureConnection' : 'connection'
    const [begin] = listener.listeners(event)
    if (begin === undefined) throw new Error(`Node's server listens to no ${event}`)
    let bytesMax = limits.bytesMax
    // Read by Node once for each connection, while it begins.
    Object.defineProperty(listener, 'maxHeaderSize', { get: () => bytesMax })
    const beginWith = (socket: Socket, isLong: boolean): void => {
      bytesMax = isLong ? longBytesMax : limits.bytesMax
      begin.call(listener, socket)
    }
    listener.removeAllListeners(event)
    listener.on(event, (socket: Socket) => {
      if (proxies !== undefined && isAmong(proxies, socket.remoteAddress)) {
        ofProxies.add(socket)
        return beginWith(socket, true)
      }
      silence.until(socket, (beginning) => beginWith(socket, isScript(socket, beginning)))
    })
  }

  /** Undefined where the request may go on. */
  function refusalOf({ socket, url = '', rawHeaders }: IncomingMessage): 431 | 503 | undefined {
    if (!scripts.has(socket) && !ofProxies.has(socket)) return undefined
    const headerBytes = rawHeaders.reduce((sum, text) => sum + text.length, 0)
    if (url.length + headerBytes <= limits.bytesMax) return undefined
    if (headerBytes > limits.bytesMax || !isLongPath(url)) return 431
    return underWay >= longMax ? 503 : undefined
  }

  return {
    attach,
    before: (listener) => (request, response) => {
      const { socket, url = '' } = request
      const refusal = refusalOf(request)
      if (refusal !== undefined) return refuse(response, refusal)
      if (isScriptPath(url) && !ofProxies.has(socket)) response.shouldKeepAlive = false
      if (url.length > limits.bytesMax) {
        underWay += 1
        response.once('close', () => (underWay -= 1))
      }
      return listener(request, response)
    },
    closeSilent: silence.end,
  }
}

function refuse(response: ServerResponse, status: 431 | 503): void {
  const retry = status === 503 ? { 'Retry-After': 2 } : {}
  response.writeHead(status, { 'Content-Length': 0, Connection: 'close', ...retry })
  response.end()
}
