import { html, type Html, nothing } from '../../ui/html.ts'

/** What is wrong, above every page, until it is not. */
export const pushBanner = (sentences: readonly string[]): Html =>
  sentences.length === 0
    ? nothing
    : html`<div class="notice bad" role="status">
        ${sentences.map((sentence) => html`<p>${sentence}</p>`)}
        <p><a href="/settings/push">Push certificates</a></p>
      </div>`
