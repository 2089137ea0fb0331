import { Worker } from 'node:worker_threads'

/** Talks to a thread of ours: each message gets exactly one answer, in order. */
export type Exchange<Ask, Answer> = {
  /** The thread's first word, once it is ready or has refused to start. */
  readonly first: Promise<Answer>
  /** Rejects when the thread is gone, or goes before it answered. */
  ask(message: Ask): Promise<Answer>
  waiting(): number
}

type Pending<Answer> = {
  readonly resolve: (answer: Answer) => void
  readonly reject: (reason: Error) => void
}

/** Starts the thread at `url`. `onEnd` is told once when it ends, by itself or by a fault. */
export function createExchange<Ask, Answer>(
  url: URL,
  workerData: unknown,
  onEnd: (reason: Error) => void,
): Exchange<Ask, Answer> {
  const worker = new Worker(url, { workerData })
  const pending: Pending<Answer>[] = []
  let ended: Error | undefined
  const awaited = (): Promise<Answer> =>
    new Promise((resolve, reject) => void pending.push({ resolve, reject }))

  function end(reason: Error): void {
    if (ended !== undefined) return
    ended = reason
    for (const { reject } of pending.splice(0)) reject(reason)
    onEnd(reason)
  }
  worker.on('message', (answer: Answer) => pending.shift()?.resolve(answer))
  worker.on('messageerror', end)
  worker.on('error', end)
  worker.on('exit', (code) => end(new Error(`the thread ended with code ${code}`)))

  return {
    first: awaited(),
    ask(message) {
      if (ended !== undefined) return Promise.reject(ended)
      // Sent first: a message that cannot be cloned throws here, and then no answer is to come.
      worker.postMessage(message)
      return awaited()
    },
    waiting: () => pending.length,
  }
}
