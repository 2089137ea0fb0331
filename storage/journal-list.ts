import { type JournalPage, type JournalQuery, pageRowsMax } from './queries.ts'
import { and, isOneOf, numberOf, type Select, type Sql, sql } from './select.ts'
import { soundPage } from './sound-page.ts'
import { storedList } from './stored.ts'

/** A page of what happened, to hosts, to a command, or to all. */

export function listJournal(select: Select, query: JournalQuery): JournalPage {
  const matching = conditionsOf(query)
  const where = and([...matching, ...betweenSeqs(query)])
  const limit = Math.min(query.limit, pageRowsMax)
  const direction = query.ascending === true ? 'ASC' : 'DESC'
  const text = `SELECT ${storedList('journal')}, seq FROM journal
    WHERE ${where.text} ORDER BY seq ${direction} LIMIT ?`
  const read = (rows: number) => select(text, [...where.values, rows])
  return {
    ...soundPage('journal', read, {
      limit,
      itemOf: (row, [seq]) => ({ ...row, seq: Number(seq) }),
    }),
    total: count(select, query, matching),
  }
}

function conditionsOf({ hostIds, actor, events, causes }: JournalQuery): readonly Sql[] {
  return [
    ...(hostIds === undefined ? [] : [ofHosts(hostIds)]),
    ...(actor === undefined ? [] : [byActor(actor)]),
    ...(events === undefined ? [] : [isOneOf('event', events)]),
    ...(causes === undefined ? [] : [isOneOf('cause', causes)]),
  ]
}

/** One host is the common case, and only then does its index also give the order. */
function ofHosts(hostIds: readonly string[]): Sql {
  const [only] = hostIds
  return hostIds.length === 1 && only !== undefined
    ? sql('host_id = ?', only)
    : isOneOf('host_id', hostIds)
}

/** The index of commands' rows leaves out the hosts' own, which SQLite must be told of again. */
function byActor(actor: string): Sql {
  return actor === 'host' ? sql(`+actor = 'host'`) : sql(`actor = ? AND actor <> 'host'`, actor)
}

function betweenSeqs({ sinceSeq, beforeSeq }: JournalQuery): readonly Sql[] {
  return [
    ...(sinceSeq === undefined ? [] : [sql('seq > ?', sinceSeq)]),
    ...(beforeSeq === undefined ? [] : [sql('seq < ?', beforeSeq)]),
  ]
}

/** Only the oldest rows are ever removed and a rolled-back turn gives its seqs back, so there are no gaps to count. */
export const journalCount =
  'SELECT coalesce((SELECT max(seq) FROM journal) - (SELECT min(seq) FROM journal) + 1, 0)'

function count(select: Select, query: JournalQuery, matching: readonly Sql[]): number | null {
  if (matching.length === 0) return numberOf(select(journalCount))
  const bounded =
    query.hostIds !== undefined || (query.actor !== undefined && query.actor !== 'host')
  if (!bounded) return null
  const where = and(matching)
  return numberOf(select(`SELECT count(*) FROM journal WHERE ${where.text}`, where.values))
}
