import type { ElkExtendedEdge, ElkNode } from 'elkjs'
import { isWithin } from './chart.ts'
import type { Chart, ChartEdge, ChartNode } from './chart.ts'
import { edgeLabelExtent, edgeLines, nodeExtent, size, titleWidth } from './measure.ts'

/** RIGHT reads left to right on a wide screen, DOWN from top to bottom on a narrow one. */
export type Direction = 'RIGHT' | 'DOWN'

/** ELK wants ids that are unique over nodes and edges, and the root's own id is empty. */
export const nodeKey = (id: string): string => `state ${id}`
export const edgeKey = (id: string): string => `edge ${id}`

/** The chart in ELK's words, without coordinates. Source: the option reference of the Eclipse Layout Kernel. */
export function graphOf(chart: Chart, direction: Direction): ElkNode {
  const separate = regionsAreSeparate(chart)
  const parents = parentsOf(chart.root, undefined, new Map())
  const inside = Map.groupBy(chart.edges, (edge) => containerOf(edge, parents))
  const edgesIn = (id: string): ElkExtendedEdge[] =>
    (inside.get(id) ?? []).map((edge) => edgeOf(edge, leadsBack(edge, chart)))
  const node = (from: ChartNode): ElkNode => {
    const options = optionsOf(from, separate, direction)
    if (from.children.length === 0) return { id: nodeKey(from.id), ...nodeExtent(from) }
    const children = from.children.map((child) =>
      separate && from.id === '' ? wrapped(node(child), edgesIn(child.id), direction) : node(child),
    )
    const edges = separate && parents.get(from.id) === '' ? [] : edgesIn(from.id)
    return { id: nodeKey(from.id), layoutOptions: options, children, edges }
  }
  const canvas = wrapped(node(chart.root), edgesIn('canvas'), direction)
  return {
    ...canvas,
    id: 'canvas',
    layoutOptions: {
      ...canvas.layoutOptions,
      'elk.hierarchyHandling': separate ? 'SEPARATE_CHILDREN' : 'INCLUDE_CHILDREN',
      'elk.padding': padding(1, 1),
      'elk.json.edgeCoords': 'ROOT',
      'elk.json.shapeCoords': 'ROOT',
    },
  }
}

export const wrapperKey = (id: string): string => `around ${nodeKey(id)}`

/** ELK can draw an edge from a state into itself only where the state is not the outermost of its layout. */
const wrapped = (node: ElkNode, edges: ElkExtendedEdge[], direction: Direction): ElkNode => ({
  id: `around ${node.id}`,
  layoutOptions: {
    ...layered(direction),
    'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
    'elk.padding': padding(0, 0),
  },
  children: [node],
  edges,
})

/** True when each region of a parallel root can be laid out by itself. */
const regionsAreSeparate = ({ root, edges }: Chart): boolean =>
  root.kind === 'parallel' &&
  edges.every(({ source, target }) =>
    root.children.some(({ id }) => isWithin(source, id) && isWithin(target, id)),
  )

function parentsOf(
  node: ChartNode,
  parent: string | undefined,
  parents: Map<string, string | undefined>,
): ReadonlyMap<string, string | undefined> {
  parents.set(node.id, parent)
  for (const child of node.children) parentsOf(child, node.id, parents)
  return parents
}

/** ELK routes an edge inside the smallest state that holds both of its ends. */
function containerOf(
  { source, target }: ChartEdge,
  parents: ReadonlyMap<string, string | undefined>,
): string {
  let container = source === target ? parents.get(source) : source
  while (container !== undefined && !isWithin(target, container)) container = parents.get(container)
  return container ?? 'canvas'
}

/**
 * True for an edge that returns to where its surroundings begin.
 *
 * ELK gets it turned around, so that the initial state is the first also where ELK's own search would start
 * elsewhere; its layer constraints, meant for that, throw as soon as an edge crosses a border.
 */
export function leadsBack({ source, target, labels }: ChartEdge, { edges }: Chart): boolean {
  if (labels.length === 0) return false
  const isInitial = edges.some((edge) => edge.target === target && edge.labels.length === 0)
  const parent = target.split('.').slice(0, -1).join('.')
  return isInitial && source !== parent && isWithin(source, parent) && !isWithin(source, target)
}

function edgeOf(edge: ChartEdge, back: boolean): ElkExtendedEdge {
  const lines = edgeLines(edge)
  const label = { id: `label ${edge.id}`, text: lines.join('\n'), ...edgeLabelExtent(lines) }
  return {
    id: edgeKey(edge.id),
    sources: [nodeKey(back ? edge.target : edge.source)],
    targets: [nodeKey(back ? edge.source : edge.target)],
    labels: lines.length === 0 ? [] : [label],
  }
}

type Options = Readonly<Record<string, string>>

function optionsOf(node: ChartNode, separate: boolean, direction: Direction): Options {
  const frame = {
    'elk.padding': padding(size.title + 8, 18),
    'elk.nodeSize.constraints': 'MINIMUM_SIZE',
    'elk.nodeSize.minimum': `(${titleWidth(node.label)}, 60)`,
  }
  if (!separate || node.id !== '') return { ...layered(direction), ...frame }
  return {
    'elk.algorithm': 'rectpacking',
    'elk.hierarchyHandling': 'SEPARATE_CHILDREN',
    'elk.aspectRatio': direction === 'RIGHT' ? '3' : '0.4',
    'elk.spacing.nodeNode': '16',
    'elk.rectpacking.whiteSpaceElimination.strategy': 'EQUAL_BETWEEN_STRUCTURES',
    ...frame,
  }
}

/** DEPTH_FIRST keeps the initial state first; the model-order strategies put it last or throw. */
const layered = (direction: Direction): Options => ({
  'elk.algorithm': 'layered',
  'elk.direction': direction,
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.layered.cycleBreaking.strategy': 'DEPTH_FIRST',
  // The first draws straighter lines, the second keeps a column of states narrow.
  'elk.layered.nodePlacement.strategy': direction === 'RIGHT' ? 'BRANDES_KOEPF' : 'NETWORK_SIMPLEX',
  'elk.spacing.nodeNode': '26',
  'elk.spacing.edgeNode': '16',
  'elk.spacing.edgeEdge': '12',
  'elk.spacing.edgeLabel': '4',
  'elk.spacing.nodeSelfLoop': '12',
  'elk.layered.spacing.nodeNodeBetweenLayers': '30',
  'elk.layered.spacing.edgeNodeBetweenLayers': '14',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '12',
})

const padding = (top: number, sides: number): string =>
  `[top=${top},left=${sides},bottom=${sides},right=${sides}]`
