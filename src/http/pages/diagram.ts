// A machine's picture on a page: a wide and a narrow drawing, and the same in words.
import { ok, type Result } from '../../result.ts'
import { chartOf } from '../../ui/diagram/chart.ts'
import type { Marks } from '../../ui/diagram/marks.ts'
import { diagramOutline } from '../../ui/diagram/outline.ts'
import { diagramSvg } from '../../ui/diagram/svg.ts'
import { html, type Html, markup } from '../../ui/html.ts'
import { marksFor } from '../api/machine-marks.ts'
import { refusedBy, type Refused } from './api-client.ts'
import type { PagesDeps } from './deps.ts'

type MachineId = 'host' | 'command'

/** The machine as one host or one command stands in it. */
export async function diagramOf(
  deps: PagesDeps,
  id: MachineId,
  query: { readonly host?: string; readonly command?: string },
): Promise<Result<Html, Refused>> {
  const chart = chartOf(deps.machines[id].machine)
  const marks = await marksFor(deps, { id, chart, query })
  if (!marks.ok) return { ok: false, error: refusedBy(marks.error) }
  return ok(await drawn(deps, id, marks.value))
}

/** The machine with marks of the caller's choice. */
export async function drawn(deps: PagesDeps, id: MachineId, marks: Marks): Promise<Html> {
  const { machine, version } = deps.machines[id]
  const chart = chartOf(machine)
  const outline = html`<details class="in-words">
    <summary>In words</summary>
    ${markup(diagramOutline(chart, marks))}
  </details>`
  const geometries = Promise.all([
    deps.diagrams.geometry({ id, version }, chart, 'RIGHT'),
    deps.diagrams.geometry({ id, version }, chart, 'DOWN'),
  ])
  // The layout thread may fail or be slow; the words say the same, and the page stays.
  const laid = await geometries.catch(() => undefined)
  if (laid === undefined)
    return html`<p class="quiet">The drawing could not be laid out; here it is in words.</p>
      ${outline}`
  return html`<div class="diagram-pair">
      ${laid.map((geometry) => markup(diagramSvg(chart, geometry, marks)))}
    </div>
    ${outline}`
}
