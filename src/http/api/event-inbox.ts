import type { JournalEntry } from '../../../storage/queries.ts'
import type { World } from '../../runtime/world.ts'

/** Entries kept for a client that reads slowly; past that its stream ends and it resumes from the journal. */
export const inboxMax = 1_000

export type Inbox = {
  post(entry: JournalEntry): void
  /** The next entry, `quiet` when none came in time, `closed` when none ever will. */
  take(withinMs: number): Promise<JournalEntry | 'quiet' | 'closed'>
  close(): void
}

/** A bounded queue between commits, which never wait, and one reader. */
export function createInbox(world: World): Inbox {
  const queue: JournalEntry[] = []
  let closed = false
  let wake: (() => void) | undefined

  const close = (): void => {
    closed = true
    queue.length = 0
    wake?.()
  }
  return {
    close,
    post(entry) {
      if (closed) return
      if (queue.length >= inboxMax) return close()
      queue.push(entry)
      wake?.()
    },
    async take(withinMs) {
      if (queue.length === 0 && !closed) {
        const { promise, resolve } = Promise.withResolvers<void>()
        wake = resolve
        const timer = world.later(resolve, withinMs)
        await promise
        timer.cancel()
        wake = undefined
      }
      return queue.shift() ?? (closed ? 'closed' : 'quiet')
    },
  }
}
