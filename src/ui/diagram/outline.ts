import { html } from 'hono/html'
import type { Chart, ChartEdge, ChartNode } from './chart.ts'
import { textOf } from './label.ts'
import { countText, litWithParents, markOf, safeLink } from './marks.ts'
import type { Marks } from './marks.ts'

type Html = ReturnType<typeof html>

/**
 * The statechart as a nested list, for those who cannot see the drawing and for everything it does not draw.
 *
 * States carry `data-state` and the class `lit`, transitions `data-edge` and the class `last`, as in the drawing,
 * so the same live updates reach both.
 */
export function diagramOutline(chart: Chart, marks: Marks): Html {
  const lit = litWithParents(marks.lit)
  return html`<ul class="outline" data-machine="${chart.machine}">
    ${stateItem({ chart, marks, lit }, chart.root)}
  </ul>`
}

type Outline = {
  readonly chart: Chart
  readonly marks: Marks
  readonly lit: ReadonlySet<string>
}

function stateItem(outline: Outline, node: ChartNode): Html {
  const { chart, marks, lit } = outline
  const inner = node.children.filter(({ kind }) => kind !== 'initial')
  const leaving = chart.edges.filter(
    ({ source, labels }) => source === node.id && labels.length > 0,
  )
  const href = safeLink(markOf(marks.links, node.id))
  const name = href === undefined ? html`${node.label}` : html`<a href="${href}">${node.label}</a>`
  const current = lit.has(node.id) ? html` class="lit" aria-current="true"` : ''
  return html`<li data-state="${node.id}" ${current}>
    ${name}${remarks(outline, node)} <span class="here">● current</span>
    ${list(leaving.map((edge) => edgeItem(outline, edge)))} ${list(node.notes.map(noteItem))}
    ${list(inner.map((child) => stateItem(outline, child)))}
  </li>`
}

/** What the drawing says by shape: regions, ends, the first state, and how many are here. */
function remarks({ chart, marks }: Outline, { id, kind }: ChartNode): string {
  const first = chart.edges.some(({ target, labels }) => target === id && labels.length === 0)
  const words = [
    kind === 'parallel' && 'all at once',
    kind === 'final' && 'final',
    first && 'initial',
  ]
  const said = words.filter((word) => word !== false)
  const count = markOf(marks.counts, id)
  return (
    (said.length === 0 ? '' : ` (${said.join(', ')})`) +
    (count === undefined ? '' : ` ${countText(count)}`)
  )
}

function edgeItem({ marks }: Outline, edge: ChartEdge): Html {
  const count = markOf(marks.counts, edge.id)
  const last = marks.last === edge.id ? html` class="last"` : ''
  const to = edge.source === edge.target ? 'itself' : edge.target
  const counted = count === undefined ? '' : ` ${countText(count)}`
  return html`<li data-edge="${edge.id}" ${last}>
    ${edge.labels.map(textOf).join(', ')} → ${to}${counted}
  </li>`
}

const noteItem = (note: ChartNode['notes'][number]): Html =>
  html`<li>${textOf(note)} ${note.target === undefined ? 'stays' : `→ ${note.target}`}</li>`

/** HTML knows no empty list. */
const list = (items: readonly Html[]): Html | string =>
  items.length === 0
    ? ''
    : html`<ul>
        ${[...items]}
      </ul>`
