import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { adminToken, enrollSecret } from '../e2e/muster.ts'
import { masterKey } from './check.ts'

const program = fileURLToPath(new URL('../../bin/muster.js', import.meta.url))

/** A server that is about to be killed. */
export type Victim = {
  readonly pid: number
  /** Its address once it serves; undefined when it ended before. */
  readonly ready: Promise<string | undefined>
  /** Sends SIGKILL and waits for the end. Resolves to what it wrote on its error output. */
  kill(): Promise<string>
  /** Sends SIGTERM and waits for the end. */
  stop(): Promise<Stopped>
}

export type Stopped = {
  readonly code: number | null
  readonly tookMs: number
  /** What it wrote on its error output. */
  readonly said: string
}

/** Says every refusal, unless the log's level is raised to what is a fault of its own. */
export function startVictim(folder: string, level: 'warn' | 'error' = 'warn'): Victim {
  const child = spawn(process.execPath, [program, 'serve'], {
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: tmpdir(),
      MUSTER_DATA: folder,
      MUSTER_DEVICE_AUTH: 'none',
      MUSTER_LISTEN: '127.0.0.1:0',
      MUSTER_ADMIN_TOKEN: adminToken,
      MUSTER_ENROLL_SECRET: enrollSecret,
      MUSTER_MASTER_KEY: masterKey,
      MUSTER_LOG_LEVEL: level,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [out, err] = ['', '']
  const serves = Promise.withResolvers<string | undefined>()
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
    const url = /^Muster is ready: (\S+)$/m.exec(out)?.[1]
    if (url !== undefined) serves.resolve(url)
  })
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const over = once(child, 'close').then(() => serves.resolve(undefined))
  return {
    pid: child.pid ?? 0,
    ready: serves.promise,
    async kill() {
      child.kill('SIGKILL')
      await over
      return err
    },
    async stop() {
      const began = performance.now()
      child.kill('SIGTERM')
      await over
      return { code: child.exitCode, tookMs: performance.now() - began, said: err }
    },
  }
}
