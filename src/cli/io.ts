/** One stream of the terminal, or of what stands in its place. */
export type Output = {
  readonly isTTY: boolean
  /** Undefined where nobody looks at it: then nothing is cut. */
  readonly columns: number | undefined
  /** Resolves when more may be written, so that a slow reader slows us down. */
  readonly write: (chunk: string | Uint8Array) => Promise<void>
}

type Input = {
  readonly isTTY: boolean
  /** Everything up to its end. Fails with undefined past `bytesMax`. */
  readonly read: (bytesMax: number) => Promise<Uint8Array | undefined>
  /** One line after a prompt on stderr; undefined when the input ends first. */
  readonly line: (prompt: string) => Promise<string | undefined>
}

/** The world of one run: all of it may be replaced. */
export type Io = {
  readonly stdout: Output
  readonly stderr: Output
  readonly stdin: Input
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Milliseconds from anywhere, which no change of the clock moves: for waiting. */
  readonly elapsedMs: () => number
}

export type Env = Readonly<Record<string, string | undefined>>
