import { path } from '../../ui/address.ts'
import { html, type Html } from '../../ui/html.ts'
import type { Candidate, HostCandidate, Refused } from './api-client.ts'

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
      ${candidates.map((candidate) => html`<li>${linkTo(candidate)}</li>`)}
    </ul>`

const linkTo = (candidate: Candidate): Html =>
  'command_uuid' in candidate
    ? html`<a href="${path('commands', candidate.id)}">${candidate.request_type}</a>
        <span class="quiet">${candidate.state}, ${candidate.channel}</span>`
    : html`<a href="${path('hosts', candidate.id)}">${nameOf(candidate)}</a>
        <span class="quiet">${candidate.serial ?? ''}</span>`

const nameOf = ({ id, hostname, serial, uuid }: HostCandidate): string =>
  hostname ?? serial ?? uuid ?? id
