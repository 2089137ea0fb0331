import type { Appended } from './logs.ts'

export type LogQueue = {
  append(bytes: Uint8Array): Promise<Appended>
  close(): Promise<void>
}

export type LogQueueOptions = {
  /** Puts the bytes on disk. Called with one group at a time. */
  readonly write: (bytes: Uint8Array) => Promise<Appended>
  readonly pendingBytesMax: number
}

type Waiting = { readonly bytes: Uint8Array; readonly settle: (appended: Appended) => void }

/** One sync serves at most this much, so that a backlog does not make everyone wait for all of it. */
const groupBytesMax = 8 * 1024 * 1024

/** Group commit: appends that come while the disk is busy share the next write and sync. */
export function createLogQueue({ write, pendingBytesMax }: LogQueueOptions): LogQueue {
  let waiting: Waiting[] = []
  let pendingBytes = 0
  let draining: Promise<void> | undefined
  let closed = false

  return { append, close }

  function append(bytes: Uint8Array): Promise<Appended> {
    if (closed) {
      return Promise.resolve({ ok: false, error: { kind: 'unavailable', detail: 'closed' } })
    }
    // A batch alone is always taken: the door has bounded it, and refused it would come back for ever.
    if (pendingBytes > 0 && pendingBytes + bytes.length > pendingBytesMax) {
      return Promise.resolve({ ok: false, error: { kind: 'overloaded' } })
    }
    pendingBytes += bytes.length
    return new Promise((settle) => {
      waiting.push({ bytes, settle })
      draining ??= drain()
    })
  }

  async function drain(): Promise<void> {
    // Starting a microtask later lets appends that arrive together be written together.
    await Promise.resolve()
    while (waiting.length > 0) {
      const group = takeGroup()
      const appended = await write(Buffer.concat(group.map(({ bytes }) => bytes)))
      for (const { bytes, settle } of group) {
        pendingBytes -= bytes.length
        settle(appended)
      }
    }
    draining = undefined
  }

  function takeGroup(): readonly Waiting[] {
    let bytes = 0
    const beyond = waiting.findIndex((item) => (bytes += item.bytes.length) > groupBytesMax)
    const count = beyond === -1 ? waiting.length : Math.max(1, beyond)
    const group = waiting.slice(0, count)
    waiting = waiting.slice(count)
    return group
  }

  async function close(): Promise<void> {
    closed = true
    await draining
  }
}
