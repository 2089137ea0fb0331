// Connections that have not said anything yet.
import type { Socket } from 'node:net'

export type Silence = {
  /** Gives the first bytes of a connection and leaves them to be read again. Closes it if it says nothing in time. */
  until(socket: Socket, heard: (beginning: Buffer) => void): void
  /** Closes all of them. */
  end(): void
}

export function createSilence(timeoutMs: number): Silence {
  const silent = new Set<Socket>()
  return {
    until(socket, heard) {
      const hangUp = (): void => void socket.destroy()
      const forget = (): void => {
        silent.delete(socket)
        for (const name of ['error', 'timeout', 'end']) socket.removeListener(name, hangUp)
      }
      silent.add(socket)
      socket.once('close', forget)
      for (const name of ['error', 'timeout', 'end']) socket.on(name, hangUp)
      socket.setTimeout(timeoutMs)
      socket.once('data', (beginning: Buffer) => {
        forget()
        socket.removeListener('close', forget)
        socket.setTimeout(0)
        socket.pause()
        socket.unshift(beginning)
        heard(beginning)
        process.nextTick(() => socket.resume())
      })
    },
    end() {
      for (const socket of silent) socket.destroy()
    },
  }
}
