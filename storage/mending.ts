// Looks at the whole file once damage was met, and has indexes and counters made anew while the server runs.
import type { Queries } from './queries.ts'
import type { Rebuilt } from './rebuild.ts'
import { rebuildable } from './tree-check.ts'

export type Mended = {
  /** Indexes and counters that were damaged and are sound again. */
  readonly rebuilt: readonly string[]
  /** What stays damaged: tables that hold data, and what could not be made anew. Each with a reason. */
  readonly damaged: readonly { readonly name: string; readonly reason: string }[]
}

export type Mending = {
  /** Damage was met. Looks soon, and never more than once at a time. */
  suspect(): void
  stop(): void
}

type MendingOptions = {
  readonly queries: Pick<Queries, 'damagedTrees'>
  readonly rebuild: (names: readonly string[]) => Promise<readonly string[]>
  readonly onMended: (mended: Mended) => void
}

/** Damage is met several times at once. */
const soonMs = 100

/** Looks in a row while each makes something better. */
const roundsMax = 12

/** Between two looks where the first made nothing better: each reads the whole file. Doubled up to the second. */
const restMs = 60_000
const restMostMs = 3_600_000

export function createMending({ queries, rebuild, onMended }: MendingOptions): Mending {
  let timer: NodeJS.Timeout | undefined
  let notBefore = 0
  let rest = restMs
  let stopped = false

  /** A check ends at the first index of a table that it cannot walk: as long as something was mended, there may be more. */
  async function look(): Promise<void> {
    let isBetter = false
    for (let round = 0; round < roundsMax; round += 1) {
      const mended = await once()
      if (mended === undefined) return
      if (mended.rebuilt.length + mended.damaged.length > 0) onMended(mended)
      if (mended.rebuilt.length === 0) break
      isBetter = true
    }
    rest = isBetter ? restMs : Math.min(rest * 2, restMostMs)
    notBefore = performance.now() + (isBetter ? soonMs : rest)
  }

  async function once(): Promise<Mended | undefined> {
    const found = await queries.damagedTrees({})
    if (!found.ok) return undefined
    const names = rebuildable(found.value).map(({ name }) => name)
    const lines = names.length === 0 ? [] : await rebuild(names)
    // What `rebuild` answers is what it made of its values.
    const done = lines.map((line) => JSON.parse(line) as Rebuilt)
    const failed = new Map(done.flatMap(({ name, failure }) => (failure ? [[name, failure]] : [])))
    const damaged = found.value.flatMap(({ name, lines: said }) => {
      const reason = failed.get(name) ?? (names.includes(name) ? undefined : said[0])
      return reason === undefined ? [] : [{ name, reason }]
    })
    return {
      rebuilt: done.flatMap((one) => (one.failure === undefined ? [one.name] : [])),
      damaged,
    }
  }

  return {
    suspect() {
      if (stopped || timer !== undefined || performance.now() < notBefore) return
      notBefore = Number.POSITIVE_INFINITY
      timer = setTimeout(() => {
        notBefore = performance.now() + rest
        void look()
          // The store is closing, or a thread is gone: both are told elsewhere.
          .catch(() => undefined)
          .finally(() => (timer = undefined))
      }, soonMs)
      timer.unref()
    },
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}
