import { path } from '../../ui/address.ts'
import { html, type Html, nothing } from '../../ui/html.ts'
import { clock } from '../../ui/time.ts'
import { words } from '../../ui/chip.ts'
import type { JournalItem } from '../api/journal-item.ts'

type Table = {
  readonly items: readonly JournalItem[]
  /** What a host is called, where rows of several stand together. */
  readonly nameOfHost?: (hostId: string) => string
}

/** What happened, newest first; a day's name stands above its first row. */
export function journalTable({ items, nameOfHost }: Table): Html {
  if (items.length === 0) return html`<p class="quiet">Nothing has happened yet.</p>`
  const days = Map.groupBy(items, ({ at }) => at.slice(0, 10))
  return html`<div class="scroll">
    <table class="journal">
      <thead class="unseen">
        <tr>
          <th scope="col">Time (UTC)</th>
          ${nameOfHost && html`<th scope="col">Host</th>`}
          <th scope="col">What happened</th>
          <th scope="col">Change</th>
          <th scope="col">By</th>
        </tr>
      </thead>
      ${[...days].map(
        ([day, rows]) =>
          html`<tbody>
            <tr class="day">
              <th scope="rowgroup" colspan="${nameOfHost ? 5 : 4}">${day}</th>
            </tr>
            ${rows.map((item) => row(item, nameOfHost))}
          </tbody>`,
      )}
    </table>
  </div>`
}

const row = (item: JournalItem, nameOfHost: Table['nameOfHost']): Html =>
  html`<tr id="seq-${item.seq}">
    <td class="time"><a href="#seq-${item.seq}">${clock(item.at)}</a></td>
    ${nameOfHost && html`<td>${whose(item, nameOfHost)}</td>`}
    <td class="what">${subject(item)}</td>
    <td>${change(item)}</td>
    <td class="quiet">${byWhom(item)}</td>
  </tr>`

/** A link for everybody, or a certificate nobody used yet, is no host's. */
const whose = ({ host_id }: JournalItem, nameOfHost: (hostId: string) => string): Html =>
  host_id === ''
    ? html`<span class="quiet">no host</span>`
    : html`<a href="${path('hosts', host_id)}">${nameOfHost(host_id)}</a>`

const subject = ({ actor, command_uuid = actor, event }: JournalItem): Html =>
  actor === 'host'
    ? html`<span class="event">${event}</span>`
    : html`<span class="event">${event}</span>
        <a class="mono small" href="${path('commands', actor)}">${command_uuid.slice(-8)}</a>`

function change({ from, to, detail, actor }: JournalItem): Html {
  if (to === null) return detail === null ? nothing : details(detail)
  const [region, before] = actor === 'host' ? parted(from) : ['', from]
  const [, after] = actor === 'host' ? parted(to) : ['', to]
  return html`<span class="quiet">${region} ${before === null ? 'new' : words(before)}</span> →
    <strong>${words(after ?? '')}</strong>`
}

/** `mdm.enrolled.ready` as region and state. */
const parted = (state: string | null): readonly [string, string | null] =>
  state === null
    ? ['', null]
    : [state.slice(0, state.indexOf('.')), state.slice(state.indexOf('.') + 1)]

/** A note's few words, one after the other; what it says nothing of is left out. */
function details(detail: unknown): Html {
  const entries = typeof detail === 'object' && detail !== null ? Object.entries(detail) : []
  const said = entries.filter(([, value]) => value !== null)
  return html`<span class="small"
    >${said.map(
      ([key, value]) => html`<span class="quiet">${words(key)}</span> ${String(value)} `,
    )}</span
  >`
}

/** An operator by name; the rest by kind, with the channel or alarm on hover. */
const byWhom = ({ cause, cause_id }: JournalItem): Html =>
  cause === 'operator'
    ? html`${cause_id ?? 'operator'}`
    : html`<span title="${cause_id ?? ''}">${cause}</span>`
