// One webhook: what it was told, what waits, and what can be done about it.
import { ok } from '../../result.ts'
import { path } from '../../ui/address.ts'
import { chip } from '../../ui/chip.ts'
import { html, type Html, nothing } from '../../ui/html.ts'
import { count, paging } from '../../ui/paging.ts'
import { ago } from '../../ui/time.ts'
import type { DeliveryItem, WebhookItem } from '../api/webhook-item.ts'
import type { List } from './answers.ts'
import type { Refused } from './api-client.ts'
import { type Answered, refusedNotice, type Visit } from './visit.ts'
import { standing } from './webhooks-page.ts'

const rows = 25

type Shown = { readonly refused?: Refused; readonly secret?: string }

export async function webhookPage(visit: Visit, { refused, secret }: Shown = {}): Answered {
  const { api, url } = visit
  const id = idOf(visit)
  const query = new URLSearchParams({ limit: String(rows) })
  const cursor = url.searchParams.get('cursor')
  if (cursor !== null) query.set('cursor', cursor)
  const [webhook, log] = await Promise.all([
    api.get<WebhookItem>(path('webhooks', id)),
    api.get<List<DeliveryItem>>(`${path('webhooks', id, 'deliveries')}?${query.toString()}`),
  ])
  if (!webhook.ok) return webhook
  if (!log.ok) return log
  const { items, total, next, damaged } = log.value
  const content = html`<h1>${webhook.value.name}</h1>
    ${refusedNotice(refused)} ${secret !== undefined && secretNotice(secret)}
    <section class="panel">${facts(webhook.value, visit.now)} ${actions(webhook.value)}</section>
    <section class="panel" id="deliveries">
      <h2>Deliveries <span class="count">${count(total ?? 0)}</span></h2>
      ${items.length === 0 ? none : table(visit, items)}
      ${paging(url, { shown: items.length, total, next, damaged })}
    </section>`
  return ok({
    kind: 'page',
    title: webhook.value.name,
    content,
    ...(refused && { status: refused.status }),
  })
}

const idOf = ({ context }: Visit): string => context.req.param('id') ?? ''

const secretNotice = (secret: string): Html =>
  html`<div class="notice good" role="status">
    <p>Copy the new secret now: it is shown this once.</p>
    <p><code class="secret" data-copy>${secret}</code></p>
  </div>`

const none = html`<div class="empty">
  <h2>Nothing was told yet</h2>
  <p>Send a test to see whether it arrives.</p>
</div>`

const facts = (item: WebhookItem, now: number): Html =>
  html`<dl class="described">
    <dt>State</dt>
    <dd>${standing(item)}</dd>
    <dt>Address</dt>
    <dd><code>${item.url}</code></dd>
    <dt>Events</dt>
    <dd>${item.topics.length === 0 ? 'all' : item.topics.join(', ')}</dd>
    <dt>Waiting</dt>
    <dd>${count(item.waiting)}</dd>
    <dt>Created by</dt>
    <dd>${item.created_by}</dd>
    ${
      item.former_secret_until === null
        ? nothing
        : html`<dt>Former secret</dt>
            <dd>signs along; it ends ${ago(item.former_secret_until, now)}</dd>`
    }
  </dl>`

const actions = ({ id, name, kind, enabled }: WebhookItem): Html =>
  html`<div class="row">
    ${enabled ? act(id, 'test', 'Send a test') : nothing}
    ${enabled ? act(id, 'disable', 'Switch off') : act(id, 'enable', 'Switch on')}
    <details class="ask">
      <summary>New secret…</summary>
      <form method="post" action="${path('settings', 'webhooks', id, 'rotate-secret')}">
        ${kind === 'standard' ? graces : html`<p>The receiver has to know it at once.</p>`}
        <button>Make a new secret</button>
      </form>
    </details>
    <details class="ask">
      <summary>Delete…</summary>
      <form method="post" action="${path('settings', 'webhooks', id, 'delete')}">
        <button class="danger" aria-label="Delete ${name}">
          Yes, delete it and all that waits for it
        </button>
      </form>
    </details>
  </div>`

const graces = html`<label>
  The one before signs along for
  <select name="grace_ms">
    <option value="86400000">a day</option>
    <option value="604800000">a week</option>
    <option value="0">no time: it got about</option>
  </select>
</label>`

const act = (id: string, verb: string, label: string): Html =>
  html`<form method="post" action="${path('settings', 'webhooks', id, verb)}">
    <button>${label}</button>
  </form>`

const table = ({ now }: Visit, items: readonly DeliveryItem[]): Html =>
  html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col">Event</th>
          <th scope="col">Host</th>
          <th scope="col">State</th>
          <th scope="col">Tries</th>
          <th scope="col">Answer</th>
          <th scope="col">Created</th>
          <th scope="col"><span class="unseen">Send again</span></th>
        </tr>
      </thead>
      <tbody>
        ${items.map((item) => row(item, now))}
      </tbody>
    </table>
  </div>`

const row = (item: DeliveryItem, now: number): Html =>
  html`<tr>
    <th scope="row">${item.topic}</th>
    <td>
      ${
        item.host_id === null
          ? nothing
          : html`<a href="${path('hosts', item.host_id)}">${item.host_id.slice(-8)}</a>`
      }
    </td>
    <td>${chip(item.state)}</td>
    <td>${count(item.attempts)}</td>
    <td>${item.last_status ?? nothing} <span class="quiet">${item.last_error ?? nothing}</span></td>
    <td class="time">${ago(item.created_at, now)}</td>
    <td>
      ${
        item.state === 'pending'
          ? nothing
          : html`<form
              method="post"
              action="${path('settings', 'webhooks', item.webhook_id, 'replay')}"
            >
              <button name="delivery" value="${item.id}">Send again</button>
            </form>`
      }
    </td>
  </tr>`

const verbs = ['test', 'enable', 'disable', 'replay', 'rotate-secret', 'delete'] as const
export const webhookVerbs: readonly (typeof verbs)[number][] = verbs

/** Does what a button said, then shows the webhook again; after its end, those that are left. */
export async function actOnWebhook(
  visit: Visit,
  fields: URLSearchParams,
  verb: (typeof verbs)[number],
): Answered {
  const { api } = visit
  if (verb === 'rotate-secret') return rotateSecret(visit, fields)
  const at = path('webhooks', idOf(visit))
  const done = await {
    test: async () => api.post(`${at}/test`, {}),
    enable: async () => api.post(at, { enabled: true }),
    disable: async () => api.post(at, { enabled: false }),
    replay: async () =>
      api.post(`${at}${path('deliveries', fields.get('delivery') ?? '', 'replay')}`, {}),
    delete: async () => api.delete(at),
  }[verb]()
  if (!done.ok) return webhookPage(visit, { refused: done.error })
  return ok({
    kind: 'go',
    to: verb === 'delete' ? '/settings/webhooks' : path('settings', 'webhooks', idOf(visit)),
  })
}

/** Shown in the answer itself: an address that led there would show it again. */
async function rotateSecret(visit: Visit, fields: URLSearchParams): Answered {
  const grace = fields.get('grace_ms')
  const at = path('webhooks', idOf(visit), 'rotate-secret')
  const body = grace === null ? {} : { grace_ms: Number(grace) }
  const rotated = await visit.api.post<{ readonly secret: string }>(at, body)
  return webhookPage(
    visit,
    rotated.ok ? { secret: rotated.value.secret } : { refused: rotated.error },
  )
}
