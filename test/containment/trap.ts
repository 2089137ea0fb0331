// Something that throws where the server waits for the world: at the n-th call, once.
import type { Keep } from '../../src/keep.ts'

export type Trap = {
  /** The server's keep, with a trap at each of its calls. */
  readonly between: (keep: Keep) => Keep
  /** From now on the n-th call throws; gives the calls made since. */
  arm(nth: number): void
  /** Where it threw; undefined when it has not, yet. */
  sprung(): string | undefined
  disarm(): void
}

type Calls = Readonly<Record<string, unknown>>

export function createTrap(): Trap {
  let left = Number.POSITIVE_INFINITY
  let where: string | undefined

  function pass(name: string): void {
    left -= 1
    if (left !== 0) return
    where = name
    throw new Error(`planted in ${name}`)
  }

  /** Each function of these, with a trap before it. What throws at once and what rejects both are tried. */
  function trapped<Of extends object>(of: Of, name: string, isAsync: boolean): Of {
    const entries = Object.entries(of as Calls).map(([key, value]) => {
      if (typeof value !== 'function') return [key, value] as const
      const call = (...given: readonly unknown[]): unknown => {
        if (!isAsync) pass(`${name}.${key}`)
        return value.apply(of, given)
      }
      const later = async (...given: readonly unknown[]): Promise<unknown> => {
        pass(`${name}.${key}`)
        return value.apply(of, given)
      }
      return [key, isAsync ? later : call] as const
    })
    // The same members under the same names.
    return Object.fromEntries(entries) as unknown as Of
  }

  return {
    between: (keep) => ({
      ...keep,
      store: {
        ...keep.store,
        commit: trapped({ commit: keep.store.commit }, 'store', true).commit,
        lookups: trapped(keep.store.lookups, 'lookups', false),
      },
      queries: trapped(keep.queries, 'queries', true),
      sealing: trapped(keep.sealing, 'sealing', true),
      logs: { ...trapped(keep.logs, 'logs', true), close: keep.logs.close },
    }),
    arm(nth) {
      left = nth
      where = undefined
    },
    sprung: () => where,
    disarm: () => void (left = Number.POSITIVE_INFINITY),
  }
}
