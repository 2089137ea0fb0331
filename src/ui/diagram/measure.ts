import type { ChartEdge, ChartNode } from './chart.ts'
import { textOf } from './label.ts'

/** Sizes in SVG user units (CSS pixels at 100 %). The stylesheet's font sizes are measured here. */
export const size = {
  labelLine: 14,
  corner: 7,
  box: { height: 38, widthMin: 64, sides: 44 },
  /** Above a compound's content: its name and its count. */
  title: 30,
  initial: 8,
  history: 26,
} as const

/** More lines than this on one edge are a paragraph; the text alternative has them all. */
const edgeLinesMax = 6
/** A longer name would push every neighbour off the screen. */
const lineCharsMax = 44
/** Room for `×12.3k`: geometry is laid out once, before anyone has counted. */
const countChars = 7

const labelCharWidth = 6.8
const nameCharWidth = 8
const titleCharWidth = 9

type Extent = { readonly width: number; readonly height: number }

/** The lines written beside an edge. */
export function edgeLines({ labels }: ChartEdge): readonly string[] {
  const lines = labels.map((label) => shorten(textOf(label)))
  return lines.length <= edgeLinesMax
    ? lines
    : [...lines.slice(0, edgeLinesMax - 1), `and ${lines.length - edgeLinesMax + 1} more`]
}

/** How much room an edge's lines and its count take. */
export function edgeLabelExtent(lines: readonly string[]): Extent {
  const widest = Math.max(...lines.map(columns), columns(lines[0] ?? '') + countChars)
  return { width: Math.ceil(widest * labelCharWidth), height: lines.length * size.labelLine }
}

/** How much room a state without inner states takes. */
export function nodeExtent({ kind, label }: ChartNode): Extent {
  if (kind === 'initial') return { width: size.initial, height: size.initial }
  if (kind === 'history') return { width: size.history, height: size.history }
  const width = Math.ceil(columns(shorten(label)) * nameCharWidth) + size.box.sides
  return { width: Math.max(size.box.widthMin, width), height: size.box.height }
}

/** The least width of a compound: its title must fit. */
export const titleWidth = (label: string): number =>
  Math.ceil((columns(shorten(label)) + countChars) * titleCharWidth) + size.box.sides

/** Cuts a name to what the measure allows. */
export function shorten(text: string): string {
  const characters = Array.from(text)
  return characters.length <= lineCharsMax
    ? text
    : `${characters.slice(0, lineCharsMax - 1).join('')}…`
}

/** Width in average characters. The page's font is not known here, so capitals count as those of a wide one. */
const columns = (text: string): number =>
  Array.from(text, columnsOf).reduce((sum, width) => sum + width, 0)

function columnsOf(character: string): number {
  // East Asian characters and emoji fill a square.
  if ((character.codePointAt(0) ?? 0) > 0x2e7f) return 2
  if (/[A-ZmwMW_@%]/.test(character)) return 1.15
  return /[ijlrtfI.,:;|()[\]' ]/.test(character) ? 0.65 : 1
}
