// Contradictions about who is who: what was seen, and the choices an operator has.
import { ok } from '../../result.ts'
import { path } from '../../ui/address.ts'
import { words } from '../../ui/chip.ts'
import { html, type Html, nothing } from '../../ui/html.ts'
import { count, paging } from '../../ui/paging.ts'
import { ago } from '../../ui/time.ts'
import type { Conflict, List } from './answers.ts'
import type { PagesDeps } from './deps.ts'
import { nameOf } from './hosts-table.ts'
import type { Answered, Visit } from './visit.ts'

const rows = 25

export async function conflictsPage(deps: PagesDeps, visit: Visit): Answered {
  const { url, api } = visit
  const open = url.searchParams.get('open') === 'false' ? 'false' : 'true'
  const query = new URLSearchParams({ limit: String(rows), open })
  const cursor = url.searchParams.get('cursor')
  if (cursor !== null) query.set('cursor', cursor)
  const list = await api.get<List<Conflict>>(`/conflicts?${query.toString()}`)
  if (!list.ok) return list
  const { items, total, next, damaged } = list.value
  const partyOf = (id: string): Html => party(deps, id)
  const content = html`<h1>Conflicts <span class="count">${count(total ?? 0)}</span></h1>
    <p class="tabs">
      <a href="/conflicts" aria-current="${open === 'true' ? 'true' : 'false'}">Open</a>
      <a href="/conflicts?open=false" aria-current="${open === 'false' ? 'true' : 'false'}"
        >Resolved</a
      >
    </p>
    ${items.length === 0 ? none(open) : items.map((item) => panel(visit, item, partyOf))}
    ${paging(url, { shown: items.length, total, next, damaged })}`
  return ok({ kind: 'page', title: 'Conflicts', content })
}

/** Hosts in conflict often share a name: the serial tells them apart. */
function party({ store }: PagesDeps, id: string): Html {
  const row = store.lookups.host(id)
  return html`<a href="${path('hosts', id)}">${row === undefined ? id : nameOf(row)}</a>
    <span class="mono quiet">${row?.serial ?? ''}</span>`
}

const none = (open: string): Html =>
  html`<div class="empty">
    <h2>${open === 'true' ? 'Everybody is who they say they are' : 'Nothing was resolved yet'}</h2>
    <p>
      A conflict opens when two computers claim one serial or UUID, and nothing proves which of them
      is right.
    </p>
  </div>`

function panel(visit: Visit, conflict: Conflict, partyOf: (id: string) => Html): Html {
  const { kind, claim, detail, others, host_id, opened_at, resolved_at, resolution } = conflict
  return html`<section class="panel conflict" id="${conflict.id}">
    <div class="head">
      <h2>${words(kind.replaceAll('-', ' '))}</h2>
      <span class="quiet">opened ${ago(opened_at, visit.now)}</span>
    </div>
    <p>${detail.sentence ?? ''}</p>
    <dl class="standing">
      ${
        claim &&
        html`<div>
          <dt>Claim</dt>
          <dd>${words(claim.kind)} <span class="mono">${claim.value ?? ''}</span></dd>
        </div>`
      }
      <div>
        <dt>Hosts</dt>
        <dd>
          <ul class="list">
            ${[host_id, ...others].map((id) => html`<li>${partyOf(id)}</li>`)}
          </ul>
        </dd>
      </div>
      ${seen(detail.seen ?? [])}
    </dl>
    ${
      resolved_at === null
        ? choices(visit, conflict)
        : html`<p class="quiet">
            Resolved ${ago(resolved_at, visit.now)}: ${words(resolution ?? '')}
          </p>`
    }
  </section>`
}

const seen = (claims: readonly { readonly kind: string; readonly value: string }[]): Html =>
  claims.length === 0
    ? nothing
    : html`<div>
        <dt>What was seen</dt>
        <dd>
          <ul class="list">
            ${claims.map(
              ({ kind, value }) => html`<li>${words(kind)} <span class="mono">${value}</span></li>`,
            )}
          </ul>
        </dd>
      </div>`

const meanings: ReadonlyMap<string, string> = new Map([
  ['merge', 'They are one computer: make one host of them'],
  ['confirm-replacement', 'The board was replaced: it is the same computer'],
  ['keep-separate', 'They are different computers: keep them apart'],
  ['dismiss', 'Change nothing and close this'],
])

function choices({ mayChange }: Visit, { id, detail }: Conflict): Html {
  const offered = detail.choices ?? []
  if (!mayChange || offered.length === 0) return nothing
  return html`<form method="post" action="${path('conflicts', id, 'resolve')}" class="choices">
    ${offered.map(
      (choice) =>
        html`<button name="choice" value="${choice}">${words(choice.replaceAll('-', ' '))}</button>
          <span class="quiet">${meanings.get(choice) ?? ''}</span>`,
    )}
  </form>`
}

export async function resolveConflict({ api, context }: Visit, fields: URLSearchParams): Answered {
  const at = path('conflicts', context.req.param('id') ?? '', 'resolve')
  const resolved = await api.post(at, { choice: fields.get('choice') ?? '' })
  return resolved.ok ? ok({ kind: 'go', to: '/conflicts' }) : resolved
}
