// Ways in which a disk fails a running server, each of which can be ended.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Program } from '../programs/needs.ts'

export type DiskFault = {
  /** What begins and ends it. */
  readonly programs: readonly Program[]
  /** Begins it for the server with this pid on this data folder. Resolves to what ends it. */
  begin(pid: number, folder: string): Promise<() => Promise<void>>
}

/** Every block is taken. The folder should be a small file system of its own. */
export const fullDisk: DiskFault = {
  programs: [],
  async begin(_pid, folder) {
    const ballast = join(folder, 'ballast')
    writeFileSync(ballast, '')
    for (const bytes of [65_536, 4_096, 512]) fill(ballast, Buffer.alloc(bytes))
    return async () => rmSync(ballast)
  },
}

function fill(path: string, chunk: Buffer): void {
  try {
    for (;;) appendFileSync(path, chunk)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
  }
}

/** Every write to database and logs fails with an I/O error, or every sync does. */
export const ioErrors = (calls: 'pwrite64,write' | 'fsync,fdatasync'): DiskFault => ({
  programs: ['strace'],
  async begin(pid, folder) {
    const files = ['muster.db', 'muster.db-wal', 'logs/result.ndjson'].flatMap((file) => [
      '-P',
      join(folder, file),
    ])
    const inject = ['-e', `trace=${calls}`, '-e', `inject=${calls}:error=EIO`]
    const strace = spawn('strace', [
      '-f',
      '-p',
      String(pid),
      '-o',
      '/dev/null',
      ...files,
      ...inject,
    ])
    let said = ''
    strace.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const over = once(strace, 'close')
    while (!/attached/.test(said)) {
      if (strace.exitCode !== null) throw new Error(`strace: ${said}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return async () => {
      strace.kill('SIGINT')
      await over
    }
  },
})

/** No file may be written beyond its first byte: a quota, as far as any user can set one. */
export const noRoom: DiskFault = {
  programs: ['prlimit'],
  async begin(pid) {
    limit(pid, '1:')
    return async () => limit(pid, 'unlimited:')
  },
}

function limit(pid: number, fsize: string): void {
  const { status, stderr } = spawnSync('prlimit', [`--fsize=${fsize}`, '--pid', String(pid)])
  if (status !== 0) throw new Error(`prlimit: ${String(stderr)}`)
}

/** A small file system in memory, mounted here; undefined where that is not allowed. */
export function mountSmall(folder: string, mebibytes: number): (() => void) | undefined {
  const size = `size=${mebibytes}m,mode=0700`
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', size, 'muster-test', folder]).status !== 0)
    return undefined
  return () => void spawnSync('umount', ['--lazy', folder])
}
