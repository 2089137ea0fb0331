// One run of the command line with a terminal of strings, and a peer that answers as it is told.
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { backupName } from '../../src/backup/name.ts'
import type { Io } from '../../src/cli/io.ts'
import { type Parts, runProgram } from '../../src/cli/program.ts'

const now = Date.parse('2026-11-24T12:00:00.000Z')

export type Ran = { readonly stdout: string; readonly stderr: string; readonly code: number }

export type RunOptions = Partial<Omit<Parts, 'io'>> & {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly stdin?: string
  /** What is typed when asked; makes standard input a terminal. */
  readonly typed?: string
  readonly onWrite?: (text: string) => void
}

export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const said = { stdout: '', stderr: '' }
  const sink = (name: 'stdout' | 'stderr'): Io['stdout'] => ({
    isTTY: options.isTTY ?? false,
    columns: options.columns,
    write: async (chunk) => {
      const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8')
      said[name] += text
      if (name === 'stdout') options.onWrite?.(text)
    },
  })
  const stderr = sink('stderr')
  const code = await runProgram(argv, {
    ...silentParts(),
    env: { XDG_CONFIG_HOME: emptyFolder(), ...options.env },
    io: {
      stdout: sink('stdout'),
      stderr,
      stdin: {
        isTTY: options.typed !== undefined,
        read: async () => Buffer.from(options.stdin ?? ''),
        line: async (prompt) => {
          await stderr.write(prompt)
          return options.typed
        },
      },
      now: () => now,
      elapsedMs: () => performance.now(),
    },
    ...without(options),
  })
  return { ...said, code }
}

/** Parts for looking at the program without running it. */
export const silentParts = (): Parts => ({
  serve: async () => 0,
  demo: async () => 0,
  backupFiles: {
    write: async () => ({ ok: false, error: 'no file is written here' }),
    nameAt: backupName,
    prune: async () => [],
    restore: async () => ({ ok: false, error: 'nothing is restored here' }),
  },
  repair: () => Promise.resolve({ ok: false, error: 'no data folder here' }),
  check: async () => ({ ok: false, error: 'this test checks nothing' }),
  simulate: async () => {
    throw new Error('this test simulates nothing')
  },
  rateNames: ['notNow', 'error'],
  version: '1.2.3',
  signal: new AbortController().signal,
  env: { XDG_CONFIG_HOME: emptyFolder() },
  io: {
    stdout: { isTTY: false, columns: undefined, write: async () => {} },
    stderr: { isTTY: false, columns: undefined, write: async () => {} },
    stdin: { isTTY: false, read: async () => undefined, line: async () => undefined },
    now: () => now,
    elapsedMs: () => performance.now(),
  },
})

/** What of the options replaces a part as it is. */
const without = ({ serve, demo, simulate, signal, backupFiles }: RunOptions): Partial<Parts> => ({
  ...(backupFiles && { backupFiles }),
  ...(serve && { serve }),
  ...(demo && { demo }),
  ...(simulate && { simulate }),
  ...(signal && { signal }),
})

export const emptyFolder = (): string => mkdtempSync(join(tmpdir(), 'muster-cli-'))

export type Asked = {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export type Reply = {
  readonly status?: number
  readonly json?: unknown
  readonly text?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Leaves the answer open, as a live stream is. */
  readonly open?: boolean
}

export type Peer = {
  readonly url: string
  readonly env: Readonly<Record<string, string>>
  /** What was asked so far. */
  readonly asked: readonly Asked[]
  readonly close: () => void
}

/** Answers requests by `answer`, which sees them below `/api/v1`. */
export async function createPeer(answer: (asked: Asked) => Reply): Promise<Peer> {
  const asked: Asked[] = []
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const one = {
        method: request.method ?? '',
        url: (request.url ?? '').replace('/api/v1', ''),
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      }
      asked.push(one)
      const { status = 200, json, text, headers, open } = answer(one)
      const type = status >= 400 ? 'application/problem+json' : 'application/json'
      response.writeHead(status, { 'content-type': type, ...headers })
      response.write(text ?? (json === undefined ? '' : JSON.stringify(json)))
      if (open !== true) response.end()
    })
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  // A server that listens on TCP has an address with a port.
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    env: { MUSTER_URL: url, MUSTER_TOKEN: 'muster_token' },
    asked,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

export const listOf = (items: readonly unknown[], next: string | null = null): Reply => ({
  json: { items, total: items.length + (next === null ? 0 : 1), next },
})

export const problem = (status: number, title: string, more: object = {}): Reply => ({
  status,
  json: { type: '/problems/some', title, status, request_id: 'req-1', ...more },
})
