import { isMalformed } from './checksum.ts'
import type { Connection } from './connection.ts'
import { commitFails, type Faults, limitPages } from './faults.ts'
import type { CommitFault, Write } from './store.ts'
import { createTransitionCounts } from './transition-counts.ts'
import { createTurns } from './turn.ts'

/** Of one turn: the seqs of its journal rows, or why it is not durable. `bug` means a row no table takes. */
export type TurnResult =
  | readonly number[]
  | CommitFault
  | { readonly kind: 'bug'; readonly detail: string }

/**
 * Commits turns in one transaction, each in a savepoint of its own.
 *
 * A turn that breaks a fence, a claim or a constraint rolls back alone, and so does one that meets a damaged page. An I/O error or a failed COMMIT fails
 * all of them, and the connection is ready for the next group.
 */
export function createGroups(
  db: Connection,
  faults?: Faults,
): (turns: readonly (readonly Write[])[]) => readonly TurnResult[] {
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const savepoint = db.prepare('SAVEPOINT turn')
  const release = db.prepare('RELEASE turn')
  const rollBackTurn = db.prepare('ROLLBACK TO turn')
  const turns = createTurns(db)
  const transitions = createTransitionCounts(db)

  function one(writes: readonly Write[]): TurnResult {
    const seqs: number[] = []
    savepoint.run([])
    let result: TurnResult
    try {
      const refusal = turns.apply(writes, seqs)
      result = refusal === undefined ? seqs : { kind: refusal }
    } catch (error) {
      // SQLite has already rolled back everything when the disk is full; other I/O errors end the group as well.
      const kind = isConstraint(error) ? 'bug' : isMalformed(error) ? 'damaged' : undefined
      if (!db.inTransaction || kind === undefined) throw error
      result = { kind, detail: messageOf(error) }
    }
    if ('kind' in result) rollBackTurn.run([])
    else transitions.note(writes)
    release.run([])
    return result
  }

  return (group) => {
    try {
      if (faults !== undefined) limitPages(db, faults)
      begin.run([])
      const results = group.map(one)
      transitions.save()
      if (faults !== undefined && commitFails(faults)) throw new Error('disk I/O error (injected)')
      commit.run([])
      return results
    } catch (error) {
      transitions.forget()
      if (db.inTransaction) db.exec('ROLLBACK')
      return group.map(() => ({ kind: 'unavailable', detail: messageOf(error) }))
    }
  }
}

/** 3091 is SQLITE_CONSTRAINT_DATATYPE, for which libsql has no name. */
function isConstraint(error: unknown): boolean {
  const { code, rawCode } = error as { readonly code?: unknown; readonly rawCode?: unknown }
  return (
    String(code).startsWith('SQLITE_CONSTRAINT') || rawCode === 3091 || error instanceof TypeError
  )
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)
