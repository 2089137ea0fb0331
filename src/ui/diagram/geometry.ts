import type { ElkNode } from 'elkjs'
import type { Chart, ChartNode } from './chart.ts'
import { edgeKey, leadsBack, nodeKey, wrapperKey } from './graph.ts'
import type { Direction } from './graph.ts'

export type Point = { readonly x: number; readonly y: number }
export type Box = Point & { readonly width: number; readonly height: number }

/** Where an edge runs: corner points from its source's border to its target's, and where its words stand. */
export type Route = { readonly points: readonly Point[]; readonly label?: Box }

/** Where everything of a chart is, in SVG user units from the top left. JSON throughout. */
export type Geometry = {
  readonly direction: Direction
  readonly width: number
  readonly height: number
  readonly nodes: Readonly<Record<string, Box>>
  readonly edges: Readonly<Record<string, Route>>
}

/** Reads what ELK answered to `graphOf(chart, direction)`. Throws when a state or edge of the chart is missing. */
export function geometryOf(chart: Chart, direction: Direction, canvas: ElkNode): Geometry {
  const nodes = new Map<string, Box>()
  const routes = new Map<string, Route>()
  gather(canvas, nodes, routes)
  growRegions(chart, nodes, routes)
  return {
    direction,
    width: Math.ceil(canvas.width ?? 0),
    height: Math.ceil(canvas.height ?? 0),
    nodes: Object.fromEntries(
      idsOf(chart.root).map((id) => [id, found(nodes.get(nodeKey(id)), id)]),
    ),
    edges: Object.fromEntries(
      chart.edges.map((edge) => {
        const route = found(routes.get(edgeKey(edge.id)), edge.id)
        return [edge.id, leadsBack(edge, chart) ? turned(route) : route]
      }),
    ),
  }
}

const idsOf = ({ id, children }: ChartNode): readonly string[] => [id, ...children.flatMap(idsOf)]

/** Regions of their own layout stand in wrappers, which ELK stretched to even rows. */
function growRegions(
  chart: Chart,
  nodes: Map<string, Box>,
  routes: ReadonlyMap<string, Route>,
): void {
  for (const { id } of chart.root.children) {
    const outer = nodes.get(wrapperKey(id))
    const inner = nodes.get(nodeKey(id))
    if (outer === undefined || inner === undefined) continue
    const own = chart.edges.filter(({ source, target }) => source === id || target === id)
    const ends = own.flatMap((edge) => endsOf(routes.get(edgeKey(edge.id))))
    nodes.set(nodeKey(id), grown(inner, outer, ends))
  }
}

const endsOf = (route: Route | undefined): readonly Point[] =>
  route === undefined ? [] : [...route.points.slice(0, 1), ...route.points.slice(-1)]

/** A region takes the room its row left, except on a side where a line ends on its border. */
function grown(inner: Box, outer: Box, ends: readonly Point[]): Box {
  const right = inner.x + inner.width
  const bottom = inner.y + inner.height
  const fixedRight = ends.some(({ x }) => Math.abs(x - right) < 1)
  const fixedBottom = ends.some(({ y }) => Math.abs(y - bottom) < 1)
  return {
    ...inner,
    width: fixedRight ? inner.width : Math.max(inner.width, tenth(outer.x + outer.width - inner.x)),
    height: fixedBottom
      ? inner.height
      : Math.max(inner.height, tenth(outer.y + outer.height - inner.y)),
  }
}

const turned = (route: Route): Route => ({ ...route, points: route.points.toReversed() })

function found<Value>(value: Value | undefined, id: string): Value {
  if (value === undefined) throw new Error(`the layout lost ${id}`)
  return value
}

function gather(node: ElkNode, nodes: Map<string, Box>, routes: Map<string, Route>): void {
  nodes.set(node.id, boxOf(node))
  for (const child of node.children ?? []) gather(child, nodes, routes)
  for (const { id, sections, labels } of node.edges ?? []) {
    // An edge between two single states has one section; more would mean a hyperedge, which no chart holds.
    const section = sections?.[0]
    if (section === undefined) continue
    const points = [section.startPoint, ...(section.bendPoints ?? []), section.endPoint].map(
      rounded,
    )
    const label = labels?.[0]
    routes.set(id, label === undefined ? { points } : { points, label: boxOf(label) })
  }
}

type Shape = {
  readonly x?: number
  readonly y?: number
  readonly width?: number
  readonly height?: number
}

const boxOf = ({ x = 0, y = 0, width = 0, height = 0 }: Shape): Box => ({
  ...rounded({ x, y }),
  width: tenth(width),
  height: tenth(height),
})

/** A tenth of a pixel is finer than anyone sees, and keeps the drawing small. */
const tenth = (value: number): number => Math.round(value * 10) / 10
const rounded = ({ x, y }: Point): Point => ({ x: tenth(x), y: tenth(y) })
