// What is lit in a drawing, and the counts in it.
import type { TransitionCounts } from '../../../storage/queries.ts'
import { fail, ok, type Result } from '../../result.ts'
import type { Chart } from '../../ui/diagram/chart.ts'
import type { Marks } from '../../ui/diagram/marks.ts'
import { edgeTaken, litStates } from '../../ui/diagram/state-value.ts'
import type { Problem } from '../problem.ts'
import type { ApiDeps } from './deps.ts'
import { answered, askProblem } from './faults.ts'
import { withMerged } from './host-journal.ts'
import { hostByRef } from './host-ref.ts'
import { invalidAt } from './invalid.ts'

type Counts = Record<string, number>

/** Counts by the drawing's ids. States count with everything above them, as a picture is read. */
export const fleetMarks = (
  chart: Chart,
  { states, edges }: TransitionCounts,
): { readonly states: Counts; readonly edges: Counts } => ({
  states: stateCounts(chart, states),
  edges: edgeCounts(chart, edges),
})

function stateCounts({ machine }: Chart, states: TransitionCounts['states']): Counts {
  const sums: Counts = {}
  for (const [region, counts] of Object.entries(states))
    for (const [state, count] of Object.entries(counts))
      for (const id of upwards(machine === 'host' ? `${region}.${state}` : state))
        sums[id] = (sums[id] ?? 0) + count
  return sums
}

function edgeCounts(chart: Chart, edges: TransitionCounts['edges']): Counts {
  const sums: Counts = {}
  for (const { from_state: from, to_state: to, event, count } of edges) {
    if (from === null || to === null) continue
    const id = edgeTaken(chart, { from, to, event })
    if (id !== undefined) sums[id] = (sums[id] ?? 0) + count
  }
  return sums
}

/** `a.b.c`, `a.b`; a region itself holds everyone and says nothing. */
function upwards(state: string): readonly string[] {
  const keys = state.split('.')
  return keys.map((_, index) => keys.slice(0, index + 1).join('.'))
}

type Picture = {
  readonly id: 'host' | 'command'
  readonly chart: Chart
  readonly query: { readonly host?: string | undefined; readonly command?: string | undefined }
}

export async function marksFor(deps: ApiDeps, picture: Picture): Promise<Result<Marks, Problem>> {
  const { id, query, chart } = picture
  const wrong = id === 'host' ? 'command' : 'host'
  if (query[wrong] !== undefined)
    return fail(invalidAt([{ pointer: `/query/${wrong}`, detail: `lights no machine ${id}` }]))
  if (query.host !== undefined) return hostMarks(deps, chart, query.host)
  if (query.command !== undefined) return commandMarks(deps, chart, query.command)
  const counted = answered(await deps.queries.transitionCounts(id))
  if (!counted.ok) return counted
  const { states, edges } = fleetMarks(chart, counted.value)
  return ok({ lit: [], counts: { ...states, ...edges } })
}

async function hostMarks(
  deps: ApiDeps,
  chart: Chart,
  ref: string,
): Promise<Result<Marks, Problem>> {
  const row = await hostByRef(deps, ref)
  if (!row.ok) return row
  const looked = await deps.hosts.look(row.value.id)
  if (!looked.ok) return fail(askProblem(looked.error))
  const last = await lastEdge(deps, chart, {
    hostIds: withMerged(deps.store, row.value.id),
    actor: 'host',
  })
  return last.ok ? ok({ lit: litStates(looked.value.snapshot.value), last: last.value }) : last
}

async function commandMarks(
  deps: ApiDeps,
  chart: Chart,
  uuid: string,
): Promise<Result<Marks, Problem>> {
  const row = deps.store.lookups.command(uuid)
  if (row === undefined) return fail({ kind: 'not-found', detail: 'No such command.' })
  const last = await lastEdge(deps, chart, { actor: uuid })
  return last.ok ? ok({ lit: litStates(row.state), last: last.value }) : last
}

/** Rows looked through for the last move: notes stand between, seldom many. */
const rowsMax = 50

async function lastEdge(
  { queries }: ApiDeps,
  chart: Chart,
  whose: { readonly hostIds?: readonly string[]; readonly actor: string },
): Promise<Result<string | undefined, Problem>> {
  const page = answered(await queries.listJournal({ ...whose, limit: rowsMax }))
  if (!page.ok) return page
  for (const { from_state: from, to_state: to, event } of page.value.items)
    if (from !== null && to !== null) return ok(edgeTaken(chart, { from, to, event }))
  return ok(undefined)
}
