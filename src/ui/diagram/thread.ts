import { Worker } from 'node:worker_threads'
import type { Chart } from './chart.ts'
import type { Geometry } from './geometry.ts'
import type { Direction } from './graph.ts'

/** What the layout thread is asked, and what it answers. */
export type Job = { readonly ticket: number; readonly chart: Chart; readonly direction: Direction }
export type Reply =
  | { readonly ticket: number; readonly geometry: Geometry }
  | { readonly ticket: number; readonly message: string }

export type LayoutThread = {
  /** Rejects with one sentence when the layout fails, takes too long, or the thread is closed. */
  readonly lay: (chart: Chart, direction: Direction) => Promise<Geometry>
  readonly close: () => Promise<void>
}

/** A chart of 90 states takes a second; one that needs thirty is not going to end. */
const layoutMsMax = 30_000

type Waiting = {
  readonly resolve: (geometry: Geometry) => void
  readonly reject: (reason: Error) => void
  readonly deadline: NodeJS.Timeout
}

/** One worker thread that lays charts out, started with the first chart and again after a death. */
export function createLayoutThread(): LayoutThread {
  const waiting = new Map<number, Waiting>()
  let thread: Worker | undefined
  let closed = false
  let tickets = 0

  const settle = (ticket: number): Waiting | undefined => {
    const one = waiting.get(ticket)
    waiting.delete(ticket)
    clearTimeout(one?.deadline)
    // An idle thread must not keep a process alive that forgot to close.
    if (waiting.size === 0) thread?.unref()
    return one
  }

  const end = async (sentence: string): Promise<void> => {
    const ending = thread
    thread = undefined
    for (const ticket of waiting.keys()) settle(ticket)?.reject(new Error(sentence))
    await ending?.terminate()
  }

  const hear = (reply: Reply): void => {
    const one = settle(reply.ticket)
    if ('geometry' in reply) one?.resolve(reply.geometry)
    else one?.reject(new Error(reply.message))
  }

  const start = (): Worker => {
    // The process's own flags (`--input-type`, `--watch`, an inspector's port) are not for this thread.
    const started = new Worker(new URL('layout-thread.ts', import.meta.url), { execArgv: [] })
    started.on('message', hear)
    started.on('error', ({ message }) => {
      if (thread === started) void end(`the layout thread died: ${message}`)
    })
    return started
  }

  const lay: LayoutThread['lay'] = (chart, direction) =>
    new Promise((resolve, reject) => {
      if (closed) return reject(new Error('the layout thread is closed'))
      thread ??= start()
      const ticket = tickets++
      const deadline = setTimeout(() => {
        void end(`no layout after ${layoutMsMax} ms`)
      }, layoutMsMax)
      waiting.set(ticket, { resolve, reject, deadline })
      thread.ref()
      thread.postMessage({ ticket, chart, direction } satisfies Job)
    })

  const close = (): Promise<void> => {
    closed = true
    return end('the layout thread is closed')
  }
  return { lay, close }
}
