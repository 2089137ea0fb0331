import type { Result } from '../result.ts'
import type { Client } from './client.ts'
import type { Fault } from './fault.ts'
import type { Format } from './format.ts'
import type { Env, Io } from './io.ts'
import type { Options } from './options.ts'

/** One command line, read: what a verb works with. */
export type Call = {
  readonly args: readonly string[]
  readonly options: Options
  readonly format: Format
  readonly io: Io
  readonly env: Env
  /** Aborted when the operator interrupts, or when nobody reads the output any more. */
  readonly signal: AbortSignal
  /** The API of the server that is meant, with a token. A signal of its own ends it earlier. */
  readonly client: (signal?: AbortSignal) => Result<Client, Fault>
  /** A line of talk, on stderr. */
  readonly tell: (line: string) => Promise<void>
}

/** What a command does. Gives the exit code of a run that went as asked. */
type Verb = (call: Call) => Promise<Result<number, Fault>>

/** What the groups of commands are built with. */
export type Shell = {
  /** Makes an action of a verb: it finds what was asked and tells what went wrong. */
  readonly runs: (verb: Verb) => (this: Commandlike) => Promise<void>
}

/** As much of commander's command as an action needs. */
export type Commandlike = {
  readonly args: readonly string[]
  readonly optsWithGlobals: () => Readonly<Record<string, unknown>>
}
