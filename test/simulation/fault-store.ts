// The store of one life of the server: turns wait, fail, are lost on the way back, or take the process along.
import type { Committed, Store, Write } from '../../storage/store.ts'
import type { Dice } from './dice.ts'
import type { DurableRows } from './model-store.ts'
import type { Owner, Schedule } from './schedule.ts'

/** How often things go wrong, each in [0, 1]. The end of every run sets all to zero. */
export type FaultRates = {
  /** I/O error or a full disk: nothing of the turn is written. */
  unavailable: number
  /** Written, and yet the caller hears that it was not. */
  lostReply: number
  overloaded: number
  /** The process dies before or after the turn is written. */
  crash: number
  /** A turn takes seconds. */
  slow: number
}

export type FaultStoreOptions = {
  readonly schedule: Schedule
  readonly dice: Dice
  readonly rates: FaultRates
  readonly rows: DurableRows
  readonly life: Owner
  /** While the disk is full every turn fails. */
  readonly isFull: () => boolean
  readonly applied: (writes: readonly Write[]) => void
  readonly crash: (how: string) => void
  readonly failed: (error: unknown) => void
}

type Turn = {
  readonly writes: readonly Write[]
  readonly resolve: (committed: Committed) => void
  readonly fate: 'ok' | 'unavailable' | 'lost' | 'crash-before' | 'crash-after'
}

/** Turns of one life under way at once: more than this many means that something never ends. */
const waitingMax = 500

export function createFaultStore(options: FaultStoreOptions): Store {
  const { schedule, dice, rates, rows, life } = options
  const mine = schedule.of(life)
  const queue: Turn[] = []
  const answers: (() => void)[] = []

  function fateOf(): Turn['fate'] {
    const [lot, crash] = [dice.roll(), dice.roll()]
    if (crash < rates.crash) return dice.chance(0.5) ? 'crash-before' : 'crash-after'
    if (options.isFull() || lot < rates.unavailable) return 'unavailable'
    return lot < rates.unavailable + rates.lostReply ? 'lost' : 'ok'
  }

  function delayMs(): number {
    return dice.chance(rates.slow) ? dice.between(1_000, 20_000) : dice.between(1, 12)
  }

  /** Turns are written in the order they came, whatever each one takes. */
  function applyNext(): void {
    const turn = queue.shift()
    if (turn === undefined) return
    if (turn.fate === 'crash-before') return options.crash('before a commit')
    answer(turn, turn.fate === 'unavailable' ? ioError : write(turn))
    if (turn.fate === 'crash-after') options.crash('after a commit')
  }

  function write({ writes, fate }: Turn): Committed {
    try {
      const committed = rows.apply(writes)
      if (committed.ok) options.applied(writes)
      return fate === 'lost' ? ioError : committed
    } catch (error) {
      options.failed(error)
      return ioError
    }
  }

  function answer({ resolve, fate }: Turn, committed: Committed): void {
    const outcome = committed.ok ? 'ok' : `${committed.error.kind} (${fate})`
    answers.push(() => resolve(committed))
    mine.after(dice.between(0, 4), `commit ${outcome}`, () => answers.shift()?.())
  }

  return {
    lookups: rows.lookups,
    commit(writes) {
      // Nobody is there any more who could hear of it.
      if (life.isDead) return new Promise<never>(() => {})
      if (dice.chance(rates.overloaded) || queue.length >= waitingMax)
        return Promise.resolve({ ok: false, error: { kind: 'overloaded' } })
      return new Promise((resolve) => {
        queue.push({ writes, resolve, fate: fateOf() })
        mine.after(delayMs(), 'write', applyNext)
      })
    },
    close: async () => {},
  }
}

const ioError: Committed = {
  ok: false,
  error: { kind: 'unavailable', detail: 'disk I/O error (simulated)' },
}
