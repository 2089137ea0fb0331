// Work that waits in a table until its time: alarms and the outbox run on the same loop.
import type { World } from './world.ts'

/** Longest sleep: a row written by hand or by another process is found within this. */
const sleepMaxMs = 60_000

/** Rows under way at once: enough to keep the writer busy, few enough to stay fair to devices. */
const batchMax = 256

/** Rest of what could not be done, such as with a full disk, before it is tried again. */
const troubleMs = 5_000

/** Rows that rest and are looked past: more than that hold up what is behind them. Each look reads them again. */
const restingMax = 4_096

export type DueLoop = {
  /** Something may be due at `at`: wakes the loop in time. */
  expect(at: number): void
  /** Stops taking new rows and waits for those under way. */
  stop(): Promise<void>
}

type DueWork<Row> = {
  readonly world: World
  /** Rows due at or before `at`, soonest first. */
  readonly due: (at: number, limit: number) => readonly Row[]
  readonly key: (row: Row) => string
  /** False when it must be tried again, and so it is when it rejects. */
  readonly work: (row: Row) => Promise<boolean>
}

export function createDueLoop<Row extends { readonly due_at: number }>(
  options: DueWork<Row>,
): DueLoop {
  const { world } = options
  const underWay = new Map<string, Promise<boolean>>()
  /** Rows that could not be done, such as those of damaged hosts. They hold up no other row. */
  const resting = createResting(world, () => sleepUntil(world.steady()))
  let timer: { cancel(): void } | undefined
  let wakeAt = Number.POSITIVE_INFINITY
  let stopped = false

  function sleepUntil(at: number): void {
    if (stopped || at >= wakeAt) return
    timer?.cancel()
    wakeAt = at
    timer = world.later(run, Math.max(0, Math.min(at - world.steady(), sleepMaxMs)))
  }

  /** Rows under way, and those that rest, stay in the table until they are done. */
  const dueBy = (at: number, limit: number): readonly Row[] =>
    options
      .due(at, limit + resting.count())
      .filter((row) => !underWay.has(options.key(row)) && !resting.has(options.key(row)))

  /** A table that cannot be read now is read again later: what is due stays due. */
  function run(): void {
    wakeAt = Number.POSITIVE_INFINITY
    try {
      look()
    } catch {
      sleepUntil(world.steady() + troubleMs)
    }
  }
  function look(): void {
    for (const row of dueBy(world.steady(), batchMax).slice(0, batchMax - underWay.size)) start(row)
    // With no room left, the first that is done makes the loop look again.
    if (underWay.size < batchMax) sleepUntil(nextAt() ?? world.steady() + sleepMaxMs)
  }

  /** Soonest first, so the next one waits behind those under way and those that rest. */
  const nextAt = (): number | undefined =>
    dueBy(Number.MAX_SAFE_INTEGER, underWay.size + 1)[0]?.due_at

  function start(row: Row): void {
    const key = options.key(row)
    const leave = (): void => {
      underWay.delete(key)
      sleepUntil(world.steady())
    }
    // A bug that one row runs into must not end the process: the row would be there again after each start.
    const done = options.work(row).catch(() => false)
    underWay.set(key, done)
    void done.then((isDone) => {
      if (isDone) leave()
      // With too many that rest, it counts as under way until it has rested.
      else if (resting.add(key)) leave()
      else world.later(leave, troubleMs)
    })
  }

  sleepUntil(world.steady())
  return {
    expect: sleepUntil,
    async stop() {
      stopped = true
      timer?.cancel()
      await Promise.all(underWay.values())
    },
  }
}

/** Rows that are left alone for a while. */
function createResting(world: Pick<World, 'later'>, onRested: () => void) {
  const keys = new Set<string>()
  return {
    has: (key: string): boolean => keys.has(key),
    count: (): number => keys.size,
    /** False where there is no room. */
    add(key: string): boolean {
      if (keys.size >= restingMax) return false
      keys.add(key)
      world.later(() => {
        keys.delete(key)
        onRested()
      }, troubleMs)
      return true
    },
  }
}
