// Work that waits in a table until its time: alarms and the outbox run on the same loop.
import type { World } from './world.ts'

/** Longest sleep: a row written by hand or by another process is found within this. */
const sleepMaxMs = 60_000

/** Rows taken at once: enough to keep the writer busy, few enough to stay fair to devices. */
export const batchMax = 256

/** Pause after a batch that could not be done, such as with a full disk. */
const troubleMs = 5_000

export type DueLoop = {
  /** Something may be due at `at`: wakes the loop in time. */
  expect(at: number): void
  /** Stops taking new rows and waits for those under way. */
  stop(): Promise<void>
}

type DueWork<Row> = {
  readonly world: World
  readonly due: (at: number, limit: number) => readonly Row[]
  readonly nextAt: () => number | undefined
  readonly key: (row: Row) => string
  /** False when it must be tried again. Never rejects. */
  readonly work: (row: Row) => Promise<boolean>
}

export function createDueLoop<Row>(options: DueWork<Row>): DueLoop {
  const { world } = options
  const underWay = new Map<string, Promise<boolean>>()
  let timer: { cancel(): void } | undefined
  let wakeAt = Number.POSITIVE_INFINITY
  let stopped = false

  function sleepUntil(at: number): void {
    if (stopped || at >= wakeAt) return
    timer?.cancel()
    wakeAt = at
    timer = world.later(run, Math.max(0, Math.min(at - world.now(), sleepMaxMs)))
  }

  function run(): void {
    wakeAt = Number.POSITIVE_INFINITY
    // Rows under way are still in the table; asking for that many more leaves room for new ones.
    const rows = options
      .due(world.now(), batchMax + underWay.size)
      .filter((row) => !underWay.has(options.key(row)))
    for (const row of rows) start(row)
    if (rows.length === 0) sleepUntil(options.nextAt() ?? world.now() + sleepMaxMs)
  }

  function start(row: Row): void {
    const key = options.key(row)
    const done = options.work(row)
    underWay.set(key, done)
    void done.then((isDone) => {
      underWay.delete(key)
      if (underWay.size === 0) sleepUntil(isDone ? world.now() : world.now() + troubleMs)
    })
  }

  sleepUntil(world.now())
  return {
    expect: sleepUntil,
    async stop() {
      stopped = true
      timer?.cancel()
      await Promise.all(underWay.values())
    },
  }
}
