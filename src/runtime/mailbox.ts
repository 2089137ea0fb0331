/** Events waiting for one host: more means the host is stuck or abused, and its sender should retry. */
export const mailboxMax = 64

/**
 * Jobs of one host, strictly one after another.
 *
 * A job returns a promise while the host must wait for it (its commit), or nothing when it is done.
 */
export type Mailbox = {
  /** False when the mailbox is full; the job is then not taken. */
  post(job: Job): boolean
  waiting(): number
  /** Nothing waits and nothing runs. */
  idle(): boolean
}

export type Job = () => Promise<void> | undefined

export function createMailbox(): Mailbox {
  const queue: Job[] = []
  let busy = false
  let running = false
  /** A job may post to its own mailbox: that one waits, and is reached by whoever started this one. */
  function start(job: Job): void {
    running = true
    const pending = job()
    running = false
    if (pending === undefined) return
    busy = true
    // Jobs turn every failure into an answer, so a rejection here is a bug and must surface.
    void pending.then(() => {
      busy = false
      startWaiting()
    })
  }
  function startWaiting(): void {
    while (!busy) {
      const job = queue.shift()
      if (job === undefined) break
      start(job)
    }
  }
  return {
    post(job) {
      if (queue.length >= mailboxMax) return false
      if (busy || running) {
        queue.push(job)
        return true
      }
      start(job)
      startWaiting()
      return true
    },
    waiting: () => queue.length,
    idle: () => !busy && !running && queue.length === 0,
  }
}
