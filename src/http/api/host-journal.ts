// What happened: to one host, or to all and to what is no host.
import { z } from '@hono/zod-openapi'
import type { JournalQuery } from '../../../storage/queries.ts'
import type { Store } from '../../../storage/store.ts'
import { ok } from '../../result.ts'
import type { Cursors } from '../cursor.ts'
import type { ApiDeps } from './deps.ts'
import { endpoint, type Endpoint } from './endpoint.ts'
import { answered } from './faults.ts'
import { pageOf, pageQuery, wordsOf } from './fields.ts'
import { hostAt } from './host-ref.ts'
import { refParams } from './host.ts'
import { causes, journalItem, journalOf } from './journal-item.ts'
import { placeAsked, pageReply } from './page.ts'

const seq = z.coerce.number('must be a number').int().min(0).optional()

const query = z.strictObject({
  event: wordsOf(undefined, 'Events, such as mdm.TokenUpdate.'),
  actor: z.string().min(1).optional().openapi({ description: '`host`, or the id of a command.' }),
  cause: wordsOf(causes, 'Who made it happen.'),
  after: seq.openapi({ type: 'integer', description: 'Only what came after this seq.' }),
  before: seq.openapi({ type: 'integer', description: 'Only what came before this seq.' }),
  ...pageQuery,
})

export const hostJournalEndpoint = (deps: ApiDeps, cursors: Cursors): Endpoint =>
  endpoint(
    {
      method: 'get',
      path: '/hosts/{ref}/journal',
      role: 'viewer',
      tag: 'hosts',
      summary: 'What happened to a host and its commands, newest first.',
      description: 'Also what happened to hosts before they were merged into it.',
      params: refParams,
      query,
      gives: pageOf(journalItem),
    },
    async (call) => {
      const row = await hostAt(deps, call)
      if (!row.ok) return row
      const place = placeAsked(cursors, call)
      if (!place.ok) return place
      const hostIds = withMerged(deps.store, row.value.id)
      const page = await read(deps, { hostIds, ...asked(call.query, place.value?.[0]) })
      return page.ok ? ok(pageReply(cursors, call, page.value)) : page
    },
  )

export const journalEndpoint = (deps: ApiDeps, cursors: Cursors): Endpoint =>
  endpoint(
    {
      method: 'get',
      path: '/journal',
      role: 'viewer',
      tag: 'events',
      summary: 'What happened, to hosts and to all else, newest first.',
      description:
        'With cause=operator it is the audit: who changed what, by the name of their token. Rows about no host have an ' +
        'empty host_id. Filtered, the total is null: nothing counts that.',
      query,
      gives: pageOf(journalItem),
    },
    async (call) => {
      const place = placeAsked(cursors, call)
      if (!place.ok) return place
      const page = await read(deps, asked(call.query, place.value?.[0]))
      return page.ok ? ok(pageReply(cursors, call, page.value)) : page
    },
  )

async function read({ queries, commands }: ApiDeps, query: JournalQuery) {
  const page = answered(await queries.listJournal(query))
  if (!page.ok) return page
  const { items, total, more, damaged } = page.value
  const last = items.at(-1)
  const end = more && last ? [last.seq] : undefined
  return ok({ items: items.map((row) => journalOf(row, commands.uuidOf)), total, end, damaged })
}

function asked(
  { event, actor, cause, after, before, limit }: z.output<typeof query>,
  place: string | number | null | undefined,
): Omit<JournalQuery, 'hostIds'> {
  const ends = [before, typeof place === 'number' ? place : undefined].filter(
    (one) => one !== undefined,
  )
  return {
    ...(event && { events: event }),
    ...(actor !== undefined && { actor }),
    ...(cause && { causes: cause }),
    ...(after !== undefined && { sinceSeq: after }),
    ...(ends.length > 0 && { beforeSeq: Math.min(...ends) }),
    limit,
  }
}

/** Hosts whose past is also this one's; a chain of merges is as long as it is, and short. */
const mergedMax = 64

/** The host and all that were merged into it and not split off again. */
export function withMerged(store: Store, hostId: string): readonly string[] {
  const ids = [hostId]
  for (let index = 0; index < ids.length && ids.length < mergedMax; index += 1)
    for (const merge of store.lookups.mergesOf(ids[index] ?? ''))
      if (merge.undone_at === null && !ids.includes(merge.loser_id)) ids.push(merge.loser_id)
  return ids
}
