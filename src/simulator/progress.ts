/** Where progress is written: a terminal, a log, or nothing. */
export type ProgressSink = { readonly isTTY?: boolean; readonly write: (text: string) => unknown }

export type Progress = {
  readonly show: (line: string) => void
  /** Leaves the last line standing. */
  readonly end: () => void
}

/** One line that rewrites itself on a terminal; elsewhere a line every few seconds. */
export function createProgress(sink: ProgressSink, clock: () => number): Progress {
  let shownAtMs = -Infinity
  let open = false
  return {
    show: (line) => {
      if (sink.isTTY) {
        sink.write(`\r\u001B[2K${line}`)
        open = true
      } else if (clock() - shownAtMs >= quietMs) {
        shownAtMs = clock()
        sink.write(`${line}\n`)
      }
    },
    end: () => {
      if (open) sink.write('\n')
      open = false
    },
  }
}

/** A log of an hour stays readable. */
const quietMs = 5_000
