// A data folder that a real server filled: computers of every kind, with rows in every table.
import { join } from 'node:path'
import { createTurns } from '../../storage/turn.ts'
import { openForReading, openForWriting } from '../../storage/connection.ts'
import type { Write } from '../../storage/store.ts'
import { type Computer, createComputer, identity } from '../e2e/computer.ts'
import { adminToken, enrollSecret, startMuster } from '../e2e/muster.ts'
import { createOperator } from '../e2e/operator.ts'
import { rows } from '../storage/everything.ts'

/** Computers that know the server, and what they say when they speak to it again. */
export type Member = { readonly number: number; readonly nodeKey: string }

export const env = {
  MUSTER_LOG_LEVEL: 'error',
  MUSTER_WEBHOOK_ALLOW: '127.0.0.0/8',
  MUSTER_BACKUP_EVERY: '1m',
} as const

export const computerAt = (url: string, number: number): Computer =>
  createComputer({ ...identity(number), url, enrollSecret })

/** Fills a new folder through a server, and stops it. */
export async function fillFolder(folder: string, members: number): Promise<readonly Member[]> {
  const muster = await startMuster(folder, env)
  const operator = createOperator(muster.url, adminToken)
  // Nothing listens there: what is told waits and is tried again.
  for (const kind of ['standard', 'nanomdm'])
    await operator.post('/webhooks', { name: kind, url: 'http://127.0.0.1:9/', kind })
  await operator.post('/enrollment-links', { name: 'office' })
  await operator.post('/tokens', { name: 'ci', role: 'viewer' })
  const enrolled: Member[] = []
  for (let number = 1; number <= members; number += 1) {
    const mac = computerAt(muster.url, number)
    await mac.enrolInMdm()
    enrolled.push({ number, nodeKey: await mac.enrolInOsquery() })
    await mac.assign(operator)
    const commands = `/hosts/${mac.serial}/commands`
    for (const request_type of ['ProfileList', 'DeviceInformation', 'SecurityInfo'])
      await operator.post(commands, { request_type, payload: {} })
    const offered = await mac.idle()
    if (offered !== undefined) await mac.report('Acknowledged', offered.uuid)
  }
  await muster.end('SIGTERM')
  addRows(folder)
  return enrolled
}

/** Of tables that nothing above has filled; and alarms and deliveries of hosts that are gone. */
function addRows(folder: string): void {
  const db = openForWriting(join(folder, 'muster.db'))
  const turns = createTurns(db)
  db.exec('BEGIN')
  turns.apply(leftovers, [])
  db.exec('COMMIT')
  db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').raw().all([])
  db.close()
}

const leftovers: readonly Write[] = [
  { put: 'challenge', row: rows.challenge },
  { put: 'conflict', row: rows.conflict },
  { put: 'merge', row: rows.merge },
  { put: 'outbox', row: rows.outbox },
  { put: 'alarm', row: rows.alarm },
  { put: 'certificate', row: rows.certificate },
  { put: 'backup', row: rows.backup },
]

/** A table or an index of the file. */
export type Tree = {
  readonly name: string
  readonly root: number
  readonly pages: readonly number[]
}

/** All of them, with the pages each of them has. */
export function treesOf(folder: string): readonly Tree[] {
  const db = openForReading(join(folder, 'muster.db'))
  const found = db
    .prepare('SELECT name, rootpage FROM sqlite_master WHERE rootpage > 0 ORDER BY rootpage')
    .raw()
    .all([])
  const pages = db.prepare('SELECT pageno FROM dbstat WHERE name = ? ORDER BY pageno').raw()
  const trees = found.map(([name = '', root]) => ({
    name: String(name),
    root: Number(root),
    pages: pages.all([name]).map(([page]) => Number(page)),
  }))
  db.close()
  return trees
}
