// The terminal this process has, and the ways a run is ended from outside.
import process from 'node:process'
import { createInterface } from 'node:readline/promises'
import type { Io, Output } from './io.ts'

export type ProcessIo = {
  readonly io: Io
  /** Aborted at the first Ctrl-C, and when whoever reads our output has left. */
  readonly signal: AbortSignal
}

/** A second Ctrl-C ends the process: nobody listens for it any more. */
export function createProcessIo(): ProcessIo {
  const ending = new AbortController()
  process.once('SIGINT', () => ending.abort('interrupted'))
  const leave = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') throw error
    ending.abort('output-closed')
  }
  return {
    io: {
      stdout: outputOf(process.stdout, leave),
      stderr: outputOf(process.stderr, leave),
      stdin: {
        isTTY: process.stdin.isTTY,
        read: readAll,
        line: (prompt) => askLine(prompt, ending.signal),
      },
      now: Date.now,
      elapsedMs: () => performance.now(),
    },
    signal: ending.signal,
  }
}

function outputOf(
  stream: NodeJS.WriteStream,
  leave: (error: NodeJS.ErrnoException) => void,
): Output {
  stream.on('error', leave)
  return {
    isTTY: stream.isTTY,
    get columns() {
      return stream.isTTY ? stream.columns : undefined
    },
    write: (chunk) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      // Resolves with an error too: the stream's own listener has heard of it.
      stream.write(chunk, () => resolve())
      return promise
    },
  }
}

async function readAll(bytesMax: number): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of process.stdin) {
    const bytes = Buffer.from(chunk as Uint8Array)
    length += bytes.length
    if (length > bytesMax) return undefined
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}

async function askLine(prompt: string, signal: AbortSignal): Promise<string | undefined> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await lines.question(prompt, { signal })
  } catch {
    return undefined
  } finally {
    lines.close()
  }
}
