// Sockets that hold back the end of a large body, from a process of their own.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export type HeldLoad = { readonly port: number; readonly sockets: number; readonly seconds: number }

export type HeldHeard = { opened: number; ended: number; sentBytes: number }

/** Resolves when their time is over. */
export function holdEnds(load: HeldLoad): Promise<HeldHeard> {
  const child = fork(fileURLToPath(new URL('./held-process.ts', import.meta.url)))
  return new Promise((resolve, reject) => {
    child.once('message', (heard) => resolve(heard as HeldHeard))
    child.once('exit', (code) => reject(new Error(`the held sockets ended with ${code}`)))
    child.send(load)
  })
}
