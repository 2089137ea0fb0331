// What becomes of a large body that was refused before it was read: nothing of it is kept, and little is read.
import type { IncomingMessage, RequestListener } from 'node:http'
import { freeBytes } from './free-bytes.ts'

/** A body up to this size is read to its end to keep the connection; a larger one costs more than a new connection. */
const drainedBytesMax = 65_536

/** Time for the answer to reach a client that is still sending. */
const lingerMs = 2_000

/**
 * Connections that are read on meanwhile. Some clients look at no answer before they have sent all; where many send at
 * once what is refused, reading it would take all the time there is.
 */
const readOnMax = 8

/** Closes the connection of a request that was answered while much of its body had not come yet. */
export function createCloseUnread(): (listener: RequestListener) => RequestListener {
  let readOn = 0

  function letGo(request: IncomingMessage): void {
    if (request.complete) return
    const { socket } = request
    const cut = setTimeout(() => socket.destroy(), lingerMs).unref()
    if (readOn >= readOnMax) {
      stopReading(request)
      socket.end()
      return
    }
    readOn += 1
    request.on('data', freeBytes).resume()
    // Read to its end, the connection serves the next request. `close` comes in either case, once.
    request.once('end', () => clearTimeout(cut))
    request.once('close', () => (readOn -= 1))
  }

  return (listener) => (request, response) => {
    if (!isDrained(request)) response.once('finish', () => letGo(request))
    return listener(request, response)
  }
}

/** Whether the body is short enough to be read to its end, whatever the answer is. */
export function isDrained({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const { 'content-length': bytes = '0', 'transfer-encoding': coding } = headers
  return coding === undefined && Number(bytes) <= drainedBytesMax
}

/** Node would read on as fast as the client sends. What has come already is 64 kB a connection. */
function stopReading(request: IncomingMessage): void {
  request.pause()
  const come: unknown = request.read()
  if (come instanceof Uint8Array) freeBytes(come)
  request.socket.pause()
}
