import { nextPage, previousPage } from './address.ts'
import { html, type Html, nothing } from './html.ts'

type Page = { readonly shown: number; readonly total: number | null; readonly next: string | null }

/** How many there are, and the ways to the pages before and after. */
export function paging(url: URL, { shown, total, next }: Page): Html {
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
