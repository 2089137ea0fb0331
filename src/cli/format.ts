import type { Call } from './call.ts'
import { type Paint, paintFor } from './colour.ts'
import { type Column, cellOf, titlesOf, visible } from './column.ts'
import { at, type Json, jsonText } from './json.ts'
import { harmless } from './safe-text.ts'
import { table } from './table.ts'
import { pad, widthOf } from './width.ts'
import { unreachable } from '../result.ts'
import { yaml } from './yaml.ts'

export const formats = ['table', 'wide', 'json', 'yaml', 'ndjson', 'name'] as const
export type Format = (typeof formats)[number]

export const formatOf = (text: string | undefined): Format =>
  formats.find((format) => format === text) ?? 'table'

/** How one kind of thing is shown. */
export type Look = {
  readonly columns: readonly Column[]
  /** Where the word stands that names an item to other commands. */
  readonly name: string
}

type Page = { readonly items: readonly Json[]; readonly envelope: Json }
type Dressing = Pick<Call, 'format' | 'io' | 'env' | 'options'>

const paintOf = ({ io, env, options }: Dressing): Paint =>
  paintFor(io.stdout, env, options.flag('color'))

/** A list in the format asked for. `envelope` is what the API calls it: items, total and next. */
export function listText(dressing: Dressing, look: Look, { items, envelope }: Page): string {
  switch (dressing.format) {
    case 'table':
    case 'wide':
      return tableText(dressing, look, items)
    case 'json':
      return `${jsonText(envelope)}\n`
    case 'yaml':
      return yaml(envelope)
    case 'ndjson':
      return lines(items.map((item) => jsonText(item, 0)))
    case 'name':
      return lines(items.map((item) => nameOf(look, item)))
    default:
      return unreachable(dressing.format)
  }
}

/** One thing in the format asked for: a card where a list has a table. */
export function itemText(dressing: Dressing, look: Look, item: Json): string {
  switch (dressing.format) {
    case 'table':
    case 'wide':
      return cardText(dressing, look, item)
    case 'json':
      return `${jsonText(item)}\n`
    case 'yaml':
      return yaml(item)
    case 'ndjson':
      return lines([jsonText(item, 0)])
    case 'name':
      return lines([nameOf(look, item)])
    default:
      return unreachable(dressing.format)
  }
}

function nameOf({ name }: Look, item: Json): string {
  const value = at(item, name)
  return typeof value === 'string' || typeof value === 'number' ? harmless(String(value)) : ''
}

const lines = (texts: readonly string[]): string => texts.map((text) => `${text}\n`).join('')

export function tableText(dressing: Dressing, look: Look, items: readonly Json[]): string {
  if (items.length === 0) return ''
  const paint = paintOf(dressing)
  const columns = visible(look.columns, dressing.format === 'wide')
  const shown = { paint, now: dressing.io.now(), exact: dressing.format === 'wide' }
  return table(
    titlesOf(columns),
    items.map((item) => columns.map((column) => cellOf(column, item, shown))),
    { columns: dressing.io.stdout.columns, heading: paint.heading },
  )
}

/** Every column, one below the other, with its title. */
function cardText(dressing: Dressing, look: Look, item: Json): string {
  const paint = paintOf(dressing)
  const shown = { paint, now: dressing.io.now(), exact: true }
  const titles = titlesOf(look.columns)
  const width = Math.max(...titles.map(widthOf)) + 2
  return lines(
    look.columns.map((column, index) => {
      const { text, dress } = cellOf(column, item, shown)
      return `${paint.heading(pad(titles[index] ?? '', width))}${dress ? dress(text) : text}`
    }),
  )
}
