// Stands before all routing: under overload a refusal must cost next to nothing, or refusing is what we drown in.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import {
  type AskKind,
  createOverload,
  newStanding,
  observedEveryMs,
  type Standing,
} from './overload.ts'

export type Gate = {
  /** Lets through what is admitted and answers the rest itself. */
  readonly before: (listener: RequestListener) => RequestListener
  /** Answers whoever is still held, so that connections can close. */
  stop(): void
}

export type GateOptions = {
  /** Connections that carry many devices: they are not slowed for what one of these does. */
  readonly isProxy: (address: string) => boolean
  /** Hears when overload begins and ends. */
  readonly overloaded: (isOverloaded: boolean) => void
}

/** Refusals that wait for their time; beyond these connections are closed, which costs least of all. */
const heldMax = 20_000

const lagResolutionMs = 10

export function createGate({ isProxy, overloaded }: GateOptions): Gate {
  const overload = createOverload(() => performance.now())
  const standings = new WeakMap<Socket, Standing>()
  const held = new Set<() => void>()
  const stopWatching = watchLag((lagMs) => {
    const was = overload.isOverloaded()
    overload.observe(lagMs)
    if (overload.isOverloaded() !== was) overloaded(!was)
  })

  /** Behind a proxy nobody's standing is known: each request is judged by itself. */
  function standingOf({ socket }: IncomingMessage): Standing {
    const known = standings.get(socket)
    if (known !== undefined) return known
    const standing = newStanding()
    if (!isProxy(socket.remoteAddress ?? '')) standings.set(socket, standing)
    return standing
  }

  /** Nothing more is read from the connection meanwhile: what it sends on waits in its own kernel's buffers. */
  function hold(request: IncomingMessage, response: ServerResponse, holdMs: number): void {
    const { socket } = request
    if (held.size >= heldMax) {
      socket.destroy()
      return
    }
    const release = (): void => {
      if (!held.delete(release)) return
      clearTimeout(timer)
      refuse(request, response)
      socket.resume()
    }
    const timer = setTimeout(release, holdMs)
    held.add(release)
    socket.pause()
    response.once('close', () => {
      clearTimeout(timer)
      held.delete(release)
    })
  }

  return {
    before: (listener) => (request, response) => {
      const kind = kindOf(request)
      if (kind === undefined) return listener(request, response)
      const verdict = overload.judge(standingOf(request), kind)
      if (verdict.kind === 'refused') return hold(request, response, verdict.holdMs)
      response.once('close', () => overload.done(kind))
      return listener(request, response)
    },
    stop() {
      stopWatching()
      for (const release of held) release()
    },
  }
}

const agentsPath = /^\/api\/(?:v1\/)?osquery\/([^?]*)/

/** Undefined for whoever is no device: operators are few, and must reach a server in trouble. */
function kindOf({ url = '', headers }: IncomingMessage): AskKind | undefined {
  if (url.startsWith('/mdm')) {
    const isCheckin = headers['content-type']?.startsWith('application/x-apple-aspen-mdm-checkin')
    return isCheckin === true || url.startsWith('/mdm/checkin') ? 'vital' : 'report'
  }
  const route = agentsPath.exec(url)?.[1]
  if (route === undefined) return undefined
  return route === 'distributed/read' || route === 'config' ? 'poll' : 'vital'
}

/** Agents read nothing but the body, and take an empty one for success. */
const agentsBody = JSON.stringify({ error: 'overloaded, retry' })

/** In seconds; honest clients spread what they do anyway. */
const retryAfter = '2'

/** Larger bodies are not worth reading to keep a connection. */
const drainedBytesMax = 65_536

function refuse(request: IncomingMessage, response: ServerResponse): void {
  const body = request.url?.startsWith('/mdm') === true ? '' : agentsBody
  const length = Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY)
  response.writeHead(503, {
    'Content-Length': String(Buffer.byteLength(body)),
    ...(body !== '' && { 'Content-Type': 'application/json' }),
    'Retry-After': retryAfter,
    ...(length > drainedBytesMax && { Connection: 'close' }),
  })
  response.end(body)
}

/** Tells how late the event loop was on average, a few times a second. Resolves to how to stop. */
function watchLag(tell: (lagMs: number) => void): () => void {
  const delay = monitorEventLoopDelay({ resolution: lagResolutionMs })
  delay.enable()
  const timer = setInterval(() => {
    // The histogram holds whole intervals; nothing was measured when the loop never got there.
    const lagMs = delay.count === 0 ? observedEveryMs : delay.mean / 1e6 - lagResolutionMs
    delay.reset()
    tell(lagMs)
  }, observedEveryMs)
  timer.unref()
  return () => {
    clearInterval(timer)
    delay.disable()
  }
}
