// The lane of each connection, and when a connection is not read from.
import type { Socket } from 'node:net'
import { createLane, type Lane, type Lanes } from './lanes.ts'

/** Requests that may wait on one connection. No agent, device or proxy asks again before it was answered. */
const laneMax = 16

export type Connections<Item> = {
  laneOf(socket: Socket): Lane<Item>
  /** To be called when something was added to a connection's lane: a full one is not read from. */
  added(socket: Socket): void
  /** To be called when something has left it: with room again it is. */
  left(socket: Socket): void
}

/** What waits on a connection that closes is forgotten. */
export function createConnections<Item>(lanes: Lanes<Item>): Connections<Item> {
  const known = new WeakMap<Socket, Lane<Item>>()

  function laneOf(socket: Socket): Lane<Item> {
    const lane = known.get(socket) ?? createLane<Item>()
    if (known.has(socket)) return lane
    known.set(socket, lane)
    socket.once('close', () => lanes.drop(lane))
    // Whoever reads a body lets its connection flow again; a full lane's stays as it is.
    socket.on('resume', () => pauseIfFull(socket, lane))
    return lane
  }

  return {
    laneOf,
    added: (socket) => pauseIfFull(socket, laneOf(socket)),
    left(socket) {
      if (laneOf(socket).waiting.length === laneMax - 1) socket.resume()
    },
  }
}

function pauseIfFull(socket: Socket, { waiting }: Lane<unknown>): void {
  if (waiting.length >= laneMax) socket.pause()
}
