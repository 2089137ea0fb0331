import { isMalformed } from './checksum.ts'
import type { Connection } from './connection.ts'
import { isConstraint } from './constraint.ts'
import { commitFails, type Faults, limitPages } from './faults.ts'
import type { CommitFault, Write } from './store.ts'
import { createTransitionCounts } from './transition-counts.ts'
import { createTurns } from './turn.ts'

/** Of one turn: the seqs of its journal rows, or why it is not durable. `bug` means a row no table takes. */
export type TurnResult =
  | readonly number[]
  | CommitFault
  | { readonly kind: 'bug'; readonly detail: string }

export type GroupResult = {
  readonly results: readonly TurnResult[]
  /** A counter that is damaged: the turns are committed without it. */
  readonly leftOut: string | undefined
}

/**
 * Commits turns in one transaction, each in a savepoint of its own.
 *
 * A turn that breaks a fence, a claim or a constraint rolls back alone, and so does one that meets a damaged page. An I/O error or a failed COMMIT fails
 * all of them, and the connection is ready for the next group.
 */
export function createGroups(
  db: Connection,
  faults?: Faults,
): (turns: readonly (readonly Write[])[]) => GroupResult {
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
      const kind = kindOf(error)
      if (!db.inTransaction || kind === undefined) throw error
      result = { kind, detail: messageOf(error) }
    }
    if ('kind' in result) rollBackTurn.run([])
    else transitions.note(writes)
    release.run([])
    return result
  }

  /** How often each edge was taken is for people to look at: no turn is refused for it. */
  function counted(): string | undefined {
    savepoint.run([])
    try {
      transitions.save()
      release.run([])
      return undefined
    } catch (error) {
      if (!db.inTransaction || kindOf(error) !== 'damaged') throw error
      transitions.forget()
      rollBackTurn.run([])
      release.run([])
      return 'transition_counts'
    }
  }

  return (group) => {
    try {
      if (faults !== undefined) limitPages(db, faults)
      begin.run([])
      const results = group.map(one)
      const leftOut = counted()
      if (faults !== undefined && commitFails(faults)) throw new Error('disk I/O error (injected)')
      commit.run([])
      return { results, leftOut }
    } catch (error) {
      transitions.forget()
      if (db.inTransaction) db.exec('ROLLBACK')
      const failed = { kind: 'unavailable', detail: messageOf(error) } as const
      return { results: group.map(() => failed), leftOut: undefined }
    }
  }
}

const kindOf = (error: unknown): 'bug' | 'damaged' | undefined => {
  if (isMalformed(error) || isMiscount(error)) return 'damaged'
  return isConstraint(error) ? 'bug' : undefined
}

/** Counters and presence are written by triggers: where a rule of theirs is broken, they are what is wrong. */
const isMiscount = (error: unknown): boolean =>
  /constraint failed: (?:count >= 0|host_counts\.|seen_counts\.|command_counts\.|transition_counts\.|last_seen\.)/.test(
    messageOf(error),
  )

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)
