import type { Connection } from './connection.ts'
import type { Write } from './store.ts'

/**
 * Counts how often each edge was taken, from the journal rows of a group.
 *
 * One statement per distinct edge and group, however many turns took it.
 */
export function createTransitionCounts(db: Connection): {
  note(writes: readonly Write[]): void
  save(): void
  forget(): void
} {
  const add = db.prepare(
    `INSERT INTO transition_counts (machine, event, from_state, to_state, count) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET count = count + excluded.count`,
  )
  const pending = new Map<string, { edge: readonly string[]; count: number }>()
  return {
    note(writes) {
      for (const write of writes) {
        if (!('put' in write) || write.put !== 'journal') continue
        const { actor, event, from_state, to_state } = write.row
        const machine = actor === 'host' ? 'host' : 'command'
        const edge = [machine, event, from_state ?? '', to_state ?? '']
        const id = edge.join('\n')
        const known = pending.get(id)
        if (known === undefined) pending.set(id, { edge, count: 1 })
        else known.count += 1
      }
    },
    save() {
      for (const { edge, count } of pending.values()) add.run([...edge, count])
      pending.clear()
    },
    forget: () => pending.clear(),
  }
}
