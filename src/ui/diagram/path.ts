import type { Point } from './geometry.ts'
import { size } from './measure.ts'

const arrow = { length: 8, half: 4 } as const

/** An orthogonal route as an SVG path with rounded corners. */
export function roundedPath(points: readonly Point[]): string {
  const steps = points.map((point, index) => {
    const before = points[index - 1]
    const after = points[index + 1]
    if (before === undefined) return `M${at(point)}`
    if (after === undefined) return `L${at(point)}`
    // Half a leg at most, so that two corners on a short leg do not cross.
    const radius = Math.min(size.corner, distance(before, point) / 2, distance(point, after) / 2)
    return `L${at(toward(point, before, radius))}Q${at(point)} ${at(toward(point, after, radius))}`
  })
  return steps.join('')
}

/** The arrowhead at a route's end. A path of its own: a `<marker>` is lost when its SVG is hidden. */
export function arrowPath(points: readonly Point[]): string {
  const tip = points.at(-1)
  const before = points.at(-2)
  if (tip === undefined || before === undefined) return ''
  const base = toward(tip, before, arrow.length)
  const side = {
    x: ((tip.y - base.y) / arrow.length) * arrow.half,
    y: ((tip.x - base.x) / arrow.length) * arrow.half,
  }
  const left = { x: base.x - side.x, y: base.y + side.y }
  const right = { x: base.x + side.x, y: base.y - side.y }
  return `M${at(tip)}L${at(left)}L${at(right)}Z`
}

const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y)

function toward(from: Point, to: Point, by: number): Point {
  const length = distance(from, to)
  const share = length === 0 ? 0 : by / length
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share }
}

const at = ({ x, y }: Point): string => `${tenth(x)},${tenth(y)}`
const tenth = (value: number): number => Math.round(value * 10) / 10
