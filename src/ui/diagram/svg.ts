import type { Chart, ChartEdge, ChartNode } from './chart.ts'
import type { Box, Geometry, Route } from './geometry.ts'
import { textOf } from './label.ts'
import { classes, element, escaped, tag } from './markup.ts'
import { countText, litWithParents, litWords, markOf, safeLink, stateElementId } from './marks.ts'
import type { Marks } from './marks.ts'
import { edgeLines, shorten, size } from './measure.ts'
import { arrowPath, roundedPath } from './path.ts'
import { diagramStyle } from './style.ts'

/**
 * The statechart as inline SVG, for a page whose stylesheet includes `diagramStyle`.
 *
 * Every state is a group with `data-state`, every edge one with `data-edge`; a live page moves the classes
 * `lit` and `last` among them and touches nothing else. No style attribute, no script, all text escaped.
 */
export const diagramSvg = (chart: Chart, geometry: Geometry, marks: Marks): string =>
  draw({ chart, geometry, marks, lit: litWithParents(marks.lit) }, '')

/** The same as a file of its own: it carries its stylesheet. Allow it by `diagramStyleSource` in the policy. */
export const diagramFile = (chart: Chart, geometry: Geometry, marks: Marks): string =>
  draw({ chart, geometry, marks, lit: litWithParents(marks.lit) }, `<style>${diagramStyle}</style>`)

type Drawing = {
  readonly chart: Chart
  readonly geometry: Geometry
  readonly marks: Marks
  readonly lit: ReadonlySet<string>
}

function draw(drawing: Drawing, style: string): string {
  const { chart, geometry, marks, lit } = drawing
  const prefix = geometry.direction === 'RIGHT' ? 's' : 'n'
  const titleId = `${stateElementId(chart, '', prefix)}--title`
  const descId = `${stateElementId(chart, '', prefix)}--desc`
  const { width, height } = geometry
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    class: classes('diagram', geometry.direction === 'RIGHT' ? 'diagram-right' : 'diagram-down'),
    'data-machine': chart.machine,
    // Links inside an image do not exist for a screen reader; inside a group they do.
    role: Object.keys(marks.links ?? {}).length === 0 ? 'img' : 'group',
    'aria-labelledby': `${titleId} ${descId}`,
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
  }
  const parts = [
    style,
    element('title', { id: titleId }, escaped(`Statechart of ${chart.machine}`)),
    element('desc', { id: descId }, escaped(description(chart, lit))),
    stateGroup(drawing, chart.root),
    ...chart.edges.map((edge) => edgeGroup(drawing, edge)),
  ]
  return element('svg', attributes, parts.join(''))
}

function description(chart: Chart, lit: ReadonlySet<string>): string {
  const current = litWords(chart, lit)
  return current === '' ? 'No state is marked as current.' : `Current: ${current}.`
}

function stateGroup(drawing: Drawing, node: ChartNode): string {
  const { chart, geometry, lit, marks } = drawing
  const box = geometry.nodes[node.id]
  if (box === undefined) return ''
  if (node.kind === 'initial') return initialMark(box)
  const prefix = geometry.direction === 'RIGHT' ? 's' : 'n'
  const attributes = {
    id: stateElementId(chart, node.id, prefix),
    class: classes('state', node.kind, node.id === '' && 'root', lit.has(node.id) && 'lit'),
    'data-state': node.id,
  }
  const face = node.children.length === 0 ? leafFace(node, box, marks) : frameFace(node, box, marks)
  const href = safeLink(markOf(marks.links, node.id))
  const linked = href === undefined ? face : element('a', { href }, face)
  const inner = node.children.map((child) => stateGroup(drawing, child))
  return element('g', attributes, linked + inner.join(''))
}

const initialMark = ({ x, y, width, height }: Box): string =>
  tag('circle', { class: 'initial', cx: x + width / 2, cy: y + height / 2, r: width / 2 }, '/')

/** A state without inner states: its name in the middle, its count below, a dot when it is lit. */
function leafFace(node: ChartNode, box: Box, marks: Marks): string {
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 }
  if (node.kind === 'history')
    return (
      tag('circle', { class: 'box', cx: middle.x, cy: middle.y, r: box.width / 2 }, '/') +
      element('text', { class: 'name', x: middle.x, y: middle.y }, 'H')
    )
  const count = markOf(marks.counts, node.id)
  const nameY = count === undefined ? middle.y : middle.y - 7
  return [
    rectangle('box', box, 8),
    // The second line that UML gives a state nothing leaves.
    node.kind === 'final' ? rectangle('inner', shrunk(box, 3.5), 5) : '',
    tag('circle', { class: 'dot', cx: box.x + 14, cy: nameY, r: 3.5 }, '/'),
    element('text', { class: 'name', x: middle.x, y: nameY }, escaped(shorten(node.label))),
    count === undefined
      ? ''
      : element('text', { class: 'count', x: middle.x, y: middle.y + 9 }, countText(count)),
  ].join('')
}

/** A state around others: a frame with its name and count in the corner. */
function frameFace(node: ChartNode, box: Box, marks: Marks): string {
  const count = markOf(marks.counts, node.id)
  const sign = node.kind === 'parallel' ? ' ∥' : ''
  const counted =
    count === undefined ? '' : element('tspan', { class: 'count', dx: 8 }, countText(count))
  const name = escaped(shorten(node.label) + sign) + counted
  return (
    rectangle('box', box, 10) +
    tag('circle', { class: 'dot', cx: box.x + 15, cy: box.y + 18, r: 3.5 }, '/') +
    element('text', { class: 'title', x: box.x + 24, y: box.y + 18 }, name)
  )
}

function edgeGroup({ geometry, marks }: Drawing, edge: ChartEdge): string {
  const route = geometry.edges[edge.id]
  if (route === undefined) return ''
  const d = roundedPath(route.points)
  const line =
    tag('path', { class: 'line', d }, '/') +
    tag('path', { class: 'arrow', d: arrowPath(route.points) }, '/')
  if (edge.labels.length === 0) return element('g', { class: 'edge', 'data-edge': edge.id }, line)
  const count = markOf(marks.counts, edge.id) ?? 0
  const never = marks.counts !== undefined && count === 0
  const counted = count === 0 ? '' : ` ${countText(count)}`
  const said = `${edge.source} → ${edge.target}: ${edge.labels.map(textOf).join(', ')}`
  const attributes = {
    class: classes('edge', never && 'never', marks.last === edge.id && 'last'),
    'data-edge': edge.id,
  }
  const tooltip = element('title', {}, escaped(said + counted))
  // A wide invisible line: nobody can point at one and a half pixels.
  const reach = tag('path', { class: 'reach', d }, '/')
  return element('g', attributes, tooltip + reach + line + words(edge, route, counted))
}

function words(edge: ChartEdge, { label }: Route, counted: string): string {
  if (label === undefined) return ''
  const lines = edgeLines(edge).map((line, index) => {
    const count = index > 0 || counted === '' ? '' : element('tspan', { class: 'count' }, counted)
    const y = label.y + (index + 0.5) * size.labelLine
    return element('tspan', { x: label.x, y }, escaped(line) + count)
  })
  return element('text', { class: 'words' }, lines.join(''))
}

const rectangle = (name: string, { x, y, width, height }: Box, rx: number): string =>
  tag('rect', { class: name, x, y, width, height, rx }, '/')

const shrunk = ({ x, y, width, height }: Box, by: number): Box => ({
  x: x + by,
  y: y + by,
  width: width - 2 * by,
  height: height - 2 * by,
})
