// Clients that ask for more than their share, each kind in a way of its own, from a process of their own.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Call } from '../../bench/devices.ts'

/** How somebody is greedy. */
export type Greed = {
  readonly connections: number
  /** Questions on one connection before the first is answered; null for as many as it takes. */
  readonly depth: number | null
  /** Asks all it wants on the connections it has; otherwise each question comes on a new one. */
  readonly keepsConnections: boolean
}

export const greeds = {
  'asks the next before the last is answered': {
    connections: 64,
    depth: 32,
    keepsConnections: true,
  },
  'never waits for an answer': { connections: 64, depth: null, keepsConnections: true },
  'connects anew each time': { connections: 64, depth: 1, keepsConnections: false },
} as const satisfies Readonly<Record<string, Greed>>

export type GreedyLoad = {
  readonly port: number
  readonly greed: Greed
  readonly perSecond: number
  readonly calls: readonly [Call, ...Call[]]
}

/** Questions that were due, that went out, and that were answered with a 200. */
export type GreedyHeard = { readonly due: number; readonly sent: number; readonly taken: number }

/** Starts to ask at a fixed rate, whatever it is answered. Resolves to how to end it. */
export async function startGreedy(load: GreedyLoad): Promise<() => Promise<GreedyHeard>> {
  const child = fork(fileURLToPath(new URL('./greedy-process.ts', import.meta.url)))
  const { promise, resolve, reject } = Promise.withResolvers<GreedyHeard>()
  child.once('message', (heard) => resolve(heard as GreedyHeard))
  child.once('exit', (code) => reject(new Error(`the greedy clients ended with ${code}`)))
  child.send(load)
  return () => {
    child.send('stop')
    return promise
  }
}
