// What is old enough to be removed, a bounded step at a time. Read by the thread that lists.
import type {
  EndedCertificate,
  EndedQuery,
  JournalCut,
  JournalCutQuery,
  OldCommands,
  OldCommandsQuery,
} from './queries.ts'
import type { Select } from './select.ts'
import { number, text } from './stored.ts'

/**
 * Up to which seq the oldest rows are older than `before`; null when none is. The newest row always stays, since
 * seqs go on from it.
 *
 * A row from the future was written while the clock was ahead: it is as old as the rows around it.
 */
export function cutJournal(
  select: Select,
  { before, now, rows }: JournalCutQuery,
): JournalCut | null {
  const oldest = select(
    `SELECT ${number('seq')}, ${number('at')} FROM journal
      WHERE seq < (SELECT max(seq) FROM journal) ORDER BY seq LIMIT ?`,
    [rows],
  )
  let upTo: number | undefined
  for (const [seq, at] of oldest) {
    if (Number(at) >= before && Number(at) <= now) break
    if (Number(at) < before) upTo = Number(seq)
  }
  return upTo === undefined ? null : { from: Number(oldest[0]?.[0]), upTo }
}

/** The next commands in order of their seq, open ones left out. */
export function scanOldCommands(
  select: Select,
  { after, createdBefore, rows }: OldCommandsQuery,
): OldCommands {
  const found = select(
    `SELECT ${text('command_uuid')}, ${number('seq')}, ${number('open')}, ${number('updated_at')}, ${number('created_at')}
      FROM commands INDEXED BY commands_by_seq WHERE (seq, command_uuid) > (?, ?) ORDER BY seq, command_uuid LIMIT ?`,
    [after.seq, after.command_uuid, rows],
  ).map(([uuid, seq, open, endedAt, createdAt]) => ({
    command_uuid: String(uuid),
    seq: Number(seq),
    isOpen: open !== 0,
    ended_at: Number(endedAt),
    created_at: Number(createdAt),
  }))
  const last = found.at(-1)
  const isOver = found.length < rows || found.every(({ created_at }) => created_at >= createdBefore)
  return {
    ended: found.filter(({ isOpen }) => !isOpen),
    next: last === undefined || isOver ? null : last,
  }
}

/**
 * Certificates of ours that another one replaced, or that were never used, and that ran out before that time.
 *
 * Revoked ones stay, so that nothing that presents one is ever taken for new, and so do those of a former server.
 */
export const endedCertificates = (
  select: Select,
  { before, rows }: EndedQuery,
): readonly EndedCertificate[] =>
  select(
    `SELECT ${text('fingerprint')}, ${text('status')} FROM certificates
      WHERE not_after < ? AND status IN ('issued', 'retired') AND origin <> 'adopted' LIMIT ?`,
    [before, rows],
  ).map(([fingerprint, status]) => ({
    fingerprint: String(fingerprint),
    status: String(status) === 'issued' ? 'issued' : 'retired',
  }))
