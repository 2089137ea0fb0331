// Messages that a receiver refuses again and again while it takes others: each would hold up its host for days.

export type DeadLetters = {
  /** The receiver took a message. */
  taken(webhookId: string): void
  /** How often this message was refused in a row with another one taken since the refusal before. */
  refused(webhookId: string, deliveryId: string): number
  /** It is over, one way or the other. */
  forget(deliveryId: string): void
}

/** So many such refusals, some five minutes apart in all, and the message is given up. */
export const refusalsMax = 5

/** Messages remembered; beyond them the one refused longest ago begins anew. */
const messagesMax = 10_000

type Refused = { count: number; takenBefore: number }

/** In memory only: after a restart a message has its refusals anew. A receiver that is down takes nothing else either. */
export function createDeadLetters(): DeadLetters {
  /** Messages each webhook took since the start. */
  const taken = new Map<string, number>()
  const messages = new Map<string, Refused>()
  return {
    taken: (webhookId) => void taken.set(webhookId, (taken.get(webhookId) ?? 0) + 1),
    refused(webhookId, id) {
      const now = taken.get(webhookId) ?? 0
      const before = messages.get(id)
      const isAlone = before !== undefined && now > before.takenBefore
      const count = (before?.count ?? 0) + (isAlone ? 1 : 0)
      messages.delete(id)
      messages.set(id, { count, takenBefore: now })
      const [oldest] = messages.size > messagesMax ? messages.keys() : []
      if (oldest !== undefined) messages.delete(oldest)
      return count
    },
    forget: (id) => void messages.delete(id),
  }
}
