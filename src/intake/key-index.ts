// Which host a key belongs to, remembered: the hot paths look nothing up twice.
import type { Write } from '../../storage/store.ts'
import type { Live } from '../runtime/live.ts'

/** Entries remembered: about 200 bytes each, so some 40 MB for the largest fleet one process serves. */
const entriesMax = 200_000

export type KeyIndex<Entry> = {
  get(key: string): Entry | undefined
}

type KeyIndexOptions<Entry> = {
  readonly live: Live
  /** Asks the store; its answer is remembered unless there is none. */
  readonly lookUp: (key: string) => Entry | undefined
  /** What a committed write says about a key: its new entry, or `null` when it is gone. */
  readonly changed: (write: Write) => readonly [key: string, entry: Entry | null] | undefined
}

/** Filled by use and kept true by what is committed, so a restart starts empty and is still right. */
export function createKeyIndex<Entry>(options: KeyIndexOptions<Entry>): KeyIndex<Entry> {
  const entries = new Map<string, Entry>()
  options.live.watch({
    committed(writes) {
      for (const write of writes) {
        const change = options.changed(write)
        if (change === undefined) continue
        const [key, entry] = change
        if (entry === null) entries.delete(key)
        else if (entries.has(key)) entries.set(key, entry)
      }
    },
    doubted(writes) {
      for (const write of writes) {
        const change = options.changed(write)
        if (change !== undefined) entries.delete(change[0])
      }
    },
  })
  return {
    get(key) {
      const known = entries.get(key)
      if (known !== undefined) return known
      const found = options.lookUp(key)
      if (found === undefined) return undefined
      if (entries.size >= entriesMax) {
        const [oldest] = entries.keys()
        if (oldest !== undefined) entries.delete(oldest)
      }
      entries.set(key, found)
      return found
    },
  }
}
