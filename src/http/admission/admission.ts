// The order in which requests begin, and who is sent away when more ask than can be answered in time.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { askedOf, type Urgency } from './asked.ts'
import { createLane, createLanes, type Lane } from './lanes.ts'
import { createNotice } from './notice.ts'
import { type Chance, refuseOverloaded } from './refusal.ts'

export type Admission = {
  /** The listener, asked for each request when its turn has come. */
  readonly before: (listener: RequestListener) => RequestListener
  readonly stats: () => AdmissionStats
}

export type AdmissionStats = {
  /** Requests that have not begun. */
  readonly waiting: number
  /** Connections whose turn it could be. */
  readonly inLine: number
  /** How long the last one stood in line. */
  readonly inLineMs: number
  /** Requests refused since the start. */
  readonly refused: number
}

export type AdmissionOptions = {
  readonly chance: Chance
  /** A clock that never goes back, in milliseconds. */
  readonly elapsedMs: () => number
  /** Turns that wait for the disk. */
  readonly writing: () => number
  readonly warn: (sentence: string) => void
}

/** Begun in one go, some milliseconds; then whoever came meanwhile joins the line. */
const begunAtOnce = 16

/** Turns that may wait for the disk while others begin: more than it takes in one commit. */
const writingMax = 2_048

/** With the disk that far behind, how soon to look again. */
const againMs = 5

/** Requests that may wait on one connection. No agent, device or proxy asks again before it was answered. */
const laneMax = 16

/** So many connections in line wait only for a moment, whatever holds us up: nobody is refused for them. */
const calmMax = 1_024

/** Requests that may wait, some kilobytes each: beyond it only whoever has none waiting yet may ask. */
const waitingMax = 16_384

/** Agents give up after 16 s, so whoever would wait much longer is told at once to come later; polls first. */
const patienceMs: Readonly<Record<Urgency, number>> = { poll: 4_000, deed: 8_000 }

type Waiting = {
  readonly request: IncomingMessage
  readonly response: ServerResponse<IncomingMessage>
  readonly listener: RequestListener
}

/**
 * Each connection has its turn after every other, with one request at a time. Whoever asks faster than it is answered
 * waits in its own lane, and is not read from once that is full: asking more gets nobody more and costs us nothing,
 * so there is no overload to be recognised and nobody to be judged.
 *
 * Only where so many connections ask that the last would wait too long some are refused, with 503 in the words of
 * whoever asks: polls first, what brings something last.
 */
export function createAdmission(options: AdmissionOptions): Admission {
  const { chance, elapsedMs, writing } = options
  const laneOfSocket = new WeakMap<Socket, Lane<Waiting>>()
  const lanes = createLanes<Waiting>(elapsedMs)
  const note = createNotice(options)
  let [inLineMs, refused, isScheduled] = [0, 0, false]

  function laneOf(socket: Socket): Lane<Waiting> {
    const known = laneOfSocket.get(socket)
    if (known !== undefined) return known
    const lane = createLane<Waiting>()
    laneOfSocket.set(socket, lane)
    socket.once('close', () => lanes.drop(lane))
    // Whoever reads a body lets its connection flow again; a full lane's stays as it is.
    socket.on('resume', () => {
      if (isFull(lane)) socket.pause()
    })
    return lane
  }

  function isTooMuch(lane: Lane<Waiting>, urgency: Urgency): boolean {
    if (lane.waiting.length > 0 && lanes.waiting() >= waitingMax) return true
    return lanes.inLine() > calmMax && inLineMs > patienceMs[urgency]
  }

  const isBehind = (): boolean => writing() > writingMax

  function schedule(): void {
    if (isScheduled || lanes.inLine() === 0) return
    isScheduled = true
    if (isBehind()) setTimeout(beginSome, againMs)
    else setImmediate(beginSome)
  }

  function beginSome(): void {
    isScheduled = false
    for (let begun = 0; begun < begunAtOnce && !isBehind(); begun += 1) begin()
    schedule()
  }

  function begin(): void {
    const turn = lanes.next()
    if (turn === undefined) return
    const { lane, item } = turn
    inLineMs = turn.inLineMs
    if (lane.waiting.length === laneMax - 1) item.request.socket.resume()
    item.response.once('close', () => {
      lanes.done(lane)
      schedule()
    })
    item.listener(item.request, item.response)
  }

  return {
    before: (listener) => (request, response) => {
      const { audience, urgency } = askedOf(request.url ?? '')
      const lane = laneOf(request.socket)
      if (isTooMuch(lane, urgency)) {
        refused += 1
        note()
        refuseOverloaded(response, audience, chance)
        return
      }
      lanes.add(lane, { request, response, listener })
      if (isFull(lane)) request.socket.pause()
      schedule()
    },
    stats: () => ({ waiting: lanes.waiting(), inLine: lanes.inLine(), inLineMs, refused }),
  }
}

const isFull = ({ waiting }: Lane<Waiting>): boolean => waiting.length >= laneMax
