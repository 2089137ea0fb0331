import type { Parts } from '../../machines/host-events.ts'
import type { AgentRow, ClaimRow, ConflictRow, MergeRow } from '../../storage/rows.ts'
import type { KnownHost } from './known.ts'

/** What a merge did to two hosts' rows, enough to put every one of them back. Kept as JSON in the merge row. */
export type Undo = {
  readonly survivorId: string
  readonly loserId: string
  readonly quarantined: { readonly survivor: boolean; readonly loser: boolean }
  readonly claims: Change<ClaimRow>
  readonly agents: Change<AgentRow>
  readonly conflicts: Change<ConflictRow>
  readonly enrollmentKeys: readonly string[]
  readonly depSerials: readonly string[]
  /** How the survivor stood in MDM when the other host's newer life replaced that. */
  readonly replacedMdm?: Parts['mdm']
  /** Ids whose commands the loser had: its own, and those of hosts merged into it before. */
  readonly origins: readonly string[]
}

type Change<Row> = { readonly before: readonly Row[]; readonly after: readonly Row[] }

/** What a merge row remembers: JSON of this type, written by `unite`, with what only the actors know beside it. */
export const undoOf = (merge: MergeRow): Undo => JSON.parse(merge.undo) as Undo

/** Every id a host goes by: its own, and those of the hosts that became it. */
export const originsOf = ({
  hostId,
  merges,
}: Pick<KnownHost, 'hostId' | 'merges'>): readonly string[] => [
  hostId,
  ...merges.filter((row) => row.undone_at === null).flatMap((row) => undoOf(row).origins),
]
