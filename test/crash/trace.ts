// What a process did to its files, as strace saw it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'

/** `sync` begins and ends apart: it covers what was written before it began, and counts once it has ended. */
export type Operation =
  | { readonly kind: 'create' | 'unlink'; readonly path: string }
  | { readonly kind: 'write'; readonly path: string; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly path: string; readonly size: number }
  | { readonly kind: 'sync-begins' | 'sync-ends'; readonly path: string }
  /** The process said on its output that this turn is durable. */
  | { readonly kind: 'acknowledged'; readonly turn: number }

const calls = 'pwrite64,write,fsync,fdatasync,ftruncate,openat,unlink'

/** Runs a program of ours under strace. Rejects when strace is missing or the program fails. */
export async function record(trace: string, program: readonly string[]): Promise<void> {
  const child = spawn(
    'strace',
    // Paths beside descriptors, bytes in full and in hexadecimal.
    ['-f', '-y', '-qq', '-xx', '-s', '1000000', '-e', `trace=${calls}`, '-o', trace, '--'].concat(
      process.execPath,
      program,
    ),
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`the recorded program ended with ${String(code)}`)
}

/** Reads a trace as operations on a database and what SQLite keeps beside it, in the order of the calls. */
export async function* operations(trace: string, database: string): AsyncGenerator<Operation> {
  const syncing = new Map<string, string>()
  for await (const line of createInterface(createReadStream(trace))) {
    yield* endedSync(line, syncing)
    const call = readCall(line)
    if (call !== undefined && concerns(call, database)) yield* begun(call, syncing)
  }
}

/** A sync during which another thread made a call ends on a line of its own. */
function endedSync(line: string, syncing: Map<string, string>): readonly Operation[] {
  const pid = /^(\d+) +<\.\.\. (?:fsync|fdatasync) resumed>.*= 0/.exec(line)?.[1] ?? ''
  const path = syncing.get(pid)
  syncing.delete(pid)
  return path === undefined ? [] : [{ kind: 'sync-ends', path }]
}

function begun(call: Call, syncing: Map<string, string>): readonly Operation[] {
  const { pid, path, hasReturned } = call
  const operation = readers[call.name]?.(call)
  if (operation === undefined) return []
  if (operation.kind !== 'sync-begins') return [operation]
  if (hasReturned) return [operation, { kind: 'sync-ends', path }]
  syncing.set(pid, path)
  return [operation]
}

/** Not the `-shm` file: it is memory that processes share, and every start makes it anew. */
const concerns = ({ path }: Call, database: string): boolean =>
  [standardOutput, dirname(database), database, `${database}-wal`, `${database}-journal`].includes(
    path,
  )

type Call = {
  readonly pid: string
  readonly name: string
  readonly path: string
  /** Everything behind the path, quoted bytes among it. */
  readonly rest: string
  /** False while the call was under way when another thread's began. */
  readonly hasReturned: boolean
}

/** Undefined for what failed and so did nothing. What has not returned may have done something already. */
function readCall(line: string): Call | undefined {
  const match = callForm.exec(line)
  const result = /= (-?\d+)\S*(?: \w+ \(.*\))?$/.exec(line.slice(-4_000))?.[1]
  if (match?.groups === undefined || result?.startsWith('-') === true) return undefined
  const { pid = '', name = '', opened, descriptor, of } = match.groups
  const path = descriptor === '1' ? standardOutput : bytesOf(opened ?? of).toString()
  return { pid, name, path, rest: line.slice(match[0].length), hasReturned: result !== undefined }
}

const callForm =
  /^(?<pid>\d+) +(?<name>\w+)\((?:(?:AT_FDCWD<[^>]*>, )?"(?<opened>[^"]*)"|(?<descriptor>\d+)<(?<of>[^>]*)>)/

const standardOutput = 'standard output'

const bytesOf = (escaped = ''): Buffer => Buffer.from(escaped.replaceAll('\\x', ''), 'hex')

const begins = ({ path }: Call): Operation => ({ kind: 'sync-begins', path })

const readers: Readonly<Record<string, (call: Call) => Operation | undefined>> = {
  fsync: begins,
  fdatasync: begins,
  openat: ({ path, rest }) => (rest.includes('O_CREAT') ? { kind: 'create', path } : undefined),
  unlink: ({ path }) => ({ kind: 'unlink', path }),
  ftruncate: ({ path, rest }) => ({
    kind: 'truncate',
    path,
    size: Number(/, (\d+)/.exec(rest)?.[1]),
  }),
  write({ path, rest }) {
    const said = /^, "([^"]*)"/.exec(rest)?.[1]
    return path === standardOutput
      ? { kind: 'acknowledged', turn: Number(bytesOf(said).toString()) }
      : undefined
  },
  pwrite64({ path, rest }) {
    const [, escaped, at] = /^, "([^"]*)", \d+, (\d+)/.exec(rest) ?? []
    return { kind: 'write', path, at: Number(at), bytes: bytesOf(escaped) }
  },
}
