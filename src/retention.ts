// Removes what is older than its setting says, in small steps between which everything else has its turn.
import { dropOldLogs } from '../storage/logs-rotation.ts'
import type { Queries } from '../storage/queries.ts'
import type { Store, Write } from '../storage/store.ts'
import type { RetentionConfig } from './config/retention.ts'
import { commandContext } from './intake/commands.ts'
import { commitTold } from './intake/told-commit.ts'
import type { Live } from './runtime/live.ts'
import type { World } from './runtime/world.ts'

/** Rows in one commit: a few milliseconds of the writer. */
const rowsAtOnce = 100
/** Between two steps: at most a twentieth of the writer's time goes into removing. */
const restMs = 100
/** The start has other things to do, and who set a wrong age has time to notice. */
const firstMs = 900_000
const everyMs = 21_600_000

export type RetentionOptions = {
  readonly limits: RetentionConfig
  readonly store: Store
  readonly queries: Pick<Queries, 'journalCut' | 'oldCommands' | 'endedCertificates'>
  readonly live: Live
  readonly world: Pick<World, 'now' | 'later'>
  readonly logFolder: string
  /** Told what a round removed, when it removed anything. */
  readonly removed?: (counts: Removed) => void
}

export type Removed = {
  readonly journal: number
  readonly commands: number
  readonly results: number
  readonly certificates: number
  readonly logs: number
}

export type Retention = {
  /** One round at once. For tests; the server makes one every six hours. */
  round(): Promise<Removed>
  stop(): Promise<void>
}

export function createRetention(options: RetentionOptions): Retention {
  const { world } = options
  let stopped = false
  let running: Promise<unknown> = Promise.resolve()
  let timer: { cancel(): void } | undefined

  const step: Step = {
    isOver: () => stopped,
    async commit(writes) {
      if (stopped || writes.length === 0) return !stopped
      const committed = await commitTold(options, writes)
      await new Promise<void>((resolve) => void world.later(resolve, restMs))
      return committed.ok
    },
  }
  const round = async (): Promise<Removed> => {
    const counts = {
      journal: await removeJournal(options, step),
      ...(await removeCommands(options, step)),
      certificates: await removeCertificates(options, step),
      logs: await dropOldLogs(options.logFolder, world.now() - options.limits.keepLogsMs),
    }
    if (Object.values(counts).some((count) => count > 0)) options.removed?.(counts)
    return counts
  }
  function wait(ms: number): void {
    if (stopped) return
    timer = world.later(() => {
      // What cannot be read or removed now is looked at again.
      running = round()
        .catch(() => undefined)
        .finally(() => wait(everyMs))
    }, ms)
  }
  wait(firstMs)
  return {
    round,
    async stop() {
      stopped = true
      timer?.cancel()
      await running
    },
  }
}

type Step = {
  readonly isOver: () => boolean
  /** False ends the round: the disk is in trouble or the server stops. */
  readonly commit: (writes: readonly Write[]) => Promise<boolean>
}

/** The oldest rows, but none that a webhook was not told of. */
async function removeJournal(
  { limits, store, queries, world }: RetentionOptions,
  { commit }: Step,
): Promise<number> {
  let from: number | undefined
  let last = 0
  for (;;) {
    const now = world.now()
    const ask = { before: now - limits.keepJournalMs, now, rows: rowsAtOnce }
    const cut = await queries.journalCut(ask)
    if (!cut.ok || cut.value === null) break
    const cursors = store.lookups
      .webhooks()
      .flatMap((row) => (row.enabled === 1 ? [row.cursor] : []))
    const up_to = Math.min(cut.value.upTo, ...cursors)
    // A damaged index may show rows that a delete does not find.
    if (up_to < cut.value.from || cut.value.from <= last) break
    if (!(await commit([{ drop: 'journal', up_to }]))) break
    from ??= cut.value.from
    last = up_to
  }
  return from === undefined ? 0 : last - from + 1
}

/** Finished commands with what was asked and answered; sooner, where set so, only what was answered. */
async function removeCommands(
  { limits, store, queries, world }: RetentionOptions,
  { commit }: Step,
): Promise<Pick<Removed, 'commands' | 'results'>> {
  const { lookups } = store
  const before = world.now() - limits.keepCommandsMs
  const resultsBefore = world.now() - limits.keepResultsMs
  let [commands, results] = [0, 0]
  let after: { readonly seq: number; readonly command_uuid: string } | null = {
    seq: -1,
    command_uuid: '',
  }
  while (after !== null) {
    const createdBefore = Math.max(before, resultsBefore)
    const page: Awaited<ReturnType<Queries['oldCommands']>> = await queries.oldCommands({
      after,
      createdBefore,
      rows: rowsAtOnce,
    })
    if (!page.ok) break
    const writes: Write[] = []
    const found = { commands: 0, results: 0 }
    for (const { command_uuid, ended_at } of page.value.ended) {
      if (ended_at >= createdBefore) continue
      const refs = refsOf(lookups, command_uuid)
      if (ended_at < before) {
        writes.push(...refs.all.map((ref) => ({ drop: 'sealed', ref }) as const))
        writes.push({ drop: 'command', command_uuid, open: 0 })
        found.commands += 1
      } else if (refs.result !== null && lookups.sealed(refs.result) !== undefined) {
        writes.push({ drop: 'sealed', ref: refs.result })
        found.results += 1
      }
    }
    if (!(await commit(writes))) break
    commands += found.commands
    results += found.results
    after = page.value.next
  }
  return { commands, results }
}

/** A damaged row names nothing that can be believed; it goes when it is old enough all the same. */
function refsOf(
  lookups: Store['lookups'],
  commandUUID: string,
): { readonly all: readonly string[]; readonly result: string | null } {
  try {
    const row = lookups.command(commandUUID)
    if (row === undefined) return { all: [], result: null }
    const { requestRef, resultRef } = commandContext(row)
    return { all: [requestRef, ...(resultRef === null ? [] : [resultRef])], result: resultRef }
  } catch {
    return { all: [], result: null }
  }
}

async function removeCertificates(
  { limits, queries, world }: RetentionOptions,
  { commit, isOver }: Step,
): Promise<number> {
  let count = 0
  let first: string | undefined
  for (;;) {
    const before = world.now() - limits.keepCertificatesMs
    const ended = await queries.endedCertificates({ before, rows: rowsAtOnce })
    if (!ended.ok || ended.value.length === 0 || isOver()) return count
    // A damaged index may show rows that a delete does not find.
    if (ended.value[0]?.fingerprint === first) return count
    first = ended.value[0]?.fingerprint
    const writes = ended.value.map((one) => ({ drop: 'certificate', ...one }) as const)
    if (!(await commit(writes))) return count
    count += writes.length
  }
}
