import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A server in a process of its own, as an operator starts it. */
export type Muster = {
  readonly url: string
  readonly token: string
  readonly enrollSecret: string
  readonly folder: string
  readonly process: ChildProcess
  /** All it has said so far. */
  said(): { readonly out: string; readonly err: string }
  /** Lines of its log so far. */
  logLines(): readonly string[]
  /** Sends a signal and waits for the end. Resolves to the exit code, null when the signal killed it. */
  end(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<number | null>
}

export const adminToken = 'admin-token-of-the-end-to-end-tests'
export const enrollSecret = 'enroll-secret-of-the-end-to-end-tests'

const program = fileURLToPath(new URL('../../bin/muster.js', import.meta.url))

export const newFolder = (): string => mkdtempSync(join(tmpdir(), 'muster-e2e-'))
export const dropFolder = (folder: string): void =>
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })

type Env = Readonly<Record<string, string>>

const usual: Env = {
  MUSTER_LISTEN: '127.0.0.1:0',
  MUSTER_ADMIN_TOKEN: adminToken,
  MUSTER_ENROLL_SECRET: enrollSecret,
  // What devices prove is a matter of the tests that are about it.
  MUSTER_DEVICE_AUTH: 'none',
}

/** Starts `muster serve` and waits until it says that it is ready. Rejects with what it said when it ends instead. */
export async function startMuster(folder: string, env: Env = {}): Promise<Muster> {
  const { child, said, over } = launch({ ...usual, MUSTER_DATA: folder, ...env })
  const url = await Promise.race([
    readyUrl(child, said),
    over.then((code) => {
      throw new Error(`the server ended with ${code}: ${said().err}`)
    }),
  ])
  return {
    url,
    token: env['MUSTER_ADMIN_TOKEN'] ?? adminToken,
    enrollSecret: env['MUSTER_ENROLL_SECRET'] ?? enrollSecret,
    folder,
    process: child,
    said,
    logLines: () =>
      said()
        .err.split('\n')
        .filter((line) => line !== ''),
    end(signal) {
      child.kill(signal)
      return over
    },
  }
}

export type Ended = { readonly code: number | null; readonly out: string; readonly err: string }

/** Starts the program where it is expected to end by itself. */
export async function runMuster(env: Env, args: readonly string[] = ['serve']): Promise<Ended> {
  const { child, said, over } = launch(env, args)
  const late = setTimeout(() => child.kill('SIGKILL'), endsWithinMs)
  const code = await over
  clearTimeout(late)
  return { code, ...said() }
}

/** A start waits up to 5 s for a predecessor's lock; more is a hang. */
const endsWithinMs = 30_000

function launch(env: Env, args: readonly string[] = ['serve']) {
  const child = spawn(process.execPath, [program, ...args], {
    env: { PATH: process.env['PATH'] ?? '', HOME: tmpdir(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  // `close` comes after the last of its output.
  const over = once(child, 'close').then(([code]) => code as number | null)
  return { child, said: () => ({ out, err }), over }
}

async function readyUrl(child: ChildProcess, said: Muster['said']): Promise<string> {
  for (;;) {
    const url = /^Muster is ready: (\S+)$/m.exec(said().out)?.[1]
    // The greeting ends with how devices are known.
    if (url !== undefined && /^ {2}(?:devices|switched off) /m.test(said().out)) return url
    await once(child.stdout ?? child, 'data')
  }
}
