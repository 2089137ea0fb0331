// Makes backups by itself, every so often, and removes the oldest.
import { join } from 'node:path'
import type { World } from '../runtime/world.ts'
import type { Backups } from './backups.ts'
import { diskSentence, dropUnfinished, pruneBackups, writeBackup } from './file.ts'
import { backupName } from './name.ts'

export type Schedule = {
  readonly everyMs: number
  /** How many backups stay in the folder. */
  readonly keep: number
  readonly folder: string
}

export type ScheduleOptions = Schedule & {
  readonly backups: Backups
  readonly world: Pick<World, 'now' | 'later'>
  readonly log: {
    info(about: object, sentence: string): void
    error(about: object, sentence: string): void
  }
}

/** The start has other things to do first. */
const firstMs = 60_000
/** A full disk may have room again, and an operator's backup may have ended. */
const retryMs = 900_000
/** Timers have 31 bits, and a clock may be set: it is looked at again at least this often. */
const lookMs = 600_000

/** The next backup is due `everyMs` after the last that succeeded, also over restarts. */
export function createSchedule(options: ScheduleOptions): { stop(): Promise<void> } {
  const { everyMs, backups, world } = options
  let stopped = false
  let running: Promise<void> = Promise.resolve()
  let notBefore = world.now() + Math.min(firstMs, everyMs)
  let timer: { cancel(): void } | undefined

  // A damaged database may not take the row of a backup: it is not made again at once.
  let madeAt = 0

  const dueAt = (): number => {
    const now = world.now()
    // One in the future was made while the clock was ahead.
    const past = [backups.last('schedule').at ?? 0, madeAt].filter((at) => at <= now)
    return Math.max(...past.map((at) => at + everyMs), notBefore)
  }
  function wait(): void {
    if (stopped) return
    const ms = Math.min(Math.max(dueAt() - world.now(), 0), lookMs)
    timer = world.later(() => {
      running = look().finally(wait)
    }, ms)
  }
  async function look(): Promise<void> {
    if (stopped || dueAt() > world.now()) return
    const startedAt = world.now()
    const isMade = await makeScheduled(options)
    if (isMade) madeAt = startedAt
    notBefore = world.now() + (isMade ? 0 : Math.min(retryMs, everyMs))
  }
  running = dropUnfinished(options.folder).finally(wait)
  return {
    async stop() {
      stopped = true
      timer?.cancel()
      await running
    },
  }
}

/** One backup into the folder. False when it failed, which is noted and logged. */
async function makeScheduled(options: ScheduleOptions): Promise<boolean> {
  const { backups, world, folder, keep, log } = options
  const path = join(folder, backupName(world.now()))
  const prepared = await backups.prepare({ blobs: true })
  if (!prepared.ok) {
    if (prepared.error.kind === 'failed') await tell(options, prepared.error.detail)
    return false
  }
  const { manifest, archive, release } = prepared.value
  const written = await writeBackup(path, archive).finally(release)
  if (!written.ok) {
    await tell(options, written.error)
    return false
  }
  const { bytes } = written.value
  await backups.succeeded({ kind: 'schedule', manifest, bytes, file: path, by: null })
  if (manifest.findings.length > 0) {
    const about = { file: path, findings: manifest.findings.length }
    log.error(
      about,
      'the database is damaged, and so is this backup: no older backup was removed; run "muster check"',
    )
    return true
  }
  try {
    const removed = await pruneBackups(folder, keep)
    log.info({ file: path, bytes, removed: removed.length }, 'a backup was made')
  } catch (error) {
    log.error({ err: error }, diskSentence(error, folder))
  }
  return true
}

async function tell({ backups, log }: ScheduleOptions, failure: string): Promise<void> {
  log.error({ failure }, 'a scheduled backup failed')
  await backups.failed('schedule', failure)
}
