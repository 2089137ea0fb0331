// The one connection of a topic, and the pushes that wait for room on it.
import type { ClientHttp2Session } from 'node:http2'
import type { Result } from '../../result.ts'
import type { World } from '../../runtime/world.ts'
import type { ConnectFault } from './connect.ts'
import { certificateRefused, createLiveSession, type LiveSession } from './live-session.ts'
import { createPatience, type Patience } from './patience.ts'
import { outcomeOf, type PushOutcome, reasonOf } from './reasons.ts'
import type { Ended, PushWish } from './request.ts'
import { createWaitingPushes, type WaitingPush, type WaitingPushes } from './waiting.ts'

export type Line = {
  push(wish: PushWish): Promise<PushOutcome>
  /** The certificate is another: what is under way ends on the old connection, what waits goes over a new one. */
  renew(): void
  close(): Promise<void>
}

type LineOptions = {
  readonly open: () => Promise<Result<ClientHttp2Session, ConnectFault>>
  readonly world: World
}

export function createLine({ open, world }: LineOptions): Line {
  const waiting = createWaitingPushes()
  const patience = createPatience(world)
  let live: LiveSession | undefined
  let opening: Promise<void> | undefined
  let generation = 0
  let isClosed = false

  function pump(): void {
    if (live === undefined) return beginIfNeeded()
    while (live !== undefined && live.room() > 0) {
      const next = waiting.next()
      if (next === undefined) return
      void carry({ waiting, patience, world }, live, next).then(pump)
    }
  }

  function beginIfNeeded(): void {
    if (waiting.isEmpty() || opening !== undefined) return
    const blocked = blockedBy(patience, isClosed)
    if (blocked !== undefined) return waiting.settleAll(blocked)
    opening = begin().finally(() => {
      opening = undefined
      pump()
    })
  }

  /** With another certificate meanwhile, the attempt says nothing. */
  async function begin(): Promise<void> {
    const mine = generation
    const opened = await open()
    if (mine !== generation || isClosed) return opened.ok ? opened.value.close() : undefined
    if (opened.ok) live = watched(opened.value)
    else waiting.settleAll(failedBy(opened.error, patience))
  }

  function watched(session: ClientHttp2Session): LiveSession {
    const on: LiveSession = createLiveSession(session, world, {
      left({ reason, isBarren, refusal }) {
        if (live !== on) return
        live = undefined
        if (isBarren) patience.stumble(reason)
        if (refusal !== undefined) waiting.settleAll(refusal)
        pump()
      },
    })
    return on
  }

  return {
    push(wish) {
      const pushed = waiting.add(wish)
      pump()
      return pushed
    },
    renew() {
      generation += 1
      patience.clear()
      const former = live
      live = undefined
      former?.retire()
      pump()
    },
    async close() {
      isClosed = true
      await opening
      await live?.close()
    },
  }
}

/** Why nothing is tried now. */
function blockedBy(patience: Patience, isClosed: boolean): PushOutcome | undefined {
  if (isClosed) return { kind: 'unavailable', reason: 'the server is stopping' }
  const retryAfterMs = patience.wait()
  return retryAfterMs === 0
    ? undefined
    : { kind: 'unavailable', reason: patience.reason(), retryAfterMs }
}

function failedBy({ reason, isOurs }: ConnectFault, patience: Patience): PushOutcome {
  patience.fail(reason)
  return isOurs
    ? certificateRefused(reason)
    : { kind: 'unavailable', reason, retryAfterMs: patience.wait() }
}

type Means = {
  readonly waiting: WaitingPushes
  readonly patience: Patience
  readonly world: World
}

/** Sends one push and tells how it went, or puts it back when the connection broke under it. */
async function carry(
  { waiting, patience, world }: Means,
  on: LiveSession,
  item: WaitingPush,
): Promise<void> {
  const end = await on.push(item.wish)
  if (end.kind === 'answered') patience.clear()
  const outcome = outcomeFor(end, on, world.now())
  const isLost = outcome.kind === 'unavailable' && end.kind === 'lost'
  if (!isLost || !waiting.again(item)) item.settle(outcome)
  if (isSpent(end, outcome)) on.retire()
}

function outcomeFor(end: Ended, on: LiveSession, now: number): PushOutcome {
  switch (end.kind) {
    case 'answered':
      return outcomeOf(end.answer, now)
    case 'timed-out':
      return { kind: 'unavailable', reason: 'Apple did not answer in time' }
    case 'lost':
      return on.refusal() ?? { kind: 'unavailable', reason: end.reason }
    default:
      return end satisfies never
  }
}

/** Whether the next push should go over another connection. */
function isSpent(end: Ended, outcome: PushOutcome): boolean {
  if (end.kind !== 'answered') return true
  const word = outcome.kind === 'pushed' ? '' : outcome.reason
  return outcome.kind !== 'pushed' && reasonOf(end.answer.status, word).reconnect === true
}
