// Everything that happens, in one order: by virtual time, then by a tie the seed draws, then by age.
import type { Dice } from './dice.ts'

/**
 * Whose callbacks these are: those of a process that died never run, and those of one that stands still,
 * as in a long collection of garbage or a frozen machine, run when it goes on.
 */
export type Owner = { isDead: boolean; standsUntil: number }

export type Schedule = {
  now(): number
  /** `tag` names it in the trace. */
  after(delayMs: number, tag: string, run: () => void): { cancel(): void }
  /** The same for a process, with which it dies. */
  of(owner: Owner): Pick<Schedule, 'after'>
  /** Adds a word to the trace without scheduling anything. */
  note(text: string): void
  /** Runs the next entry and lets every promise it settled have its say. False when nothing is left. */
  step(): Promise<boolean>
  readonly waiting: number
  readonly steps: number
  /** Rolling hash of (time, tag): equal for equal runs. */
  hash(): string
  /** The last events, oldest first. */
  trace(): readonly string[]
}

type Entry = {
  at: number
  tie: number
  seq: number
  readonly tag: string
  readonly run: () => void
  readonly owner: Owner | undefined
  cancelled: boolean
}

const traceMax = 400

export function createSchedule(startAt: number, dice: Dice): Schedule {
  const heap = createHeap()
  const lines: string[] = []
  let now = startAt
  let seq = 0
  let steps = 0
  let hash = 0x811c_9dc5

  function note(text: string): void {
    const line = `${now - startAt} ${text}`
    for (let index = 0; index < line.length; index += 1)
      hash = Math.imul(hash ^ line.charCodeAt(index), 0x0100_0193)
    lines.push(line)
    if (lines.length > traceMax * 2) lines.splice(0, traceMax)
  }

  function add(delayMs: number, task: Pick<Entry, 'tag' | 'run' | 'owner'>): { cancel(): void } {
    seq += 1
    const at = now + Math.max(0, Math.ceil(delayMs))
    const entry: Entry = { ...task, at, tie: dice.roll(), seq, cancelled: false }
    heap.push(entry)
    return { cancel: () => void (entry.cancelled = true) }
  }

  /** Puts off what belongs to a process that stands still; in the order in which it was due. */
  function standsStill(entry: Entry): boolean {
    const until = entry.owner?.standsUntil ?? 0
    if (until <= entry.at) return false
    seq += 1
    Object.assign(entry, { at: until, tie: -1, seq })
    heap.push(entry)
    return true
  }

  return {
    now: () => now,
    note,
    after: (delayMs, tag, run) => add(delayMs, { tag, run, owner: undefined }),
    of: (owner) => ({ after: (delayMs, tag, run) => add(delayMs, { tag, run, owner }) }),
    async step() {
      for (let entry = heap.pop(); entry !== undefined; entry = heap.pop()) {
        if (entry.cancelled || entry.owner?.isDead === true) continue
        if (standsStill(entry)) continue
        now = entry.at
        steps += 1
        note(entry.tag)
        entry.run()
        await drained()
        return true
      }
      return false
    },
    get waiting() {
      return heap.size()
    },
    get steps() {
      return steps
    },
    hash: () => (hash >>> 0).toString(16).padStart(8, '0'),
    trace: () => lines.slice(-traceMax),
  }
}

/** A macrotask begins once no promise has anything left to say. */
const drained = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

const isBefore = (one: Entry, other: Entry): boolean =>
  one.at === other.at
    ? one.tie === other.tie
      ? one.seq < other.seq
      : one.tie < other.tie
    : one.at < other.at

function createHeap() {
  const entries: Entry[] = []
  const swap = (one: number, other: number): void => {
    const [left, right] = [entries[one], entries[other]]
    if (left === undefined || right === undefined) throw new Error('a heap index is out of range')
    entries[one] = right
    entries[other] = left
  }
  const precedes = (one: number, other: number): boolean => {
    const [left, right] = [entries[one], entries[other]]
    return left !== undefined && (right === undefined || isBefore(left, right))
  }
  function sink(start: number): void {
    for (let at = start; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2]
      const child = precedes(right, left) && right < entries.length ? right : left
      if (child >= entries.length || !precedes(child, at)) return
      swap(at, child)
      at = child
    }
  }
  return {
    size: () => entries.length,
    push(entry: Entry): void {
      entries.push(entry)
      for (let at = entries.length - 1; at > 0;) {
        const parent = (at - 1) >> 1
        if (!precedes(at, parent)) return
        swap(at, parent)
        at = parent
      }
    },
    pop(): Entry | undefined {
      const [first] = entries
      const last = entries.pop()
      if (first === undefined || last === undefined || entries.length === 0) return first
      entries[0] = last
      sink(0)
      return first
    },
  }
}
