import type { Appended } from './logs.ts'
import type { RotationOptions, Tail } from './logs-rotation.ts'
import { openTail, setAside } from './logs-rotation.ts'

export type LogFileOptions = RotationOptions & { readonly fileBytesMax: number }

export type LogFile = {
  /** Resolves once the bytes are on disk. Must not be called again before it did. */
  write(bytes: Uint8Array): Promise<Appended>
  close(): Promise<void>
}

/** One log that grows by whole writes and is set aside when full. */
export async function openLogFile(options: LogFileOptions): Promise<LogFile> {
  let tail: Tail | undefined = await openTail(options)

  return { write, close }

  async function write(bytes: Uint8Array): Promise<Appended> {
    try {
      const { file } = (tail = await roomFor(bytes.length))
      await file.appendFile(bytes)
      await file.datasync()
      tail = { file, size: tail.size + bytes.length }
      return { ok: true }
    } catch (error) {
      await abandon()
      const code = error instanceof Error && 'code' in error ? error.code : error
      return { ok: false, error: { kind: 'unavailable', detail: String(code) } }
    }
  }

  async function roomFor(bytes: number): Promise<Tail> {
    const current = tail ?? (await openTail(options))
    if (current.size === 0 || current.size + bytes <= options.fileBytesMax) return current
    tail = undefined
    return setAside(current, options)
  }

  /**
   * After a failed write or sync nobody knows what of it is on disk, and a second sync of the same handle may
   * claim success for lost bytes. So cut back to what is known and open anew for the next write.
   */
  async function abandon(): Promise<void> {
    const broken = tail
    tail = undefined
    await broken?.file.truncate(broken.size).catch(() => undefined)
    await broken?.file.close().catch(() => undefined)
  }

  async function close(): Promise<void> {
    await tail?.file.close()
    tail = undefined
  }
}
