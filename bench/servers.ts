// Servers under test, each in a process of its own.
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export type ServerProcess = {
  readonly port: number
  readonly pid: number
  /** From the start of the process until it answered. */
  readonly readyMs: number
  /** Processor time used so far, of all threads; undefined where the system does not tell. */
  cpuMs(): number | undefined
  stop(): Promise<void>
}

export const adminToken = 'bench-admin-token-0123456789'
export const enrollSecret = 'bench-enroll-secret-0123456789'

/** Muster as an operator starts it, on a data folder. */
export const startMuster = (folder: string, env: Env = {}): Promise<ServerProcess> =>
  start(new URL('../src/main.ts', import.meta.url), ['serve'], {
    MUSTER_DATA: folder,
    MUSTER_LISTEN: '127.0.0.1:0',
    MUSTER_ADMIN_TOKEN: adminToken,
    MUSTER_ENROLL_SECRET: enrollSecret,
    MUSTER_LOG_LEVEL: 'error',
    MUSTER_DEVICE_AUTH: 'none',
    // All computers here come from one machine, as fast as they can.
    MUSTER_ENROLLS_PER_MINUTE: '1000000',
    ...env,
  })

type Env = Readonly<Record<string, string>>

/** The yardstick: routes that do nothing, on the same HTTP server. */
export const startBare = (): Promise<ServerProcess> =>
  start(new URL('./bare-server.ts', import.meta.url), [], {})

async function start(
  script: URL,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<ServerProcess> {
  const begun = performance.now()
  const child = spawn(process.execPath, [fileURLToPath(script), ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const port = await portOf(child)
  const ready = await fetch(`http://127.0.0.1:${port}/readyz`)
  if (!ready.ok) throw new Error(`${script.href} is not ready: ${ready.status}`)
  await ready.text()
  return {
    port,
    pid: child.pid ?? 0,
    readyMs: performance.now() - begun,
    cpuMs: () => cpuMsOf(child.pid),
    stop: () => {
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      child.kill('SIGTERM')
      return ended
    },
  }
}

/** Linux counts in hundredths of a second, fields 14 and 15 of the process's `stat`. */
function cpuMsOf(pid: number | undefined): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * 10
  } catch {
    return undefined
  }
}

/** Both kinds say their address on their first line. */
function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text
      const port = /http:\/\/[^\s:]+:(\d+)/.exec(said)?.[1]
      if (port !== undefined) resolve(Number(port))
    })
    child.once('exit', (code) => reject(new Error(`the server ended with code ${code}: ${said}`)))
  })
}
