import Database from 'libsql'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from './connection.ts'

/** A predecessor killed a moment ago may hold the lock until the system has taken it down. */
const lockWaitMs = 5_000
const retryMs = 50

export type Lock = { readonly release: () => void }

/**
 * Makes this process the only one on a data folder, until it releases or dies.
 *
 * The lock is SQLite's own exclusive lock on a database of nothing else. POSIX drops all of a process's locks
 * on a file when the process closes any descriptor of it, so nothing may open this file through `fs`.
 * Undefined when another process still holds it after `waitMs`.
 */
export async function takeLock(
  path: string,
  waitMs: number = lockWaitMs,
): Promise<Lock | undefined> {
  const db = new Database(path) as unknown as Connection
  for (let waitedMs = 0; waitedMs <= waitMs; waitedMs += retryMs) {
    if (isTaken(db)) return { release: () => db.close() }
    await sleep(retryMs)
  }
  db.close()
  return undefined
}

/** The transaction stays open: its lock is what is wanted. */
function isTaken(db: Connection): boolean {
  try {
    db.exec('BEGIN EXCLUSIVE')
    return true
  } catch (error) {
    if (error instanceof Error && /locked|busy/i.test(error.message)) return false
    throw error
  }
}
