import { ageText } from './age.ts'
import type { Paint } from './colour.ts'
import { at, isList, isObject, type Json, jsonText } from './json.ts'
import { harmless } from './safe-text.ts'
import type { Cell } from './table.ts'

/** A column of a table, or a line of a card. */
export type Column = {
  readonly title: string
  /** Dotted paths into the item; the first that has a value is shown. */
  readonly at: readonly string[]
  /** `age` counts from now in tables and is the time itself where there is room. */
  readonly show?: 'state' | 'age'
  /** Only with `-o wide` and on cards. */
  readonly wide?: true
}

export type Showing = {
  readonly paint: Paint
  readonly now: number
  /** Times as they are instead of ages. */
  readonly exact: boolean
}

/** `title: path|other path`, with a `~` for a state, `@` for a time and a leading `+` for wide only. */
export const columnsOf = (...specs: readonly string[]): readonly Column[] =>
  specs.map((spec) => {
    const {
      wide,
      title = '',
      show,
      paths = '',
    } = /^(?<wide>\+)?(?<title>[^:]+): (?<show>[~@])?(?<paths>.+)$/.exec(spec)?.groups ?? {}
    return {
      title,
      at: paths.split('|'),
      ...(show !== undefined && { show: show === '~' ? 'state' : 'age' }),
      ...(wide !== undefined && { wide: true }),
    }
  })

export const titlesOf = (columns: readonly Column[]): readonly string[] =>
  columns.map(({ title }) => title)

export const visible = (columns: readonly Column[], wide: boolean): readonly Column[] =>
  wide ? columns : columns.filter((column) => column.wide !== true)

export function cellOf(column: Column, item: Json, { paint, now, exact }: Showing): Cell {
  const value = column.at
    .map((path) => at(item, path))
    .find((one) => one !== undefined && one !== null && one !== '')
  const text = harmless(valueText(value))
  if (column.show === 'state') return { text, dress: paint.state }
  return { text: column.show === 'age' && !exact ? ageText(text, now) : text }
}

function valueText(value: Json | undefined): string {
  if (value === undefined || value === null) return '-'
  if (typeof value === 'string') return value
  if (isList(value) && value.every((one) => typeof one === 'string')) return value.join(', ') || '-'
  if (isObject(value) && Object.values(value).every((one) => typeof one === 'number'))
    return countsText(value) || '-'
  return jsonText(value, 0)
}

/** `enrolled 14, unenrolled 11`: counts are read, not parsed. */
const countsText = (counts: Readonly<Record<string, Json>>): string =>
  Object.entries(counts)
    .map(([word, count]) => `${word} ${jsonText(count, 0)}`)
    .join(', ')
