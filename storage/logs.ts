import { mkdir } from 'node:fs/promises'
import type { LogFile } from './logs-file.ts'
import { openLogFile } from './logs-file.ts'
import type { LogQueue } from './logs-queue.ts'
import { createLogQueue } from './logs-queue.ts'

/** osquery's two kinds of log, and whatever else an agent sends as one. */
export type LogKind = 'result' | 'status' | 'other'

/** Why nothing of an append counts. The agent keeps the batch and sends it again. */
export type LogFault =
  /** Too many bytes wait for the disk. */
  | { readonly kind: 'overloaded' }
  /** Disk full, I/O error, closing. */
  | { readonly kind: 'unavailable'; readonly detail: string }

export type Appended = { readonly ok: true } | { readonly ok: false; readonly error: LogFault }

export type Logs = {
  /** Resolves once every entry is on disk, each as one line of JSON, or none of them counts. */
  appendLogs(kind: LogKind, entries: readonly object[]): Promise<Appended>
  /** The same of lines that are rendered already, each one JSON object and its line break. */
  appendLines(kind: LogKind, lines: Uint8Array): Promise<Appended>
  /** Waits for what was appended; later appends are refused. */
  close(): Promise<void>
}

export type LogOptions = {
  readonly folder: string
  /** A full file is set aside: 64 MiB still opens in an editor and compresses in a second. */
  readonly fileBytesMax?: number
  /** Files kept per kind, the open one included: 16 make a gibibyte. */
  readonly filesMax?: number
  /** Bytes of a kind that may wait for the disk: two of the largest batches. */
  readonly pendingBytesMax?: number
}

const mebi = 1024 * 1024

/** Opens `<folder>/<kind>.ndjson` for each kind, mending what a crash tore. Throws when it cannot. */
export async function openLogs({
  folder,
  fileBytesMax = 64 * mebi,
  filesMax = 16,
  pendingBytesMax = 64 * mebi,
}: LogOptions): Promise<Logs> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const open = async (name: LogKind): Promise<OpenLog> => {
    const file = await openLogFile({ folder, name, fileBytesMax, filesMax })
    return { file, queue: createLogQueue({ write: (bytes) => file.write(bytes), pendingBytesMax }) }
  }
  const logs: Readonly<Record<LogKind, OpenLog>> = {
    result: await open('result'),
    status: await open('status'),
    other: await open('other'),
  }
  return {
    async appendLogs(kind, entries) {
      if (entries.length === 0) return { ok: true }
      // JSON escapes line breaks, so no text in an entry can end its line.
      const lines = entries.map((entry) => `${JSON.stringify(entry)}\n`)
      return logs[kind].queue.append(Buffer.from(lines.join('')))
    },
    appendLines: (kind, lines) => logs[kind].queue.append(lines),
    async close() {
      for (const { queue, file } of Object.values(logs)) {
        await queue.close()
        await file.close()
      }
    },
  }
}

type OpenLog = { readonly file: LogFile; readonly queue: LogQueue }
