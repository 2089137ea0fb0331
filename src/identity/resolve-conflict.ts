import type { ConflictRow } from '../../storage/rows.ts'
import { fail, ok, unreachable } from '../result.ts'
import type { Result } from '../result.ts'
import { choicesOf, othersOf, partiesOf, settledBy } from './conflicts.ts'
import type { Choice, ConflictKind } from './conflicts.ts'
import type { Consequences, Fresh } from './decision.ts'
import { openDraft } from './draft.ts'
import type { KnownHosts } from './known.ts'
import { mergeHosts } from './merge.ts'
import type { Merged, MergeFault } from './merge.ts'

export type Answer = {
  readonly choice: Choice
  /** For `merge`: the host whose claims are right where they contradict each other. */
  readonly prefer?: string | undefined
}

export type Resolved =
  | ({ readonly kind: 'merged' } & Merged)
  | ({ readonly kind: 'closed'; readonly hostId: string } & Consequences)

export type ResolveFault =
  | MergeFault
  | { readonly kind: 'already-resolved' }
  | { readonly kind: 'not-offered'; readonly choices: readonly Choice[] }

/** What an operator's answer to a conflict does. `known` holds every party that still lives. */
export function resolveConflict(
  { conflict, answer }: { readonly conflict: ConflictRow; readonly answer: Answer },
  known: KnownHosts,
  fresh: Fresh,
): Result<Resolved, ResolveFault> {
  if (conflict.resolved_at !== null) return fail({ kind: 'already-resolved' })
  const choices = choicesOf[kindOf(conflict)]
  if (!choices.includes(answer.choice)) return fail({ kind: 'not-offered', choices })
  switch (answer.choice) {
    case 'merge':
      return merged({ conflict, prefer: answer.prefer }, known, fresh)
    case 'confirm-replacement':
      // The host set apart has the new board, so what it says of itself is what holds now.
      return merged({ conflict, prefer: conflict.host_id }, known, fresh)
    case 'keep-separate':
    case 'dismiss':
      return ok(closed({ conflict, choice: answer.choice }, known, fresh))
    default:
      return unreachable(answer.choice)
  }
}

/** Who has to be known to answer a conflict. */
export const partiesTo = (conflict: ConflictRow): readonly string[] => partiesOf(conflict)

type MergeAnswer = { readonly conflict: ConflictRow; readonly prefer: string | undefined }

function merged(
  { conflict, prefer }: MergeAnswer,
  known: KnownHosts,
  fresh: Fresh,
): Result<Resolved, ResolveFault> {
  const parties = partiesOf(conflict)
  const hosts = new Map([...known.hosts].filter(([id]) => parties.includes(id)))
  const outcome = mergeHosts({ ...known, hosts }, prefer, fresh)
  if (!outcome.ok) return outcome
  // A party that died meanwhile keeps the merge from closing its conflict.
  const gone = othersOf(conflict).filter((id) => !hosts.has(id))
  const over = settledBy({ ...conflict, host_id: outcome.value.hostId }, 'merged', fresh.atMs)
  const writes = gone.length === 0 ? [] : [{ put: 'conflict' as const, row: over }]
  return ok({
    kind: 'merged',
    ...outcome.value,
    writes: [...outcome.value.writes, ...writes],
  })
}

type CloseAnswer = {
  readonly conflict: ConflictRow
  readonly choice: 'keep-separate' | 'dismiss'
}

function closed({ conflict, choice }: CloseAnswer, known: KnownHosts, fresh: Fresh): Resolved {
  const draft = openDraft(known, fresh)
  const hostId = conflict.host_id
  // Two computers after all: the one set apart may be used, its disputed claims still match nobody.
  if (choice === 'keep-separate' && known.hosts.get(hostId)?.quarantined === true)
    draft.release(hostId)
  draft.write({ put: 'conflict', row: settledBy(conflict, choice, fresh.atMs) })
  return { kind: 'closed', hostId, ...draft.consequences(hostId) }
}

/** The column is ours: a kind that is not one of these is a bug. */
function kindOf({ kind }: ConflictRow): ConflictKind {
  const known = conflictKinds.find((name) => name === kind)
  if (known === undefined) throw new Error(`a conflict of unknown kind ${kind}`)
  return known
}

const conflictKinds = [
  'serial-reuse',
  'clone',
  'contradiction',
  'proposed-merge',
  'takeover',
  'split',
  'failing',
] as const satisfies readonly ConflictKind[]
