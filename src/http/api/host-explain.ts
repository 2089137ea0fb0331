import { z } from '@hono/zod-openapi'
import type { JournalEntry } from '../../../storage/queries.ts'
import { fail, ok } from '../../result.ts'
import type { ApiDeps } from './deps.ts'
import { endpoint, type Endpoint } from './endpoint.ts'
import { explain, type Region, regions, type Why } from './explanation.ts'
import { answered, askProblem } from './faults.ts'
import { iso, isoOrNull, time } from './fields.ts'
import { presenceOf, thresholdsAt } from './host-item.ts'
import { withMerged } from './host-journal.ts'
import { hostAt } from './host-ref.ts'
import { refParams } from './host.ts'

const why = z.object({
  value: z.string().nullable(),
  because: z.array(
    z.object({
      fact: z.string(),
      source: z.string(),
      at: time.nullable(),
      seq: z.int().nullable().openapi({ description: 'The row of the journal.' }),
    }),
  ),
})

const explanation = z
  .object({
    host_id: z.string(),
    status: why,
    lifecycle: why,
    mdm: why,
    dep: why,
    osquery: why,
    presence: why,
  })
  .openapi('Explanation')

/** Rows looked through for the last move of each region: a region moves with nearly every host row. */
const movesMax = 500

export const hostExplainEndpoint = (deps: ApiDeps): Endpoint =>
  endpoint(
    {
      method: 'get',
      path: '/hosts/{ref}/explain',
      role: 'viewer',
      tag: 'hosts',
      summary: 'Why a host has its status and states: the facts, who said so and when.',
      params: refParams,
      gives: explanation,
    },
    async (call) => {
      const found = await hostAt(deps, call)
      if (!found.ok) return found
      const { id } = found.value
      const looked = await deps.hosts.look(id)
      if (!looked.ok) return fail(askProblem(looked.error))
      const journal = answered(
        await deps.queries.listJournal({
          hostIds: withMerged(deps.store, id),
          actor: 'host',
          limit: movesMax,
        }),
      )
      if (!journal.ok) return journal
      const row = deps.store.lookups.host(id) ?? found.value
      const { context } = looked.value.snapshot
      const told = explain({ row, context, moves: movesOf(journal.value.items) })
      return ok({
        kind: 'json',
        content: {
          host_id: id,
          status: shown(told.status),
          lifecycle: shown(told.lifecycle),
          mdm: shown(told.mdm),
          dep: shown(told.dep),
          osquery: shown(told.osquery),
          presence: presence(deps, row),
        },
      })
    },
  )

/** The newest row that moved each region; rows come newest first. */
function movesOf(items: readonly JournalEntry[]): Partial<Record<Region, JournalEntry>> {
  const moves: Partial<Record<Region, JournalEntry>> = {}
  for (const item of items)
    for (const region of regions)
      if (item.to_state?.startsWith(`${region}.`) === true) moves[region] ??= item
  return moves
}

const shown = ({ value, because }: Why): z.input<typeof why> => ({
  value,
  because: because.map(({ fact, source, atMs, seq }) => ({
    fact,
    source,
    at: isoOrNull(atMs),
    seq,
  })),
})

function presence(
  { hosts, world }: ApiDeps,
  row: { readonly id: string; readonly lifecycle: string },
): z.input<typeof why> {
  const seen = hosts.lastSeen.of(row.id)
  const value = presenceOf(row, seen?.at ?? null, thresholdsAt(world.now()))
  if (seen === undefined)
    return {
      value,
      because: [{ fact: 'It was never heard of.', source: 'none', at: null, seq: null }],
    }
  const source = seen.mdm_at === seen.at ? 'mdm' : 'osquery'
  return {
    value,
    because: [{ fact: `It last spoke by ${source}.`, source, at: iso(seen.at), seq: null }],
  }
}
