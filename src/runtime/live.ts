// What just became durable, for whoever watches: live streams and the indexes in memory.
import type { JournalRow } from '../../storage/rows.ts'
import type { Write } from '../../storage/store.ts'

export type JournalLine = JournalRow & { readonly seq: number }

export type Watcher = {
  /** After each commit, in commit order of the host; must be quick and must not throw. */
  readonly committed?: (writes: readonly Write[]) => void
  readonly happened?: (line: JournalLine) => void
  /** After a commit that nobody knows the outcome of: what was remembered of these rows may be wrong now. */
  readonly doubted?: (writes: readonly Write[]) => void
}

export type Live = {
  watch(watcher: Watcher): () => void
  publish(writes: readonly Write[], journalSeqs: readonly number[]): void
  doubt(writes: readonly Write[]): void
}

export function createLive(): Live {
  const watchers = new Set<Watcher>()
  return {
    watch(watcher) {
      watchers.add(watcher)
      return () => void watchers.delete(watcher)
    },
    publish(writes, journalSeqs) {
      const rows = writes.flatMap((write) =>
        'put' in write && write.put === 'journal' ? [write.row] : [],
      )
      const lines = rows.map((row, index) => ({ ...row, seq: journalSeqs[index] ?? 0 }))
      for (const { committed, happened } of watchers) {
        committed?.(writes)
        if (happened !== undefined) for (const line of lines) happened(line)
      }
    },
    doubt(writes) {
      for (const { doubted } of watchers) doubted?.(writes)
    },
  }
}
