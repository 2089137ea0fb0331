import { type Figure, isMet, type Target } from './figure.ts'

/** The figures as a Markdown table, so that it can be pasted where figures are kept. */
export function tableOf(figures: readonly Figure[]): string {
  const rows = [
    ['', 'measured', 'beside', 'ratio', 'target', ''],
    ...figures.map((figure) => [
      figure.what,
      number(figure.value, figure.unit),
      figure.yardstick === undefined
        ? ''
        : `${number(figure.yardstick.value, figure.unit)} ${figure.yardstick.what}`,
      figure.yardstick === undefined ? '' : percent(figure.yardstick.ratio),
      figure.target === undefined ? '' : targetText(figure.target, figure.unit),
      verdict(figure),
    ]),
  ]
  const widths = [0, 1, 2, 3, 4, 5].map((column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const [head = [], ...body] = rows
  const rule = widths.map((width) => '-'.repeat(width))
  return [line(head), line(rule), ...body.map(line)].join('\n')
}

function number(value: number, unit: string): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2
  const text = value.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
  return unit.startsWith('/') ? `${text}${unit}` : `${text} ${unit}`.trim()
}

const percent = (ratio: number): string => `${(ratio * 100).toFixed(0)} %`

function targetText({ kind, value }: Target, unit: string): string {
  const sign = kind.endsWith('at-most') ? '≤' : '≥'
  if (kind.startsWith('ratio')) return `${sign} ${percent(value)}`
  return `${sign} ${value.toLocaleString('en-US')}${unit.startsWith('/') ? '' : ' '}${unit}`
}

function verdict(figure: Figure): string {
  const met = isMet(figure)
  return met === undefined ? '' : met ? 'met' : 'missed'
}
