import { path } from '../../ui/address.ts'
import { html, type Html } from '../../ui/html.ts'
import type { Candidate, Refused } from './api-client.ts'

type Where = { readonly requestId: string; readonly back: string }

/** A page that cannot be shown: what, why, and the way out. */
export const refusedContent = (refused: Refused, { requestId, back }: Where): Html =>
  html`<section class="refused">
    <p class="status">${refused.status}</p>
    <h1>${refused.title}</h1>
    <p>${refused.detail}</p>
    ${refused.candidates && near(refused.candidates)}
    <p><a class="button" href="${wayBack(back)}">Go back</a> <a href="/hosts">All hosts</a></p>
    <p class="quiet">Request <code>${requestId}</code>. The server's log has it under this id.</p>
  </section>`

/** A form's own address is often one that cannot be opened: its parent can. */
const wayBack = (back: string): string =>
  back.replace(/\/(?:send|cancel|delete|resolve|tokens|enroll-secrets)(?:\/.*)?$/, '') || '/hosts'

const near = (candidates: readonly Candidate[]): Html =>
  html`<p>Did you mean</p>
    <ul>
      ${candidates.map(
        ({ id, hostname, serial, uuid }) =>
          html`<li>
            <a href="${path('hosts', id)}">${hostname ?? serial ?? uuid ?? id}</a>
            <span class="quiet">${serial ?? ''}</span>
          </li>`,
      )}
    </ul>`
