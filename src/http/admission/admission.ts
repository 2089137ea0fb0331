// The order in which requests begin, and who is sent away when more ask than can be answered in time.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { askedOf, type Urgency } from './asked.ts'
import { createConnections } from './connections.ts'
import { createLanes, type Lane } from './lanes.ts'
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
  /** Connections that stand in line, but for those that asked on before they were answered. */
  readonly inLine: number
  /** How long the last of these whose turn came had stood there. */
  readonly inLineMs: number
  /** Requests refused since the start. */
  readonly refused: number
}

export type AdmissionOptions = {
  readonly chance: Chance
  /** A clock that never goes back, in milliseconds. */
  readonly elapsedMs: () => number
  /** Runs a task once everybody who has spoken meanwhile was heard. */
  readonly soon: (task: () => void) => void
  readonly warn: (sentence: string) => void
}

/** Begun in one go, some milliseconds; then whoever came meanwhile joins the line. */
const begunAtOnce = 16

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
 * waits in its own lane, behind those who do not, and is not read from once that is full: asking more gets nobody
 * more and costs us little, so there is no overload to be recognised and nobody to be judged.
 *
 * Only where so many connections ask that the last would wait too long some are refused, with 503 in the words of
 * whoever asks: polls first, what brings something last.
 */
export function createAdmission(options: AdmissionOptions): Admission {
  const { chance, elapsedMs, soon } = options
  const lanes = createLanes<Waiting>(elapsedMs)
  const connections = createConnections(lanes)
  const note = createNotice(options)
  let [refused, isScheduled] = [0, false]

  function isTooMuch(lane: Lane<Waiting>, urgency: Urgency): boolean {
    if (lane.waiting.length > 0 && lanes.waiting() >= waitingMax) return true
    return lanes.inLine() > calmMax && lanes.inLineMs() > patienceMs[urgency]
  }

  function schedule(): void {
    if (isScheduled || !lanes.isReady()) return
    isScheduled = true
    soon(beginSome)
  }

  function beginSome(): void {
    isScheduled = false
    for (let begun = 0; begun < begunAtOnce; begun += 1) begin()
    schedule()
  }

  function begin(): void {
    const turn = lanes.next()
    if (turn === undefined) return
    const { lane, item } = turn
    connections.left(item.request.socket)
    item.response.once('close', () => {
      lanes.done(lane)
      schedule()
    })
    item.listener(item.request, item.response)
  }

  return {
    before: (listener) => (request, response) => {
      const { audience, urgency } = askedOf(request.url ?? '')
      const lane = connections.laneOf(request.socket)
      if (isTooMuch(lane, urgency)) {
        refused += 1
        note()
        refuseOverloaded(response, audience, chance)
        return
      }
      lanes.add(lane, { request, response, listener })
      connections.added(request.socket)
      schedule()
    },
    stats: () => ({
      waiting: lanes.waiting(),
      inLine: lanes.inLine(),
      inLineMs: lanes.inLineMs(),
      refused,
    }),
  }
}
