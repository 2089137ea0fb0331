// Pushes that wait for room on their topic's connection.
import type { PushOutcome } from './reasons.ts'
import type { PushWish } from './request.ts'

export type WaitingPush = {
  readonly wish: PushWish
  /** Which try the next one is. */
  readonly tries: number
  readonly settle: (outcome: PushOutcome) => void
}

export type WaitingPushes = {
  add(wish: PushWish): Promise<PushOutcome>
  next(): WaitingPush | undefined
  /** Puts back what got no answer, in front; false when it was tried often enough. */
  again(push: WaitingPush): boolean
  isEmpty(): boolean
  settleAll(outcome: PushOutcome): void
}

/** The outbox has 256 under way and scripts a few hundred, so more means that we leak. */
const waitingMax = 4_096

/** A push whose connection broke is tried once more at once; after that it is the outbox's turn. */
const triesMax = 2

export function createWaitingPushes(): WaitingPushes {
  const waiting: WaitingPush[] = []
  return {
    add(wish) {
      if (waiting.length >= waitingMax)
        return Promise.resolve({ kind: 'unavailable', reason: 'too many pushes wait' })
      const { promise, resolve: settle } = Promise.withResolvers<PushOutcome>()
      waiting.push({ wish, tries: 1, settle })
      return promise
    },
    next: () => waiting.shift(),
    again(push) {
      if (push.tries >= triesMax) return false
      waiting.unshift({ ...push, tries: push.tries + 1 })
      return true
    },
    isEmpty: () => waiting.length === 0,
    settleAll(outcome) {
      for (const { settle } of waiting.splice(0)) settle(outcome)
    },
  }
}
