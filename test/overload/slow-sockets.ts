// Sockets that hold on and give nothing, from a process of their own.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export type SlowLoad = { readonly port: number; readonly sockets: number; readonly seconds: number }

export type SlowHeard = {
  /** Connections ever made, those there were at the end, and those the server ended. */
  readonly opened: number
  readonly open: number
  readonly ended: number
  readonly failed: number
}

/** Resolves when their time is over. */
export function holdSlowly(load: SlowLoad): Promise<SlowHeard> {
  const child = fork(fileURLToPath(new URL('./slow-process.ts', import.meta.url)))
  return new Promise((resolve, reject) => {
    child.once('message', (heard) => resolve(heard as SlowHeard))
    child.once('exit', (code) => reject(new Error(`the slow sockets ended with ${code}`)))
    child.send(load)
  })
}
