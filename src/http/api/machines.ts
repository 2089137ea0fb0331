// What a host and a command can be: the definitions, and pictures of them.
import { z } from '@hono/zod-openapi'
import { chartOf } from '../../ui/diagram/chart.ts'
import { diagramStyleSource } from '../../ui/diagram/style.ts'
import { diagramFile } from '../../ui/diagram/svg.ts'
import { ok } from '../../result.ts'
import type { ApiDeps } from './deps.ts'
import { endpoint, type Endpoint } from './endpoint.ts'
import { answered } from './faults.ts'
import { fleetMarks, marksFor } from './machine-marks.ts'

const counts = z.record(z.string(), z.int())

const machine = z
  .object({
    id: z.string(),
    version: z.int(),
    counts: z.object({
      states: counts.openapi({ description: 'How many are in each state now, by its path.' }),
      edges: counts.openapi({ description: 'How often each was taken, as `source>target`.' }),
    }),
  })
  .openapi('Machine')

const wholeMachine = machine
  .extend({
    chart: z.unknown().openapi({ description: 'States and transitions as they are drawn.' }),
    definition: z.unknown().openapi({ description: "XState's own definition." }),
  })
  .openapi('WholeMachine')

const ids = ['host', 'command'] as const
const idParams = z.object({ id: z.enum(ids) })

export const machinesEndpoints = (deps: ApiDeps): readonly Endpoint[] => [
  listEndpoint(deps),
  pictureEndpoint(deps),
  machineEndpoint(deps),
]

async function machineOf(deps: ApiDeps, id: (typeof ids)[number]) {
  const { machine: one, version } = deps.machines[id]
  const counted = answered(await deps.queries.transitionCounts(id))
  if (!counted.ok) return counted
  const marks = fleetMarks(chartOf(one), counted.value)
  return ok({ id, version, counts: { states: marks.states, edges: marks.edges } })
}

const listEndpoint = (deps: ApiDeps): Endpoint =>
  endpoint(
    {
      method: 'get',
      path: '/machines',
      role: 'viewer',
      tag: 'machines',
      summary: 'The machines there are, with counts.',
      gives: z.object({ items: z.array(machine), total: z.int(), next: z.null() }),
    },
    async () => {
      const host = await machineOf(deps, 'host')
      if (!host.ok) return host
      const command = await machineOf(deps, 'command')
      if (!command.ok) return command
      const items = [host.value, command.value]
      return ok({ kind: 'json', content: { items, total: items.length, next: null } })
    },
  )

const machineEndpoint = (deps: ApiDeps): Endpoint =>
  endpoint(
    {
      method: 'get',
      path: '/machines/{id}',
      role: 'viewer',
      tag: 'machines',
      summary: 'One machine: its definition as JSON, and counts.',
      params: idParams,
      gives: wholeMachine,
    },
    async ({ path: { id } }) => {
      const found = await machineOf(deps, id)
      if (!found.ok) return found
      const { machine: one } = deps.machines[id]
      const content = { ...found.value, chart: chartOf(one), definition: one.definition }
      return ok({ kind: 'json', content })
    },
  )

const pictureEndpoint = (deps: ApiDeps): Endpoint =>
  endpoint(
    {
      method: 'get',
      path: '/machines/{id}.svg',
      role: 'viewer',
      tag: 'machines',
      summary: 'The statechart, lit for one host or command, else counted over all.',
      params: idParams,
      query: z.strictObject({
        host: z.string().min(1).optional().openapi({ description: 'Any reference to a host.' }),
        command: z.string().min(1).optional().openapi({ description: 'A CommandUUID.' }),
        direction: z.enum(['right', 'down']).default('right'),
      }),
      gives: z.string(),
      types: ['image/svg+xml'],
    },
    async ({ path: { id }, query }) => {
      const { machine: one, version } = deps.machines[id]
      const chart = chartOf(one)
      const marks = await marksFor(deps, { id, chart, query })
      if (!marks.ok) return marks
      const direction = query.direction === 'right' ? 'RIGHT' : 'DOWN'
      const geometry = await deps.diagrams.geometry({ id, version }, chart, direction)
      return ok({
        kind: 'other',
        response: new Response(diagramFile(chart, geometry, marks.value), {
          headers: {
            'content-type': 'image/svg+xml',
            'cache-control': 'no-store',
            // Opened by itself a picture is a document of ours, so it may do no more than look right.
            'content-security-policy': `default-src 'none'; style-src ${diagramStyleSource}`,
          },
        }),
      })
    },
  )
