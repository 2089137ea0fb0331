// Other programs that are told what happens: which there are, and how it goes.
import { ok, type Result } from '../../result.ts'
import { path } from '../../ui/address.ts'
import { chip } from '../../ui/chip.ts'
import { html, type Html, nothing } from '../../ui/html.ts'
import { count } from '../../ui/paging.ts'
import { ago } from '../../ui/time.ts'
import type { WebhookItem } from '../api/webhook-item.ts'
import type { List } from './answers.ts'
import type { Refused } from './api-client.ts'
import { viewers } from './settings-page.ts'
import { type Answered, refusedNotice, type Visit } from './visit.ts'

type Made = { readonly name: string; readonly secret: string }
type Shown = { readonly made?: Made; readonly refused?: Refused }

export async function webhooksPage(visit: Visit, { made, refused }: Shown = {}): Answered {
  if (!visit.mayChange)
    return ok({
      kind: 'page',
      title: 'Webhooks',
      content: html`<h1>Webhooks</h1>
        ${viewers}`,
    })
  const list = await visit.api.get<List<WebhookItem>>('/webhooks')
  if (!list.ok) return list
  const { items } = list.value
  const content = html`<h1>Webhooks <span class="count">${count(items.length)}</span></h1>
    ${refusedNotice(refused)} ${made && madeNotice(made)}
    <section class="panel">
      ${items.length === 0 ? none : table(visit, items)} ${createForm}
    </section>`
  return ok({
    kind: 'page',
    title: 'Webhooks',
    content,
    ...(refused && { status: refused.status }),
  })
}

const none = html`<div class="empty">
  <h2>Nobody is told yet</h2>
  <p>
    Name a program below, and it hears of every change: enrolments, commands, conflicts. Deliveries
    are signed, kept until they are taken, and in the order of each host.
  </p>
</div>`

const madeNotice = ({ name, secret }: Made): Html =>
  html`<div class="notice good" role="status">
    <p><strong>${name}</strong> was created. Copy its secret now: it is shown this once.</p>
    <p><code class="secret" data-copy>${secret}</code></p>
  </div>`

const table = ({ now }: Visit, items: readonly WebhookItem[]): Html =>
  html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Kind</th>
          <th scope="col">State</th>
          <th scope="col">Waiting</th>
          <th scope="col">Last</th>
          <th scope="col">When</th>
        </tr>
      </thead>
      <tbody>
        ${items.map(
          (item) =>
            html`<tr>
              <th scope="row">
                <a href="${path('settings', 'webhooks', item.id)}">${item.name}</a>
              </th>
              <td>${kinds[item.kind]}</td>
              <td>${standing(item)}</td>
              <td>${count(item.waiting)}</td>
              <td>${chip(item.last?.state ?? null)}</td>
              <td class="time">${ago(item.last?.finished_at ?? null, now)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`

const kinds = { standard: 'Standard Webhooks', nanomdm: 'NanoMDM' } as const

/** On or off, and why where somebody else decided that. */
export const standing = ({ enabled, disabled_reason }: WebhookItem): Html =>
  html`${chip(enabled ? 'on' : 'off')}
  ${disabled_reason === null ? nothing : html`<span class="quiet">${disabled_reason}</span>`}`

const createForm = html`<form method="post" action="/settings/webhooks" class="row">
  <label>Name <input name="name" required maxlength="100" autocomplete="off" /></label>
  <label>
    Address
    <input name="url" type="url" required maxlength="2048" placeholder="https://" />
  </label>
  <label>
    Kind
    <select name="kind">
      <option value="standard">Standard Webhooks: what happens, no secrets</option>
      <option value="nanomdm">NanoMDM: MDM messages whole, tokens and keys included</option>
    </select>
  </label>
  <label>
    Events
    <input name="topics" autocomplete="off" placeholder="all, or mdm.*, osquery.enroll" />
  </label>
  <button>Create webhook</button>
</form>`

export async function createWebhook(visit: Visit, fields: URLSearchParams): Answered {
  const topics = (fields.get('topics') ?? '').split(/[\s,]+/).filter((topic) => topic !== '')
  const body = {
    name: fields.get('name') ?? '',
    url: fields.get('url') ?? '',
    kind: fields.get('kind') ?? '',
    topics,
  }
  const made: Result<Made, Refused> = await visit.api.post('/webhooks', body)
  return webhooksPage(visit, made.ok ? { made: made.value } : { refused: made.error })
}
