import { cut, pad, widthOf } from './width.ts'

/** A cell: its text, harmless already, and how to dress it once it is measured. */
export type Cell = { readonly text: string; readonly dress?: (text: string) => string }

export type TableOptions = {
  /** What the terminal has; undefined cuts nothing, so that a pipe sees everything. */
  readonly columns: number | undefined
  readonly heading: (text: string) => string
}

/** Two blanks are enough to see columns apart and cost little. */
const gap = '  '
/** Below this a column says nothing, so a narrow terminal wraps instead. */
const columnMin = 8

/** Rows under titles, a line each, the last column unpadded. */
export function table(
  titles: readonly string[],
  rows: readonly (readonly Cell[])[],
  options: TableOptions,
): string {
  const natural = titles.map((title, index) =>
    rows.reduce((most, row) => Math.max(most, widthOf(row[index]?.text ?? '')), widthOf(title)),
  )
  const widths = fit(natural, options.columns)
  const line = (cells: readonly Cell[]): string =>
    cells
      .map(({ text, dress }, index) => {
        const width = widths[index] ?? 0
        const shown = cut(text, width)
        const padded = index === cells.length - 1 ? shown : pad(shown, width)
        return dress ? padded.replace(shown, () => dress(shown)) : padded
      })
      .join(gap)
      .trimEnd()
  const head = line(titles.map((text) => ({ text, dress: options.heading })))
  return [head, ...rows.map(line)].map((text) => `${text}\n`).join('')
}

/** Takes from the widest column until the line fits or nothing more can be taken. */
function fit(natural: readonly number[], columns: number | undefined): readonly number[] {
  if (columns === undefined) return natural
  const widths = [...natural]
  let excess = sum(widths) + gap.length * (widths.length - 1) - columns
  while (excess > 0) {
    const widest = Math.max(...widths)
    if (widest <= columnMin) break
    widths[widths.indexOf(widest)] = widest - 1
    excess -= 1
  }
  return widths
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)
