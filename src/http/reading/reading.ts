// Large bodies are read in a thread of their own: reading one takes up to a second, and polls must not wait for it.
import { Worker } from 'node:worker_threads'
import { fail, ok, type Result } from '../../result.ts'
import type { FromThread, JobName, Jobs, ToThread } from './jobs.ts'

/**
 * Bodies above this are read by the thread. The worst one below it, 21,000 empty log lines, takes some 20 ms
 * where it is; nearly every honest body is far smaller, and costs less than the way to a thread.
 */
export const largeBytesMin = 64 * 1_024

/** Bytes that may wait for the thread: eight of the largest bodies. Who comes later should come again. */
const waitingBytesMax = 256 * 1_024 * 1_024

/** Enough for the largest JSON there may be, built and rendered; a body that needs more must not take it. */
const heapMbDefault = 1_024

export type Asking = <Name extends JobName>(job: Name, ask: Jobs[Name][0]) => Promise<Jobs[Name][1]>

export type Reading = {
  /**
   * Gives the thread to one reader, after those who came before, until `talk` is over.
   * Fails when too many bytes wait, and when the thread died of the body.
   */
  turn<Value>(
    bytes: number,
    talk: (ask: Asking) => Promise<Value>,
  ): Promise<Result<Value, 'overloaded' | 'unavailable'>>
  close(): Promise<void>
}

export function createReading(
  onDeath: (reason: Error) => void,
  heapMbMax: number = heapMbDefault,
): Reading {
  const thread = createThread(onDeath, heapMbMax)
  let waitingBytes = 0
  let last: Promise<unknown> = Promise.resolve()

  return {
    async turn(bytes, talk) {
      if (waitingBytes > 0 && waitingBytes + bytes > waitingBytesMax) return fail('overloaded')
      waitingBytes += bytes
      const mine = last.then(() => talk(thread.ask))
      last = mine.catch(() => undefined)
      try {
        return ok(await mine)
      } catch (error) {
        if (error instanceof ThreadGone) return fail('unavailable')
        throw error
      } finally {
        waitingBytes -= bytes
      }
    },
    close: thread.close,
  }
}

/** The thread ended before it answered. */
class ThreadGone extends Error {}

type Thread = { readonly ask: Asking; close(): Promise<void> }

/** Started with the first large body, and again after a death. One question at a time. */
function createThread(onDeath: (reason: Error) => void, heapMbMax: number): Thread {
  let worker: Worker | undefined
  let waiting: PromiseWithResolvers<FromThread> | undefined
  let closed = false

  function start(): Worker {
    const started = new Worker(new URL('reading-thread.ts', import.meta.url), {
      // The process's own flags (an inspector's port, `--watch`) are not for this thread.
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: heapMbMax },
    })
    // Idle, it must not keep a process alive that forgot to close.
    started.unref()
    let reason = new Error('it ended by itself')
    started.on('message', (reply: FromThread) => waiting?.resolve(reply))
    started.on('error', (error: Error) => (reason = error))
    started.on('exit', () => {
      if (worker === started) worker = undefined
      waiting?.reject(new ThreadGone(reason.message))
      if (!closed) onDeath(reason)
    })
    return started
  }

  return {
    async ask<Name extends JobName>(job: Name, ask: Jobs[Name][0]): Promise<Jobs[Name][1]> {
      if (closed) throw new ThreadGone('closed')
      worker ??= start()
      waiting = Promise.withResolvers<FromThread>()
      worker.postMessage({ job, ask } as ToThread, handedOver(ask))
      const reply = await waiting.promise
      // A throw there is a bug of ours, as it would be here.
      if (!reply.ok) throw new Error(reply.detail)
      // The thread does the job of that name, whose type this is.
      return reply.value as Jobs[Name][1]
    },
    async close() {
      closed = true
      await worker?.terminate()
    },
  }
}

/** A body that is all of its buffer moves to the thread; a part of a larger one is copied. */
function handedOver(ask: Jobs[JobName][0]): ArrayBuffer[] {
  if (!('bytes' in ask)) return []
  const { buffer, byteLength } = ask.bytes
  return buffer instanceof ArrayBuffer && byteLength === buffer.byteLength ? [buffer] : []
}
