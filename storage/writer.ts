import { closingReason } from './closing.ts'
import { isMalformed } from './checksum.ts'
import { createExchange, type Exchange } from './exchange.ts'
import type { TurnResult } from './group.ts'
import type { CommitFault, Committed, Write } from './store.ts'
import type { FromWriter, Job, ToWriter, WriterStart } from './writer-messages.ts'

/** Turns waiting to be sent. Some seconds of writing at full speed: who waits longer has given up. */
const waitingTurnsMax = 10_000
/** Turns in one transaction: bounds how long a turn waits for others, long after the fsync is paid for. */
const groupTurnsMax = 512
/** Fewer turns than this are never split: a sync would then cost more than what it lets overlap. */
const groupTurnsWhole = 64

export type Writer = {
  /** What the writing connection was set to, read back. */
  readonly pragmas: Readonly<Record<string, unknown>>
  readonly commit: (writes: readonly Write[]) => Promise<Committed>
  /** Runs after the group in the thread. Rejects when the job fails. */
  readonly run: (job: Job) => Promise<readonly string[]>
  /** Resolves once every turn taken so far is answered; later ones are `unavailable`. */
  readonly drain: () => Promise<void>
  readonly stats: () => WriterStats
}
export type WriterStats = {
  readonly waiting: number
  readonly groups: number
  readonly turns: number
}

type Waiting = {
  readonly writes: readonly Write[]
  readonly resolve: (committed: Committed) => void
  readonly reject: (bug: Error) => void
}
export type WriterHears = {
  /** Told once if the thread dies. */
  readonly onFatal: (reason: Error) => void
  /** Told that a turn met damage, which may be of an index or a counter. */
  readonly suspect: () => void
}
type Thread = Exchange<ToWriter, FromWriter>

/**
 * Starts the writer thread and waits until the schema is current.
 *
 * `onFatal` is told once if the thread dies; pending and later turns are `unavailable` from then on.
 * Rejects, with a sentence for the operator, when the file cannot be opened or is of a newer schema.
 */
export async function createWriter(
  start: WriterStart,
  { onFatal, suspect }: WriterHears,
): Promise<Writer> {
  let serving = false
  const url = new URL('./writer-thread.ts', import.meta.url)
  const thread: Thread = createExchange(url, start, (reason) => {
    if (serving) onFatal(reason)
  })
  const pragmas = await ready(thread)
  serving = true
  const groups = createGroupQueue(thread, suspect)
  return {
    pragmas,
    commit(writes) {
      if (!serving) return Promise.resolve(refused(closingReason))
      return groups.commit(writes)
    },
    async run(job) {
      if (job.kind === 'close') serving = false
      const answer = await thread.ask(job)
      if (answer.kind === 'done') return answer.lines
      throw new Error(
        answer.kind === 'failed' ? answer.detail : `the writer answered ${answer.kind}`,
      )
    },
    async drain() {
      serving = false
      await groups.idle()
    },
    stats: groups.stats,
  }
}

async function ready(thread: Thread): Promise<Writer['pragmas']> {
  const first = await thread.first
  if (first.kind === 'ready') return first.pragmas
  throw new Error(first.kind === 'refused' ? first.reason : `the writer began with ${first.kind}`)
}

/** One group is in the thread at a time: whatever comes in while it syncs is the next one. */
function createGroupQueue(thread: Thread, suspect: () => void) {
  const turns: Waiting[] = []
  let pumping: Promise<void> | undefined
  let groups = 0
  let answered = 0

  async function pump(): Promise<void> {
    // Turns of one tick go together instead of the first alone.
    await Promise.resolve()
    while (turns.length > 0) {
      const group = turns.splice(0, groupSizeOf(turns.length))
      const results = await commitGroup(thread, group, suspect)
      groups += 1
      answered += group.length
      for (const [index, turn] of group.entries()) settle(turn, results[index])
    }
    pumping = undefined
  }

  return {
    commit: (writes: readonly Write[]): Promise<Committed> =>
      new Promise((resolve, reject) => {
        if (turns.length >= waitingTurnsMax) return resolve(fault({ kind: 'overloaded' }))
        turns.push({ writes, resolve, reject })
        pumping ??= pump()
      }),
    idle: async (): Promise<void> => {
      while (pumping !== undefined) await pumping
    },
    stats: (): WriterStats => ({ waiting: turns.length, groups, turns: answered }),
  }
}

/**
 * Half of what waits. When everybody asks, waits and asks again, one group of all would have this thread rest
 * while the writer works and the other way round; of two halves one is answered while the other is written.
 */
const groupSizeOf = (waiting: number): number =>
  Math.min(Math.max(groupTurnsWhole, Math.ceil(waiting / 2)), groupTurnsMax)

async function commitGroup(
  thread: Thread,
  group: readonly Waiting[],
  suspect: () => void,
): Promise<readonly TurnResult[]> {
  try {
    const answer = await thread.ask({ kind: 'group', turns: group.map(({ writes }) => writes) })
    if (answer.kind === 'committed') {
      if (answer.leftOut !== undefined || answer.results.some(isDamaged)) suspect()
      return answer.results
    }
    throw new Error(`the writer answered ${answer.kind} to a group`)
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    return group.map(() => ({ kind: 'unavailable', detail }))
  }
}

/** Where it could not even begin or commit, the whole group is `unavailable` and says why. */
const isDamaged = (result: TurnResult): boolean =>
  'kind' in result &&
  (result.kind === 'damaged' ||
    (result.kind === 'unavailable' && isMalformed(new Error(result.detail))))

function settle(turn: Waiting, result: TurnResult | undefined): void {
  if (result === undefined) turn.reject(new Error('the writer gave no result for a turn'))
  else if (!('kind' in result)) turn.resolve({ ok: true, journalSeqs: result })
  else if (result.kind === 'bug') turn.reject(new Error(result.detail))
  else turn.resolve(fault(result))
}

const fault = (error: CommitFault): Committed => ({ ok: false, error })
const refused = (detail: string): Committed => fault({ kind: 'unavailable', detail })
