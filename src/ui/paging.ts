import { nextPage, previousPage } from './address.ts'
import { html, type Html, nothing } from './html.ts'

type Page = {
  readonly shown: number
  readonly total: number | null
  readonly next: string | null
  readonly damaged?: readonly string[] | undefined
}

/** What is missing of this page, how many there are, and the ways to the pages before and after. */
export const paging = (url: URL, page: Page): Html => html`${missing(page)}${ways(url, page)}`

/** Whoever reads a list must know that it is not whole. */
const missing = ({ damaged = [] }: Page): Html =>
  damaged.length === 0
    ? nothing
    : html`<div class="notice bad" role="status">
        Not shown, since the database is damaged there: ${damaged.join(', ')}. Stop the server and
        let
        <code>muster check</code> name all that is damaged.
      </div>`

function ways(url: URL, { shown, total, next }: Page): Html {
  const before = previousPage(url)
  if (before === undefined && next === null) return nothing
  const of = total === null || total === shown ? '' : ` of ${count(total)}`
  return html`<nav class="paging" aria-label="Pages">
    ${
      before === undefined
        ? html`<span class="button" aria-disabled="true">← Previous</span>`
        : html`<a class="button" rel="prev" href="${before}">← Previous</a>`
    }
    <span class="quiet">${count(shown)}${of}</span>
    ${
      next === null
        ? html`<span class="button" aria-disabled="true">Next →</span>`
        : html`<a class="button" rel="next" href="${nextPage(url, next)}">Next →</a>`
    }
  </nav>`
}

/** `45,000`: digits in threes. */
export const count = (number: number): string => number.toLocaleString('en')
