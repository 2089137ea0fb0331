import { path } from '../../ui/address.ts'
import { chip } from '../../ui/chip.ts'
import { html, type Html } from '../../ui/html.ts'
import { ago } from '../../ui/time.ts'
import type { Certificate } from './answers.ts'

type Table = {
  readonly items: readonly Certificate[]
  readonly now: number
  /** Left out where all are of one host. */
  readonly nameOfHost?: (hostId: string) => string
}

export const certificatesTable = ({ items, now, nameOfHost }: Table): Html =>
  html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col">Certificate</th>
          ${nameOfHost && html`<th scope="col">Host</th>`}
          <th scope="col">Status</th>
          <th scope="col">Issued</th>
          <th scope="col">Ends</th>
        </tr>
      </thead>
      <tbody>
        ${items.map((item) => row(item, now, nameOfHost))}
      </tbody>
    </table>
  </div>`

const row = (item: Certificate, now: number, nameOfHost: Table['nameOfHost']): Html =>
  html`<tr>
    <th scope="row">
      <a class="mono" href="${path('enrollment', 'certificates', item.fingerprint)}"
        >${item.fingerprint.slice(0, 12)}</a
      >
    </th>
    ${nameOfHost && html`<td>${whose(item, nameOfHost)}</td>`}
    <td>${chip(item.status)}</td>
    <td class="time">${ago(item.issued_at, now)}</td>
    <td class="time">${ago(item.not_after, now)} ${endsChip(item)}</td>
  </tr>`

/** Only what is in use can be missed. */
const endsChip = ({ status, ends }: Certificate): Html | undefined =>
  status === 'active' && ends !== 'later'
    ? chip(ends === 'past' ? 'expired' : 'ends_soon')
    : undefined

function whose(item: Certificate, nameOfHost: (hostId: string) => string): Html {
  const id = item.host_id ?? item.vouched_host_id
  return id === null
    ? html`<span class="quiet">nobody's yet</span>`
    : html`<a href="${path('hosts', id)}">${nameOfHost(id)}</a>
        ${item.host_id === null ? html`<span class="quiet">not used yet</span>` : ''}`
}
