// Filters as links: each says how many hosts it would leave, and is one click to set or to take away.
import { chosenOf, toggled, withQuery } from '../../ui/address.ts'
import { words } from '../../ui/chip.ts'
import { html, type Html, nothing } from '../../ui/html.ts'
import { count } from '../../ui/paging.ts'
import type { Facet, Summary } from './answers.ts'

const titles = [
  ['status', 'Management'],
  ['mdm', 'MDM'],
  ['dep', 'Apple device list'],
  ['osquery', 'osquery'],
  ['presence', 'Presence'],
  ['platform', 'Platform'],
] as const satisfies readonly (readonly [Facet, string])[]

export const filterNames: readonly Facet[] = titles.map(([name]) => name)

export const facets = (url: URL, summary: Summary): readonly Html[] =>
  titles.map(([name, title]) => facet(url, { name, title, counts: summary[name] }))

type Counted = {
  readonly name: Facet
  readonly title: string
  readonly counts: Readonly<Record<string, number>>
}

/** Platforms shown: a device may say anything here. */
const valuesMax = 16

function facet(url: URL, { name, title, counts }: Counted): Html {
  const chosen = chosenOf(url, name)
  const values = withParents(counts)
    .filter(([value, number]) => number > 0 || chosen.includes(value))
    .slice(0, valuesMax)
  if (values.length === 0) return nothing
  const items = values.map(([value, number]) => {
    const isChosen = chosen.includes(value)
    return html`<li>
      <a
        href="${toggled(url, name, value)}"
        aria-current="${isChosen ? 'true' : 'false'}"
        class="${value.includes('.') ? 'inner' : 'outer'}"
      >
        <span>${facetWords(name, value)}</span> <span class="number">${count(number)}</span>
      </a>
    </li>`
  })
  return html`<section class="facet">
    <h2>${title}</h2>
    <ul>
      ${items}
    </ul>
  </section>`
}

/** `enrolled.ready` is also `enrolled`: a filter on the parent finds both. */
function withParents(
  counts: Readonly<Record<string, number>>,
): readonly (readonly [string, number])[] {
  const sums = new Map<string, number>()
  for (const [value, number] of Object.entries(counts)) {
    const [parent = value] = value.split('.', 1)
    if (parent !== value) sums.set(parent, (sums.get(parent) ?? 0) + number)
    sums.set(value, number)
  }
  return [...sums].toSorted(([a], [b]) => (a < b ? -1 : 1))
}

const facetWords = (name: Facet, value: string): string => {
  if (value === 'none') return name === 'platform' ? 'not known' : 'does not apply'
  if (name === 'platform') return value
  return value.includes('.')
    ? value.slice(value.indexOf('.') + 1).replaceAll('_', ' ')
    : words(value)
}

/** What is filtered by now, each with a link that takes it away. */
export function chosenFilters(url: URL): Html {
  const one = (name: string, value: string): Html => {
    const isLeftOut = value.startsWith('!')
    const word = words(value.replace(/^!/, ''))
    return html`<a class="chosen" href="${toggled(url, name, value)}" title="Remove this filter">
      <span class="quiet">${name}</span> ${isLeftOut ? 'not ' : ''}${word}
      <span aria-hidden="true">×</span>
    </a>`
  }
  const filters = [...filterNames, 'lifecycle'].flatMap((name) =>
    chosenOf(url, name).map((value) => one(name, value)),
  )
  const q = url.searchParams.get('q')
  if (q)
    filters.push(
      html`<a class="chosen" href="${withQuery(url, { q: null })}" title="Remove this search">
        <span class="quiet">begins with</span> ${q} <span aria-hidden="true">×</span>
      </a>`,
    )
  if (filters.length === 0) return nothing
  return html`<p class="filters">${filters} <a href="/hosts">Clear all</a></p>`
}
