// A JSON value as a tree that opens and closes without a script.
import { html, type Html, nothing } from './html.ts'

/** Members shown of one object or array; the raw answer has all of them. */
const membersMax = 500

/** Levels that stand open: what a command asks for and most of what it brings. */
const openLevels = 2

/** Values shown in one tree: a list of a thousand applications has tens of thousands, and is read elsewhere. */
const valuesMax = 5_000

/** Characters shown of one text; profiles and logs run to megabytes. */
const textMax = 2_000

/** The value; `path` of each member is kept for copying. */
export function tree(value: unknown): Html {
  const budget = { left: valuesMax }
  return html`<div class="tree">${members(budget, value, { path: '', depth: 0 })}</div>`
}

type Budget = { left: number }
type Place = { readonly path: string; readonly depth: number }

function members(budget: Budget, value: unknown, place: Place): Html {
  const entries = entriesOf(value)
  if (entries === undefined)
    return html`<ul>
      <li>${leaf(value)}</li>
    </ul>`
  const shown = entries.slice(0, membersMax)
  const items = shown.map(([key, item]) => member(budget, { key, item, within: value }, place))
  const more = entries.length - shown.length
  const rest = more === 0 ? nothing : html`<li class="quiet">and ${more} more</li>`
  return html`<ul>
    ${items}${rest}
  </ul>`
}

type Member = { readonly key: string; readonly item: unknown; readonly within: unknown }

function member(budget: Budget, { key, item, within }: Member, { path, depth }: Place): Html {
  if (budget.left <= 0) return nothing
  budget.left -= 1
  const here = path + step(key, Array.isArray(within))
  const entries = entriesOf(item)
  if (entries === undefined || entries.length === 0)
    return html`<li><span class="key" data-path="${here}">${key}</span> ${leaf(item)}</li>`
  const inner = members(budget, item, { path: here, depth: depth + 1 })
  const size = Array.isArray(item) ? `[${entries.length}]` : `{${entries.length}}`
  const summary = html`<summary>
    <span class="key" data-path="${here}">${key}</span> <span class="quiet">${size}</span>
  </summary>`
  return depth < openLevels && entries.length <= 50
    ? html`<li><details open>${summary}${inner}</details></li>`
    : html`<li><details>${summary}${inner}</details></li>`
}

const entriesOf = (value: unknown): readonly (readonly [string, unknown])[] | undefined =>
  typeof value === 'object' && value !== null ? Object.entries(value) : undefined

/** As jq writes it. */
function step(key: string, isIndex: boolean): string {
  if (isIndex) return `[${key}]`
  return /^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
}

function leaf(value: unknown): Html {
  if (typeof value === 'string') {
    const cut = value.length > textMax
    return html`<span class="text">${cut ? value.slice(0, textMax) : value}</span>${
        cut && html`<span class="quiet"> … ${value.length} characters</span>`
      }`
  }
  if (typeof value === 'object' && value !== null)
    return html`<span class="quiet">${Array.isArray(value) ? 'empty list' : 'empty'}</span>`
  return html`<span class="atom">${String(value)}</span>`
}
