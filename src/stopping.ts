// How a listener ends without hanging up on anybody who was heard.
import type { RequestListener, ServerResponse } from 'node:http'
import { Server, type Socket } from 'node:net'

/**
 * How long nobody may have asked before idle connections are closed. A client in the middle of its work comes back
 * within milliseconds for a last answer, which tells it to go; closed at once, its next request would cross the end on
 * the wire and be lost.
 */
const quietMs = 250

/** Where somebody asks again and again on new pretexts, idle connections are closed after this all the same. */
const patienceMs = 2_000

/** How often to look for connections that have nothing more to say. */
const lookMs = 20

/** How long requests under way may take once the server is told to stop. */
const drainMs = 10_000

/** The part of an HTTP server that it takes to end it. */
type Ending = Server & { closeIdleConnections(): void; closeAllConnections(): void }

export type Leave = {
  /** Stands before every other listener of requests. */
  readonly before: (listener: RequestListener) => RequestListener
  /**
   * Accepts nobody any more, answers whoever is here for the last time, resolves when all have gone.
   *
   * `closeSilent` closes connections that have said nothing yet, which Node's server does not know.
   */
  readonly take: (server: Ending, closeSilent: () => void) => Promise<void>
}

export function createLeave(): Leave {
  // What was last asked on each connection: the answers that are still to come are among them.
  const latest = new Map<Socket, ServerResponse>()
  let isLeaving = false
  let heardAt = 0

  function remember(socket: Socket, response: ServerResponse): void {
    if (!latest.has(socket)) socket.once('close', () => latest.delete(socket))
    latest.set(socket, response)
  }

  return {
    before: (listener) => (request, response) => {
      if (isLeaving) {
        heardAt = performance.now()
        response.shouldKeepAlive = false
      }
      remember(request.socket, response)
      return listener(request, response)
    },
    async take(server, closeSilent) {
      isLeaving = true
      for (const response of latest.values()) response.shouldKeepAlive = false
      const { promise, resolve } = Promise.withResolvers<void>()
      // An HTTP server would close idle connections along with itself, and only those that are idle now.
      Server.prototype.close.call(server, () => resolve())
      const leftAt = (heardAt = performance.now())
      const looking = setInterval(() => {
        const now = performance.now()
        const isQuiet = now - heardAt > quietMs || now - leftAt > patienceMs
        // Idle to Node is whoever was answered, even while the answer is still on its way over a poor line.
        if (!isQuiet || [...latest.values()].some(isUnderWay)) return
        server.closeIdleConnections()
        closeSilent()
      }, lookMs)
      const late = setTimeout(() => {
        server.closeAllConnections()
        closeSilent()
      }, drainMs)
      await promise
      for (const timer of [looking, late]) clearTimeout(timer)
    },
  }
}

const isUnderWay = ({ writableEnded, writableFinished }: ServerResponse): boolean =>
  writableEnded && !writableFinished
