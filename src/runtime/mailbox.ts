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
  readonly waiting: number
  /** Nothing waits and nothing runs. */
  readonly idle: boolean
}

export type Job = () => Promise<void> | undefined

export function createMailbox(): Mailbox {
  const queue: Job[] = []
  let busy = false
  let running = false
  function run(): void {
    // A job may post to its own mailbox; the loop that is already running will reach it.
    if (running) return
    running = true
    while (!busy) {
      const job = queue.shift()
      if (job === undefined) break
      const pending = job()
      if (pending === undefined) continue
      busy = true
      // Jobs turn every failure into an answer, so a rejection here is a bug and must surface.
      void pending.then(() => {
        busy = false
        run()
      })
    }
    running = false
  }
  return {
    post(job) {
      if (queue.length >= mailboxMax) return false
      queue.push(job)
      run()
      return true
    },
    get waiting() {
      return queue.length
    },
    get idle() {
      return !busy && !running && queue.length === 0
    },
  }
}
