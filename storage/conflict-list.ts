import { type ConflictListQuery, type Page, pageRowsMax } from './queries.ts'
import type { ConflictRow } from './rows.ts'
import { and, numberOf, type Select, sql } from './select.ts'
import { soundPage } from './sound-page.ts'
import { storedList } from './stored.ts'

/** Contradictions between sightings, newest first. They are few: an operator has to look at each. */
export function listConflicts(select: Select, query: ConflictListQuery): Page<ConflictRow> {
  const { open, after } = query
  const standing =
    open === undefined ? undefined : sql(open ? 'resolved_at IS NULL' : 'resolved_at IS NOT NULL')
  const rest = after && sql('(opened_at, id) < (?, ?)', after.opened_at, after.id)
  const where = and([standing, rest])
  const limit = Math.min(query.limit, pageRowsMax)
  const text = `SELECT ${storedList('conflicts')} FROM conflicts
    WHERE ${where.text} ORDER BY opened_at DESC, id DESC LIMIT ?`
  const read = (rows: number) => select(text, [...where.values, rows])
  const counted = `SELECT count(*) FROM conflicts WHERE ${and([standing]).text}`
  return {
    ...soundPage('conflicts', read, { limit, itemOf: (row) => row }),
    total: numberOf(select(counted)),
  }
}
