// The real store behind a gate: a test holds commits, fails them, and counts what is read and written.
import type { CommitFault, Committed, Lookups, Store, Write } from '../../storage/store.ts'

/** `reply-lost` commits for real and then says that it did not. */
type Failure = CommitFault | { readonly kind: 'reply-lost' }

export type MeteredStore = Store & {
  /** What was given to `commit`, oldest first. */
  readonly commits: readonly (readonly Write[])[]
  /** Commits asked for and not yet answered. */
  readonly pending: number
  /** Keeps commits that match from now on until the returned function lets them through. */
  hold(matches?: (writes: readonly Write[]) => boolean): () => void
  /** Fails the next commit that matches. */
  failNext(failure: Failure, matches?: (writes: readonly Write[]) => boolean): void
  /** Rows each lookup gave since `forget`. */
  readonly rowsRead: Readonly<Record<string, number>>
  forget(): void
}

export function meterStore(store: Store): MeteredStore {
  const commits: (readonly Write[])[] = []
  const failures: { failure: Failure; matches: (writes: readonly Write[]) => boolean }[] = []
  const rowsRead: Record<string, number> = {}
  let gate = { matches: (_writes: readonly Write[]) => false, opened: Promise.resolve() }
  let pending = 0

  async function commit(writes: readonly Write[]): Promise<Committed> {
    if (gate.matches(writes)) await gate.opened
    const index = failures.findIndex(({ matches }) => matches(writes))
    const [failing] = index === -1 ? [] : failures.splice(index, 1)
    if (failing === undefined) return store.commit(writes)
    if (failing.failure.kind !== 'reply-lost') return { ok: false, error: failing.failure }
    await store.commit(writes)
    return { ok: false, error: { kind: 'unavailable', detail: 'the reply was lost' } }
  }

  return {
    commits,
    rowsRead,
    lookups: counted(store.lookups, rowsRead),
    close: () => store.close(),
    get pending() {
      return pending
    },
    async commit(writes) {
      commits.push(writes)
      pending += 1
      try {
        return await commit(writes)
      } finally {
        pending -= 1
      }
    },
    hold(matches = () => true) {
      const { promise, resolve } = Promise.withResolvers<void>()
      gate = { matches, opened: promise }
      return () => {
        gate = { matches: () => false, opened: Promise.resolve() }
        resolve()
      }
    },
    failNext: (failure, matches = () => true) => void failures.push({ failure, matches }),
    forget() {
      commits.length = 0
      for (const name of Object.keys(rowsRead)) delete rowsRead[name]
    },
  }
}

type Lookup = (...args: readonly unknown[]) => unknown

function counted(lookups: Lookups, rowsRead: Record<string, number>): Lookups {
  const entries = Object.entries(lookups).map(([name, lookup]) => [
    name,
    (...args: readonly unknown[]) => {
      const found = (lookup as Lookup)(...args)
      rowsRead[name] = (rowsRead[name] ?? 0) + rowsIn(found)
      return found
    },
  ])
  return Object.fromEntries(entries) as Lookups // the same names, each with its own arguments passed on
}

function rowsIn(found: unknown): number {
  if (Array.isArray(found)) return found.length
  return found === undefined ? 0 : 1
}

/** The commits of one host are those that name it. */
export const about =
  (hostId: string) =>
  (writes: readonly Write[]): boolean =>
    writes.some((write) => JSON.stringify(write).includes(`"${hostId}"`))

/** What a commit writes, in order and in words: `host_actor`, `command queued`, `drop alarm`. */
export const namesOf = (writes: readonly Write[] = []): readonly string[] =>
  writes.map((write) => {
    if ('move' in write) return `move ${write.move}`
    if ('advance' in write) return `advance ${write.advance}`
    if ('drop' in write) return `drop ${write.drop}`
    return write.put === 'command' ? `command ${write.row.state}` : write.put
  })
